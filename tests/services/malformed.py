"""What may a program that has the right to write put into the town, of the types that a service knows? Good and bad.

Whole documents as a client sends them, made after the views of the service: first a good one of each type, whose rows
are named as the service's own code names them, and then some of its attributes spoilt.
"""

import ast
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from hypothesis import strategies as st

from machinami.foundation.instant import format_instant
from machinami.kit.installed import read_manifest
from machinami.model.view import Geometry, Measured, MeasuredList, Point, Ref, Words, attribute_name

VOCABULARY = "machinami.model.vocabulary"
NOON = datetime.fromisoformat("2026-06-30T03:00:00+00:00")
MANY = 3
DAYS = ("2026-04-01", "2026-13-41", "0001-01-01", "9999-12-31", "2026", "2026-06-30T03:00:00Z", "", "昨日")
ODD = ("", " ", "あ" * 4_000, "<b>&\"'", "urn:ngsi-ld:X:1", "-1", "1e999", "\u0000\u200b\ufeff", "x\ny", "ja", "%s{0}")
NUMBERS = (0, 1, -1, 2026, 10**18, 0.5, -0.0, 1e300, 1e-300, 99_999)
Document = dict[str, Any]


@cache
def views_of(package: str) -> tuple[type[Any], ...]:
    """The views by which a service sees the types that its manifest names."""
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        import_module(module.name)  # so that what is made does not hang on what ran before
    import_module(f"{VOCABULARY}.circle")
    manifest = read_manifest(package)
    types = {use.type for use in (*manifest.reads, *manifest.writes)}
    near = [module for name, module in sorted(sys.modules.items()) if name.startswith((package, VOCABULARY))]
    found = {id(view): view for module in near for view in vars(module).values() if isinstance(view, type)}
    return tuple(view for view in found.values() if getattr(view, "TYPE", None) in types and is_dataclass(view))


