"""Who carries the simulated town's work together: its consortium, how it decided, who offers what, and what came of it?

All of it is invented, people and firms too. The types are those of the partnership and money services, told here as
plain attributes, since a source of data knows no service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from machinami.ingest.town.circle_words import MEMBERS, OFFERS
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, Words

CONSORTIUM = "urn:ngsi-ld:Consortium:town"  # there is one; the service of partnership knows it by this id
QUORUM = 50
_DATA_RULE = Words(
    ja="""1. 川と雨の値は公開する。2. 歩数は、同意した人のものを 10 人以上のまとまりでだけ渡す。
3. 受け取った会員は、決めた目的のほかに使わず、終わったら消す。4. もれたときは 24 時間以内に事務局へ知らせる。""",
    en="""1. Levels and rain are open. 2. Steps are given with consent, in groups of ten or more alone.
3. Who receives data uses them for what was agreed alone, and deletes them then. 4. A leak is told within 24 hours.""",
)


def body(day: date, at: datetime) -> Iterator[Reading]:
    """The consortium with its members, group, meetings, votes and rules; offers, talks and a matching day; and a
    proposed sharing of costs."""
    yield from _consortium(day, at)
    yield from _meetings(day, at)
    yield from _rules(day, at)
    yield from _offers(day, at)
    yield from _sharing(at)


def member(key: str) -> str:
    """The id of a member."""
    return identifier("ConsortiumMember", key)


def _consortium(day: date, at: datetime) -> Iterator[Reading]:
    yield from thing(
        "Consortium", CONSORTIUM, at,
        name=Words(ja="街並町スマートシティ推進協議会（模擬）", en="Machinami council (simulated)"),
        text=Words(ja="町の取組を、町・会社・大学・住民で決めて進める。", en="Town, firms, university and residents."),
        rule="majority", quorum=QUORUM,
    )  # fmt: skip
    for key, kind, role, ja, en, does_ja, does_en in MEMBERS:
        yield from thing(
            "ConsortiumMember", member(key), at, name=Words(ja=ja, en=en), kind=kind, role=role,
            text=Words(ja=does_ja, en=does_en), joinedOn=_ago(day, 420), state="member",
        )  # fmt: skip
    yield from thing(
        "WorkingGroup", identifier("WorkingGroup", "rivers"), at,
        name=Words(ja="川の分科会（模擬）", en="Working group on rivers (simulated)"),
        text=Words(ja="小さな川の見守りと草刈りの受け持ちを決める。", en="Watching the small rivers, and who mows."),
        lead=member("residents"), members=[member(key) for key in ("residents", "town", "university")], state="going",
    )  # fmt: skip


def _meetings(day: date, at: datetime) -> Iterator[Reading]:
    meeting = identifier("ConsortiumMeeting", "2")
    votes = {"town": "yes", "bus": "yes", "university": "yes", "residents": "no", "bank": "abstain"}
    yield from thing(
        "ConsortiumMeeting", meeting, at, name=Words(ja="第 2 回協議会（模擬）", en="Second meeting (simulated)"),
        heldOn=_ago(day, 95), place="役場 2 階会議室", agenda=["小さな川の水位計を本番にする", "草刈りの受け持ち"],
        present=[member(key) for key in votes], state="held",
        minutes=Words(
            ja="水位計の本番を 3 対 1（棄権 1）で決めた。自治会は「草刈りの人手が先」と反対し、分科会で引き続き話す。",
            en="Gauges go into operation, 3 to 1 (1 abstained). The residents voted no: hands for mowing come first.",
        ),
    )  # fmt: skip
    yield from thing(
        "Resolution", identifier("Resolution", "gauges"), at, refMeeting=Ref(meeting), rule="majority", quorum=QUORUM,
        name=Words(ja="小さな川の水位計を本番にする", en="The gauges on the small rivers go into operation"),
        votes={member(key): vote for key, vote in votes.items()}, size=len(votes), state="passed",
        decidedAt=at - timedelta(days=95), decidedBy="森（模擬）", role="事務局",
    )  # fmt: skip
    yield from thing(
        "ConsortiumMeeting", identifier("ConsortiumMeeting", "3"), at,
        name=Words(ja="川の分科会 第 1 回（模擬）", en="First meeting of the group on rivers (simulated)"),
        heldOn=_ago(day, -12), place="川上集会所", agenda=["草刈りの当番", "冬の電池"], state="planned",
        refGroup=Ref(identifier("WorkingGroup", "rivers")),
    )  # fmt: skip


def _rules(day: date, at: datetime) -> Iterator[Reading]:
    rule = identifier("DataRule", "1")
    yield from thing(
        "DataRule", rule, at, name=Words(ja="データの渡し方の決まり（模擬）", en="Rule for giving data (simulated)"),
        text=_DATA_RULE, version=1, publishedAt=at - timedelta(days=95), state="standing",
    )  # fmt: skip
    for key in ("town", "university", "bus", "bank"):
        yield from thing(
            "RuleAgreement", identifier("RuleAgreement", key), at, refRule=Ref(rule), refMember=Ref(member(key)),
            version=1, agreedAt=at - timedelta(days=80), decidedBy="担当（模擬）", role="会員", state="agreed",
        )  # fmt: skip


def _offers(day: date, at: datetime) -> Iterator[Reading]:
    for key, kind, field, maturity, provider, ja, en, text_ja, text_en, conditions in OFFERS:
        yield from thing(
            "SolutionSeed", identifier("SolutionSeed", key), at, name=Words(ja=ja, en=en),
            text=Words(ja=text_ja, en=text_en), provider=provider, kind=kind, field=field, maturity=maturity,
            conditions=Words(ja=conditions), state="offered",
        )  # fmt: skip
    tried = [("proposed", 300, "困りごとと言葉が合った"), ("met", 280, "現地を見た"), ("pilot", 200, "3 か所で試す")]
    yield from _match(day, at, "small-rivers", "gauges", tried)
    why = "風で飛べない日が多く、払う人も決まらなかった"
    yield from _match(day, at, "medicine", "drone", [("proposed", 250, ""), ("met", 240, ""), ("ended", 60, why)], why)
    yield from _match(day, at, "medicine", "shared-van", [("proposed", 50, ""), ("met", 44, "試算をもらう約束")])
    yield from _day(day, at)


def _match(
    day: date, at: datetime, need: str, seed: str, steps: Sequence[tuple[str, int, str]], ended: str | None = None
) -> Iterator[Reading]:
    by = {"who": "森（模擬）", "role": "企画課"}
    rows = [{"to": to, "on": _ago(day, ago), **by, "reason": reason} for to, ago, reason in steps]
    yield from thing(
        "SolutionMatch", identifier("SolutionMatch", f"{need}-{seed}"), at, state=steps[-1][0], steps=rows,
        refNeed=Ref(identifier("CityNeed", need)), refSeed=Ref(identifier("SolutionSeed", seed)), endedFor=ended,
    )  # fmt: skip


def _day(day: date, at: datetime) -> Iterator[Reading]:
    wishes = {"small-rivers": ["gauges"], "medicine": ["shared-van", "drone"]}
    offers = {"gauges": ["small-rivers"], "shared-van": ["medicine"], "drone": ["medicine"]}
    yield from thing(
        "MatchingDay", identifier("MatchingDay", "1"), at, heldOn=_ago(day, 50), state="held",
        name=Words(ja="第 1 回 出会いの日（模擬）", en="First matching day (simulated)"),
        needs=_wanting("CityNeed", wishes, "SolutionSeed"), works=_wanting("SolutionSeed", offers, "CityNeed"),
        pairs=[
            {"need": identifier("CityNeed", need), "seed": identifier("SolutionSeed", seed)}
            for need, seed in (("small-rivers", "gauges"), ("medicine", "shared-van"))
        ],
    )  # fmt: skip


def _wanting(kind: str, wishes: dict[str, list[str]], of: str) -> list[dict[str, object]]:
    return [
        {"id": identifier(kind, key), "places": 1, "wishes": [identifier(of, one) for one in wanted]}
        for key, wanted in wishes.items()
    ]


def _sharing(at: datetime) -> Iterator[Reading]:
    towns = (("街並町", 12_000, 720_000), ("となり町（模擬）", 8_000, 480_000), ("川上村（模擬）", 4_000, 240_000))
    yield from thing(
        "CostShare", identifier("CostShare", "radio"), at, rule="population", build=0, operation=1_440_000, years=3,
        name=Words(ja="通信料を 3 町村で分ける（模擬）", en="Radio shared by three towns (simulated)"), prefecture=0,
        members=[{"name": name, "population": people, "share": share} for name, people, share in towns], works=[],
        key="population", size="works", reason="人口の割合がいちばん説明しやすい", state="proposed",
        decidedAt=at - timedelta(days=20), decidedBy="森（模擬）", role="企画課",
        refInitiative=Ref(identifier("Initiative", "rivers")),
    )  # fmt: skip


def _ago(day: date, days: int) -> str:
    return (day - timedelta(days=days)).isoformat()
