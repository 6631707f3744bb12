"""How is a trained model kept as text, to be read by a later version or another machine? JSON, never pickle."""

import json
from typing import Any

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.regression import Standard
from machinami.methods.trees import Forest
from machinami.services.flood.logic.features import Scales
from machinami.services.flood.logic.members import Member
from machinami.services.flood.logic.outlook import Outlook, TrainedModel
from machinami.services.flood.logic.record import Column

FORMAT = "machinami-flood-5"


def to_bytes(model: TrainedModel) -> bytes:
    """Return a model as JSON; equal models give equal bytes."""
    document = {
        "format": FORMAT,
        "step": model.step,
        "columns": [[c.name, c.kind, c.ceiling if np.isfinite(c.ceiling) else None] for c in model.columns],
        "scales": [value if np.isfinite(value) else None for value in model.scales],
        "outlooks": [outlook_as_json(outlook) for outlook in model.outlooks],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> TrainedModel:
    """Read a model back; InputError where it is damaged or of another format (then train anew)."""
    try:
        document = json.loads(data)
        if document["format"] != FORMAT:
            raise InputError(f"the model is of format {document['format']!r}, not {FORMAT}; train it anew")
        return TrainedModel(
            int(document["step"]),
            tuple(Column(name, kind, np.inf if top is None else top) for name, kind, top in document["columns"]),
            Scales(*(np.inf if value is None else value for value in document["scales"])),
            tuple(outlook_from_json(outlook) for outlook in document["outlooks"]),
        )
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"the model cannot be read ({error}); train it anew") from None


def outlook_as_json(outlook: Outlook) -> dict[str, Any]:
    """Return one outlook as JSON values."""
    return {
        "hours": outlook.hours,
        "coming": outlook.coming,
        "members": [member_as_json(member) for member in outlook.members],
        "weights": outlook.weights.tolist(),
        "spread": outlook.spread.tolist(),
        "band": outlook.band.tolist(),
        "calm": outlook.calm,
        "carry": outlook.carry.tolist(),
    }


def outlook_from_json(data: dict[str, Any]) -> Outlook:
    """Read one outlook."""
    members = tuple(member_from_json(member) for member in data["members"])
    weights = np.array(data["weights"], dtype=np.float64).reshape(3, len(members))
    return Outlook(
        float(data["hours"]),
        bool(data["coming"]),
        members,
        weights,
        floats(data["spread"]),
        floats(data["band"]),
        float(data["calm"]),
        floats(data["carry"]),
    )


def member_as_json(member: Member) -> dict[str, Any]:
    """Return one member as JSON values; the threshold of a leaf, which has none, is null."""
    forest = member.forest
    trees = None
    if forest is not None:
        thresholds = [[t if np.isfinite(t) else None for t in row] for row in forest.threshold.tolist()]
        rest = {name: getattr(forest, name).tolist() for name in ("column", "left", "right", "value")}
        trees = {"threshold": thresholds, **rest}
    return {
        "name": member.name,
        "scaled_by": member.scaled_by,
        "columns": member.columns.tolist(),
        "mean": member.standard.mean.tolist(),
        "spread": member.standard.spread.tolist(),
        "coefficients": member.coefficients.tolist(),
        "trees": trees,
    }


def member_from_json(data: dict[str, Any]) -> Member:
    """Read one member."""
    trees = data["trees"]
    forest = None
    if trees is not None:
        threshold = np.array([[np.inf if t is None else t for t in row] for row in trees["threshold"]])
        column, left, right = (np.array(trees[name], dtype=np.int64) for name in ("column", "left", "right"))
        forest = Forest(column, threshold, left, right, floats(trees["value"]))
    return Member(
        data["name"],
        data["scaled_by"],
        np.array(data["columns"], dtype=np.int64),
        Standard(floats(data["mean"]), floats(data["spread"])),
        floats(data["coefficients"]),
        forest,
    )


def floats(values: list[Any]) -> Any:
    """Return nested lists as an array of floats."""
    return np.array(values, dtype=np.float64)
