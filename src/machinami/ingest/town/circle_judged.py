"""How did the simulated town judge its work: a comparison of places, a review of the plan with its answer, and a pilot
that stands at a gate? Invented figures, really compared.

The comparison is made by the method by which the town compares (`methods.difference_in_differences`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import sin

import numpy as np

from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.names import DISTRICTS
from machinami.methods.difference_in_differences import Gap, difference_in_differences
from machinami.model.view import Ref, View, Words
from machinami.model.vocabulary.circle import EffectEstimate, GateDecision, Pilot, PlanAnswer, PlanReview

RESTING = ("honmachi", "ekimae", "kamimachi", "kawahigashi")
"""The districts that got places to rest; the others are compared with them."""
BEFORE, AFTER = 6, 4
BEGAN = 140  # days before the town begins
_MORE = 190.0
"""What a place to rest adds to the steps of a day in the invented figures."""


def judged(day: date, year: int, at: datetime) -> Iterator[View]:
    """The estimate, the review with its answer, and the pilot. year: the fiscal year of the plan."""
    began = (day - timedelta(days=BEGAN)).replace(day=1)
    yield _pilot(began)
    yield _start(began)
    yield _estimate(began, at)
    yield from _review(year, at)


def _pilot(began: date) -> Pilot:
    return Pilot(
        identifier("Pilot", "resting"),
        Words(ja="川ぞいの休み場所（模擬）", en="Places to rest along the river (simulated)"),
        Words(
            ja="200 m ごとに休める場所があれば、お年寄りがもう少し遠くまで歩く。",
            en="With a place to rest every 200 m, older people walk a little further.",
        ),
        ["休める場所で歩数が増えるか", "手入れの手間"],
        ["ベンチの強さ（製品の試験で確かめられている）"],
        Words(ja="休み場所のない八つの地区の同じ月", en="the same months in the eight districts without"),
        {"is": "at_least", "value": 6_000.0},
        "健康推進課と自治会",
        "町（一般会計）",
        Words(ja="四つの地区の自治会が了承。", en="Agreed by the unions of the four districts."),
        {"personal": False, "by": "森（模擬）(総務課)"},
        "running",
        began.isoformat(),
        ref_initiative=Ref(identifier("Initiative", "walking")),
        ref_indicator=Ref(identifier("KeyPerformanceIndicator", "steps")),
    )


def _start(began: date) -> GateDecision:
    moment = datetime.fromisoformat(f"{began - timedelta(days=12)}T10:00:00+09:00")
    return GateDecision(
        identifier("GateDecision", "resting-start"),
        "start",
        "yes",
        Words(ja="払う人と手入れする人が決まった。", en="It is settled who pays and who looks after them."),
        None,
        [{"name": "早瀬 実（模擬）", "role": "副町長"}],
        moment,
        moment + timedelta(hours=2),
        {"met": None},
        "planned",
        ref_pilot=Ref(identifier("Pilot", "resting")),
    )


def _estimate(began: date, at: datetime) -> EffectEstimate:
    months = [_month(began, step - BEFORE) for step in range(BEFORE + AFTER)]
    rows = sorted(DISTRICTS, key=lambda row: row.key not in RESTING)
    values = np.array([_steps(number, row.key in RESTING) for number, row in enumerate(rows)])
    mask = np.arange(len(rows)) < len(RESTING)
    found = difference_in_differences(values, mask, BEFORE)
    own, other = values[mask].mean(axis=0), values[~mask].mean(axis=0)
    shift = values[mask][:, :BEFORE].mean() - values[~mask][:, :BEFORE].mean()
    named = [{"id": f"table:{row.ja}", "name": row.ja} for row in rows]
    return EffectEstimate(
        identifier("EffectEstimate", "resting"),
        Words(ja="川ぞいの休み場所（模擬）", en="Places to rest along the river (simulated)"),
        Ref(identifier("KeyPerformanceIndicator", "steps")),
        Ref(identifier("Initiative", "walking")),
        "difference",
        "month",
        began.isoformat(),
        BEFORE,
        AFTER,
        [dict(row) for row in named[: len(RESTING)]],
        [{**row, "weight": 1 / found.others} for row in named[len(RESTING) :]],
        found.effect.value,
        found.effect.low,
        found.effect.high,
        "歩",
        [
            {"kind": "chance_includes" if _holds_zero(found.effect) else "chance_excludes"},
            {
                "kind": "drift_none" if _holds_zero(found.drift) else "drift_found",
                "value": found.drift.value, "low": found.drift.low, "high": found.drift.high, "carried": found.carried,
            },
        ],
        {
            "steps": [month.isoformat() for month in months],
            "treated": [round(float(value), 1) for value in own],
            "others": [round(float(value + shift), 1) for value in other],
        },
        Words(
            ja="置く前の半年、どの地区も同じように季節で動いていた。決めるのは結果を見る前に行った。",
            en="In the half-year before, all districts moved alike with the seasons. Chosen before any result.",
        ),
        "原 はな（模擬）",
        "健康推進課",
        at - timedelta(days=9),
    )  # fmt: skip


def _holds_zero(gap: Gap) -> bool:
    return gap.low is None or gap.high is None or gap.low <= 0 <= gap.high


def _month(first: date, later: int) -> date:
    months = first.year * 12 + first.month - 1 + later
    return date(months // 12, months % 12 + 1, 1)


def _steps(place: int, rests: bool) -> list[float]:
    """Steps a day in a district by month: its height, the season, what only it knows, and the places to rest."""
    return [
        5_400.0 + 90 * place + 130 * sin(step / 2) + (place * 53 + step * 29) % 97 - 48
        + (_MORE + (place * 31) % 60 - 30 if rests and step >= BEFORE else 0.0)
        for step in range(BEFORE + AFTER)
    ]  # fmt: skip


def _review(year: int, at: datetime) -> Iterator[View]:
    review = identifier("PlanReview", "walkers")
    indicator = Ref(identifier("KeyPerformanceIndicator", "walkers"))
    subject = Words(ja="健幸ポイントに参加する人", en="People who take part in health points")
    yield PlanReview(
        review,
        indicator,
        subject,
        at - timedelta(days=40),
        [{"kind": "off_path", "value": 96.0, "expected": 150.0, "goal": 300.0, "end_on": f"{year + 4}-03-31"}],
        "sent",
        "森（模擬）",
        "企画課",
        at - timedelta(days=38),
        "参加者が予定の 3 分の 2 に届かない",
    )
    yield PlanAnswer(
        identifier("PlanAnswer", "walkers"),
        Ref(review),
        indicator,
        subject,
        "taken_up",
        Words(
            ja="申し込みを役場だけでなく、公民館とバスの中でもできるようにし、取組の章を書き直した。",
            en="People can now join at the halls and on the bus too; the chapter on the work was written anew.",
        ),
        "work",
        Ref(identifier("Initiative", "walking")),
        None,
        "原 はな（模擬）",
        "健康推進課",
        at - timedelta(days=21),
    )
