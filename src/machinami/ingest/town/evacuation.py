"""On which streets do people of the simulated town walk, where may the water stand, and who asked to be told?

Invented people alone: nothing is ever sent to them. An officer wrote an order in the evening storm; it waits until
somebody sends it. Nothing of it is made by the rules by which a service finds ways or sends messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from machinami.ingest.town import streets, waters
from machinami.ingest.town.hilltop import hilltop
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.names import DISTRICTS, DistrictRow
from machinami.ingest.town.noise import Floats, generator
from machinami.ingest.town.projection import lonlat
from machinami.ingest.town.terrain import Land
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Words

CHANNEL = 7_741
PEOPLE = 36
WRITTEN = 2.75
"""Hours from the anchor at which the order is written."""
DEEP, SHALLOW = 110.0, 230.0
"""Metres from the river's bed up to which the water may stand deep, and up to which shallower."""
STREETS = 0.08
"""The steepest slope of a street that is built for cars."""
CALLED = (
    ("kiyo", "川田 キヨ（模擬）", "Kiyo Kawada (simulated)", "kawahigashi"),
    ("tome", "新井 トメ（模擬）", "Tome Arai (simulated)", "shinden"),
    ("saburo", "河原 三郎（模擬）", "Saburo Kawahara (simulated)", "kawaramachi"),
)
ASKED = ("kawahigashi", "shinden", "kawaramachi")
WHO, ROLE = "早瀬 守（模擬）", "防災課長"


