"""Which states of the flood service do the page tests look at? Made-up values."""

from dataclasses import replace
from datetime import timedelta

from tests.fakes import scenes

from machinami.kit.approving import DecisionRow, ProposalRow
from machinami.kit.happening import Notice, Reading
from machinami.model.expectation import Step
from machinami.services.flood.book.state import Score, Sheet, State, ThresholdChange
from machinami.services.flood.model import Thresholds

MARKS = Thresholds(1.8, 2.4, 2.9, 3.6)
WHO = ("山田 花子", "危機管理課長")


def storm() -> State:
    """A storm with one proposal waiting, no notice out, decisions in the log and scores."""
    happening = scenes.storm(told=False)
    proposal = ProposalRow(
        "urn:ngsi-ld:FloodProposal:1",
        3,
        "街並大橋水位観測所（早瀬川）",
        "早瀬川沿い：高齢者等は避難してください",
        "街並大橋の水位が避難判断水位を超え、上昇が続いています。",
        "避難に時間のかかる人は、街並中央小学校へ避難してください。",
        "中町地区（川沿い）",
        (
            "18:40 の水位 2.42 m は避難判断水位 2.40 m を超えています。",
            "直前の 1 時間に 0.38 m 上がりました。",
            "2 時間後に氾濫危険水位 2.90 m を超える見込みは 61 % です。",
        ),
        scenes.NOW - timedelta(minutes=2),
    )
    decisions = (
        DecisionRow(scenes.NOW - timedelta(hours=3), "thresholds", "街並大橋水位観測所", *WHO, "河床掘削後の見直し"),
        DecisionRow(scenes.NOW - timedelta(days=20), "withdrawn", "早瀬川沿い：注意", *WHO, "水位が下がったため"),
        DecisionRow(scenes.NOW - timedelta(days=20, hours=5), "approved", "早瀬川沿い：注意", *WHO),
    )
    sheets = [_sheet(reading) for reading in happening.readings if reading.kind == "level"]
    return State(sheets, (), (proposal,), decisions, _scores())


def calm() -> State:
    """Nothing to decide."""
    return replace(storm(), proposals=(), sheets=[_sheet(r) for r in scenes.calm().readings if r.kind == "level"])


def empty() -> State:
    """No gauge at all."""
    return State(())


def notice(proposal: ProposalRow, who: str) -> Notice:
    """What is published when a proposal is approved."""
    return Notice(
        "urn:ngsi-ld:Alert:2",
        proposal.level,
        proposal.headline,
        proposal.body,
        proposal.instruction,
        proposal.area,
        scenes.NOW,
        who,
        "/services/flood",
    )


def _sheet(reading: Reading) -> Sheet:
    silent = reading.level is None
    at, value = reading.series[-1]
    start = value or 0.0
    rate = 0.34 if reading.level else 0.08
    ahead = [
        Step(
            at + timedelta(hours=hours),
            round(start + rate * hours**0.7 - 0.11 * hours, 2),
            round(start + rate * hours**0.7, 2),
            round(start + rate * hours**0.7 + 0.17 * hours, 2),
        )
        for hours in (1, 2, 3, 6)
    ]
    change = ThresholdChange(
        scenes.NOW - timedelta(hours=3), *WHO, "河床掘削後の見直し", Thresholds(1.7, 2.3, 2.8, 3.6), MARKS
    )
    return Sheet(
        reading.id,
        reading.name,
        reading.place,
        reading.unit,
        MARKS,
        reading.level,
        reading.series,
        reading.reason,
        () if silent else ahead,
        None if silent else at,
        scenes.rainfall(6.0),
        (change,) if reading.level == 3 else (),
    )


def _scores() -> tuple[Score, ...]:
    rows = ((1, 0.061, 0.083, 0.91), (2, 0.104, 0.148, 0.902), (3, 0.139, 0.204, 0.894), (6, 0.33, 0.318, 0.83))
    trained = scenes.NOW - timedelta(hours=9)
    return tuple(
        Score("街並大橋", hours, model, naive, "m", inside, 8_640, trained, model < naive)
        for hours, model, naive, inside in rows
    )