@cache
def spoken_of(package: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names by which a service's own code looks into rows, and the words that its models know."""
    names, words = set[str](), set[str]()
    sources = [Path(module.__file__) for name, module in list(sys.modules.items())
               if name.startswith((package, VOCABULARY)) and getattr(module, "__file__", None)]  # fmt: skip
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                names.add(str(node.slice.value))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                names |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
            elif isinstance(node, ast.Dict):
                names |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
            elif isinstance(node, ast.Tuple):
                words |= {
                    one.value for one in node.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return tuple(sorted(names)), tuple(sorted(word for word in words if len(word) < 30))


class Maker:
    """Makes values of one service's types, the same ones for the same number."""

    def __init__(self, package: str, number: int) -> None:
        self.by = Random(number)
        self.names, self.words = spoken_of(package)
        self.ids = [f"urn:ngsi-ld:{view.TYPE}:{n}" for view in views_of(package) for n in range(MANY)]

    def text(self) -> str:
        """A text: mostly one that the service knows."""
        kind = self.by.randrange(6)
        return self.by.choice((self.words or ODD, self.words or ODD, DAYS, self.ids, ODD, ("2026-05-01",))[kind])

    def anything(self, deep: int = 3) -> Any:
        """Any JSON, with the names that the service looks for."""
        kind = self.by.randrange(8 if deep else 4)
        if kind in (4, 5):
            return [self.anything(deep - 1) for _ in range(self.by.randrange(4))]
        if kind in (6, 7):
            return {self.by.choice(self.names or ("x",)): self.anything(deep - 1) for _ in range(self.by.randrange(7))}
        return (self.text(), self.by.choice(NUMBERS), self.by.random() < 0.5, self.text())[kind]

    def inside(self, hint: Any) -> Any:
        """A value that an annotation allows."""
        origin, inner = get_origin(hint), [one for one in get_args(hint) if one is not type(None)]
        if origin is Literal:
            return self.by.choice(inner)
        if is_typeddict(hint):
            return {name: self.inside(kind) for name, kind in get_type_hints(hint).items()}
        if origin in (list, tuple):
            return [self.inside(inner[0]) for _ in range(self.by.randrange(4))]
        if origin in (dict, Mapping):
            few = self.by.sample(self.names, min(len(self.names), self.by.randrange(12)))
            return {name: self.inside(inner[1]) for name in few}
        if inner:
            return self.inside(self.by.choice(inner))
        plain = {str: self.text, int: lambda: int(self.by.choice(NUMBERS[:5])), bool: lambda: self.by.random() < 0.5,
                 float: lambda: float(self.by.choice(NUMBERS)), Ref: lambda: self.by.choice(self.ids)}  # fmt: skip
        return plain[hint]() if hint in plain else self.anything()

    def attribute(self, hint: Any) -> Document:
        """A good attribute for a field of a view."""
        options = [one for one in get_args(hint) if one is not type(None)]
        kind = self.by.choice(options) if type(None) in get_args(hint) else hint
        moment = format_instant(NOON - timedelta(days=self.by.randrange(900)))
        if kind is Measured:
            return {"type": "Property", "value": self.by.choice(NUMBERS), "observedAt": moment}
        if kind is MeasuredList:
            return {"type": "ListProperty", "valueList": [1.0, 2.0], "observedAt": moment}
        if kind in (Point, Geometry):
            return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [138.2, 34.99]}}
        if kind is Words:
            return {"type": "LanguageProperty", "languageMap": {"ja": self.text() or "川", "en": self.text() or "x"}}
        if kind is Ref:
            return {"type": "Relationship", "object": self.by.choice(self.ids)}
        if kind is datetime:
            return {"type": "Property", "value": moment}
        if get_origin(kind) in (list, tuple, dict, Mapping) or kind in (list, dict, tuple) or is_typeddict(kind):
            return {"type": "JsonProperty", "json": self.inside(kind)}
        return {"type": "Property", "value": self.inside(kind)}

    def spoilt(self) -> Document | None:
        """An attribute that is what it is; None: it is missing."""
        words: list[Any] = [{}, {"fr": "x"}, {"@none": "x"}, {"ja": ["x", "y"]}, {"ja": ""}, {"en": "あ" * 4_000}]
        place: list[Any] = [
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
            {"type": "Point", "coordinates": []},
            {"type": "Point", "coordinates": [1e9, 99]},
            {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
        ]
        made: tuple[Document | None, ...] = (
            {"type": "Property", "value": self.anything()},
            {"type": "Property", "value": self.text()},
            {"type": "Property", "value": self.by.choice(NUMBERS)},
            {"type": "Property", "value": str(self.by.choice(NUMBERS))},
            {"type": "Property", "value": [self.text(), self.text()]},
            {"type": "JsonProperty", "json": self.anything()},
            {"type": "JsonProperty", "json": [self.anything(), self.anything()]},
            {"type": "JsonProperty", "json": None},
            {"type": "Relationship", "object": self.by.choice([*self.ids, "urn:x:gone", "http://no.where/"])},
            {"type": "Relationship", "object": [self.by.choice(self.ids), "urn:x:gone"]},
            {"type": "LanguageProperty", "languageMap": self.by.choice(words)},
            {"type": "ListProperty", "valueList": [self.anything(), self.text()]},
            {"type": "VocabProperty", "vocab": self.text()},
            {"type": "GeoProperty", "value": self.by.choice(place)},
            {"type": "Property", "value": self.text(), "datasetId": "urn:x:other"},
            {"type": "Property", "value": self.by.choice(DAYS)},
            {"type": "Property", "value": self.by.choice(DAYS), "observedAt": "2026-06-29T00:00:00Z"},
            None,
        )
        return self.by.choice(made)


@cache
def places_of(package: str) -> tuple[tuple[str, int, str], ...]:
    """Where something can be spoilt: type, number and attribute."""
    return tuple(
        (view.TYPE, number, attribute_name(field.name))
        for view in views_of(package) for number in range(MANY) for field in fields(view) if field.name != "id"
    )  # fmt: skip


def good(package: str, number: int) -> dict[str, Document]:
    """Some documents of every type that a service knows, each as its views allow it, by id."""
    found: dict[str, Document] = {}
    maker = Maker(package, number)
    for view in views_of(package):
        hints = get_type_hints(view)
        for which in range(MANY):
            said = {attribute_name(field.name): maker.attribute(hints[field.name])
                    for field in fields(view) if field.name != "id" and maker.by.random() < 0.9}  # fmt: skip
            name = f"urn:ngsi-ld:{view.TYPE}:{which}"
            found[name] = {**found.get(name, {}), "id": name, "type": view.TYPE, **said}
    return found


@st.composite
def towns(draw: st.DrawFn, package: str) -> list[Document]:
    """What stands in a town: of each type some entities, of which some are spoilt."""
    stands = good(package, draw(st.integers(0, 10_000)))
    spoiling = st.tuples(st.sampled_from(places_of(package)), st.integers(0, 10_000))
    for (kind, number, attribute), salt in draw(st.lists(spoiling, min_size=1, max_size=12)):
        document = stands[f"urn:ngsi-ld:{kind}:{number}"]
        spoilt = Maker(package, salt).spoilt()
        if spoilt is None:
            document.pop(attribute, None)
        else:
            document[attribute] = spoilt
    return list(stands.values())