class Evacuation:
    """The same seed and anchor always give the same streets, people and order."""

    def __init__(self, seed: int, anchor: datetime, land: Land) -> None:
        self._seed = seed
        self._anchor = anchor
        self._land = land

    def places(self, at: datetime) -> list[Reading]:
        """The streets with their heights, the ground that may be flooded, and who asked."""
        found: list[Reading] = []
        for key, lines in self._lines().items():
            found += self._street(key, lines, at)
        for key, wide, depth in (("deep", DEEP, 3.0), ("shallow", SHALLOW, 0.5)):
            zone = identifier("HazardZone", f"hayase-{key}")
            found += thing("HazardZone", zone, at, hazard="flood", depth=depth)
            ring = {"type": "Polygon", "coordinates": [[lonlat(p) for p in self._band(wide).tolist()]]}
            found.append(Reading(zone, "HazardZone", "location", ring, at, None, "GeoProperty"))
        return [*found, *hilltop(self._land, at), *self._people(at)]

    def told(self, start: datetime, end: datetime) -> list[Reading]:
        """What is told in [start, end): the order that waits."""
        at = self._anchor + timedelta(minutes=round(WRITTEN * 60))
        return self._order if start <= at < end else []

    def _lines(self) -> dict[str, list[Floats]]:
        """The pieces of each street that runs across the valley or along it, and of the highway up the valley."""
        grid = streets.lattice(self._land)
        found: dict[str, list[Floats]] = {}
        for way, built, places in (
            ("across", grid.rows_built, grid.places),
            ("along", grid.columns_built.T, grid.places.transpose(1, 0, 2)),
        ):
            for number, line in _pieces(built, places):
                found.setdefault(f"{way}-{number}", []).append(line)
        tops = [line[-1] for key, lines in found.items() if key.startswith("along") for line in lines]
        top = max(tops, key=lambda corner: float(corner[1]))
        highway = streets.trunk(self._land)
        return {**found, "highway": [np.concatenate([top[None, :], highway[highway[:, 1] > top[1] + 40.0]])]}

    def _street(self, key: str, lines: Sequence[Floats], at: datetime) -> Iterator[Reading]:
        street = identifier("Footway", key)
        found = [graded(line, self._land.sample(self._land.height, line)) for line in lines]
        heights = np.round(np.concatenate(found), 1).tolist()
        yield from thing("Footway", street, at, heights=heights, state="open")
        corners = [[lonlat(corner) for corner in line.tolist()] for line in lines]
        place = {"type": "MultiLineString", "coordinates": corners}
        yield Reading(street, "Footway", "location", place, at, None, "GeoProperty")

    def _band(self, wide: float) -> Floats:
        """The ground beside the lower river, as a closed ring."""
        path = self._land.rivers[0].path
        low = path[path[:, 1] < 1900.0]
        reach = 0.5 * waters.bed_width(self._land)[path[:, 1] < 1900.0] + wide
        ring = np.concatenate([waters.beside(low, reach), waters.beside(low, -reach)[::-1]])
        return np.concatenate([ring, ring[:1]])

    def _people(self, at: datetime) -> Iterator[Reading]:
        draws = generator(self._seed, CHANNEL)
        weights = np.array([row.people for row in DISTRICTS], float)
        homes = draws.choice(len(DISTRICTS), PEOPLE, p=weights / weights.sum())
        for number, home in enumerate(homes.tolist()):
            language = ("ja", "ja", "ja", "ja", "easy", "en")[int(draws.integers(0, 6))]
            topics = ["safety", "daily"] if draws.random() < 0.5 else ["safety"]
            yield from thing(
                "MessageSubscriber", identifier("MessageSubscriber", f"resident-{number}"), at, road="simulated",
                language=language, districts=[identifier("District", DISTRICTS[home].key)], topics=topics,
                joinedOn=at.date().isoformat(),
            )  # fmt: skip
        for key, ja, en, home_key in CALLED:
            yield from thing(
                "MessageSubscriber", identifier("MessageSubscriber", key), at, road="call", language="ja",
                districts=[identifier("District", home_key)], topics=["safety"], joinedOn=at.date().isoformat(),
                name=Words(ja=ja, en=en),
            )  # fmt: skip

    @cached_property
    def _order(self) -> list[Reading]:
        """An evacuation order for the low ground, as a drill: what is simulated sets off nothing in earnest."""
        at = self._anchor + timedelta(minutes=round(WRITTEN * 60))
        rows: Sequence[DistrictRow] = [row for row in DISTRICTS if row.key in ASKED]
        ja, en = "、".join(row.ja for row in rows), ", ".join(row.en for row in rows)
        spoken = "、".join(f"[{row.ja}|{row.kana}]" for row in rows)
        order = identifier("TownMessage", "evening-order")
        return list(
            thing(
                "TownMessage", order, at, state="proposed", issuedAt=at, kind="order", status="Exercise",
                template="evacuate", warningLevel=4, districts=[identifier("District", row.key) for row in rows],
                topic="safety", hours=12.0, writtenBy=WHO, role=ROLE, transitions=[],
                event=Words(ja="避難指示", en="Evacuation order", easy="みんな にげる"),
                headline=Words(
                    ja=f"警戒レベル4 避難指示（{ja}）", en=f"Level 4: evacuate now ({en})",
                    easy=f"レベル4 いますぐ にげてください（{ja}）",
                ),
                text=Words(
                    ja=f"早瀬川の水があふれるおそれがあります。{ja}に「避難指示」を発令しました。",
                    en=f"The Hayase may overflow. An evacuation order is in force for {en}.",
                    easy=f"川（かわ）の 水（みず）が あふれそうです。{ja}の 人（ひと）は みんな にげてください。",
                ),
                instruction=Words(
                    ja="危険な所から全員避難してください。外が危ないときは、丈夫な建物の 2 階より上に移ってください。",
                    en="Everybody leave dangerous places now. If the way is dangerous, go up in a strong building.",
                    easy="すぐに にげてください。外（そと）が あぶない ときは、2階（かい）より 上（うえ）へ。",
                ),
                areaName=Words(ja=ja, en=en, easy=ja),
                speech=f"[警戒|けいかい]レベル4。{spoken}の [人|ひと]は、すぐに にげてください。",
            )
        )  # fmt: skip


def graded(line: Floats, heights: Floats) -> Floats:
    """The heights of a street that is built over such ground, with cuttings and banks: nowhere steeper than STREETS,
    midway between the lowest and the highest such street that keeps to one side of the ground."""
    most = STREETS * np.hypot(*np.diff(line, axis=0).T)
    low, high = heights.copy(), heights.copy()
    for steps in (range(1, len(line)), range(len(line) - 2, -1, -1)):
        for step in steps:
            before, up = (step - 1, most[step - 1]) if steps.step > 0 else (step + 1, most[step])
            low[step] = min(low[step], low[before] + up)
            high[step] = max(high[step], high[before] - up)
    return np.asarray((low + high) / 2)


def _pieces(built: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], places: Floats) -> Iterator[tuple[int, Floats]]:
    """The built pieces of each line of the lattice, joined into lines of corners."""
    for number, flags in enumerate(built):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            yield number, places[number, a : b + 1]
