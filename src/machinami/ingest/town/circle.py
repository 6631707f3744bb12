"""What did the simulated town want, plan, try, pay and promise? Its vision, needs, works, figures, pilots and voices.

All of it is invented; the years stand around the day on which the town begins, so that some of it is done, some late
and some ahead. The figures themselves are not told here: the indicators compute them from the town's live data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta

from machinami.ingest.town import circle_street as street
from machinami.ingest.town import circle_street_purse as purse
from machinami.ingest.town.circle_body import body
from machinami.ingest.town.circle_choices import choices
from machinami.ingest.town.circle_judged import judged
from machinami.ingest.town.circle_words import CHAPTERS, COMPLAINTS, VOICES
from machinami.ingest.town.circle_works import BASES, CONDITIONS, FIGURES, INCOMES, SPENDING, TERMS, WORKS
from machinami.ingest.town.inventory import identifier
from machinami.ingest.town.thing import thing
from machinami.model.reading import Reading
from machinami.model.view import Ref, View, Words, attribute_name
from machinami.model.vocabulary.circle import (
    ActionPlan,
    CityNeed,
    CostItem,
    Gate,
    GateDecision,
    IncomeItem,
    Initiative,
    KeyPerformanceIndicator,
    Pilot,
    Proposal,
    Verdict,
    Vision,
)

VISION = identifier("Vision", "2035")
_APRIL = 4
_DEPUTY = [{"name": "早瀬 実（模擬）", "role": "副町長"}, {"name": "原 たみ（模擬）", "role": "住民代表"}]


def circle(day: date, at: datetime) -> list[Reading]:
    """The circle of the town on the day on which it begins, as readings of the moment ``at``."""
    year = day.year if day.month >= _APRIL else day.year - 1
    views = [
        *_wishes(year),
        *_works(year),
        *_figures(year),
        *_trials(year),
        *_purse(year),
        *_voices(day, at),
        *judged(day, year, at),
    ]
    return [*(reading for view in views for reading in told(view, at)), *body(day, at), *choices(day, at)]


def told(view: View, at: datetime) -> Iterator[Reading]:
    """A view as readings of one moment."""
    names = (field.name for field in fields(view) if field.name not in ("id", "simulated"))  # type: ignore[arg-type]
    return thing(view.TYPE, view.id, at, **{attribute_name(name): getattr(view, name) for name in names})


def _wishes(year: int) -> Iterator[View]:
    name = Words(ja="水と歩きの町 2035（模擬）", en="A town of water and walking, 2035 (simulated)")
    text = Words(
        ja="川があふれる前に全員が動けて、だれもが毎日歩いて出かけられる町になる。",
        en="Everybody is away before the river comes, and everybody can go out on foot every day.",
    )
    yield Vision(VISION, name, text, "adopted", 1, f"{year - 1}-04-01", "街 はるか（模擬）（町長）")
    for key, field, origin, voices, ja, en in (*COMPLAINTS, *street.NEEDS):
        yield CityNeed(
            identifier("CityNeed", key),
            Words(ja=ja, en=en),
            None,
            field,
            origin,
            f"{year - 1}-06-15",
            "taken",
            voices,
            ref_vision=Ref(VISION),
        )


def _works(year: int) -> Iterator[View]:
    for row in (*WORKS, *street.WORKS):
        yield Initiative(
            identifier("Initiative", row.key),
            Words(ja=row.ja, en=row.en),
            field=row.field,
            service=row.service,
            needs=[identifier("CityNeed", key) for key in row.needs],
            kpis=[identifier("KeyPerformanceIndicator", key) for key in row.kpis],
            stages=[
                {"stage": stage, "from": year + first, "to": year + last, "state": state}
                for stage, first, last, state in row.stages
            ],
            lead=row.lead,
            roles=[{"who": who, "does": does} for who, does in row.roles],
            state=row.state,
            ref_vision=Ref(VISION),
        )
    yield ActionPlan(
        identifier("ActionPlan", "1"),
        Words(ja="街並町スマートシティ実行計画（模擬）", en="Machinami action plan (simulated)"),
        1,
        {key: {"ja": ja, "en": en} for key, ja, en in CHAPTERS},
        [identifier("Initiative", row.key) for row in (*WORKS, *street.WORKS)],
        "街 はるか（模擬）（町長）",
        datetime.fromisoformat(f"{year}-04-01T00:00:00+09:00"),
        Ref(VISION),
    )


def _figures(year: int) -> Iterator[View]:
    for row in (*FIGURES, *street.FIGURES):
        target = (
            None if row.target is None else {"kind": "value", "low" if row.direction == "up" else "high": row.target}
        )
        yield KeyPerformanceIndicator(
            identifier("KeyPerformanceIndicator", row.key),
            Words(ja=row.ja, en=row.en),
            field=row.field,
            service=row.service,
            level=row.level,
            kind="own",
            is_goal=row.is_goal,
            direction=row.direction,
            unit=row.unit,
            formula=row.formula,
            counting=Words(ja=row.counting_ja, en=row.counting_en),
            baseline=row.baseline,
            baseline_year=None if row.baseline is None else year - 1,
            target=target,
            target_years=None if target is None else {"from": year, "to": year + 3, "fiscal": True},
            leads_to=[identifier("KeyPerformanceIndicator", key) for key in row.leads_to] or None,
            from_kpi=row.from_kpi,
        )


def _trials(year: int) -> Iterator[View]:
    passed, failed = _small_rivers(year), _drone(year)
    yield passed
    yield failed
    yield from (
        _gate(passed, "start", "yes", f"{year - 1}-05-20", "条件がそろった。", "Everything is settled."),
        _gate(passed, "deploy", "yes", f"{year - 1}-12-20", "95 % の日に届いた。", "Heard on 95 % of the days.", 95.0),
        _gate(failed, "start", "yes", f"{year - 1}-09-15", "試す価値がある。", "Worth trying."),
        _gate(failed, "deploy", "no", f"{year}-02-28", "風で飛べない日が多い。", "Too many days of wind.", 61.0),
    )


def _small_rivers(year: int) -> Pilot:
    return Pilot(
        identifier("Pilot", "small-rivers"),
        Words(ja="小さな川の水位計（模擬）", en="Gauges on the small rivers (simulated)"),
        Words(
            ja="小さな川にも水位計を置けば、避難の提案が 1 時間早くなる。",
            en="With gauges on small rivers too, proposals come an hour earlier.",
        ),
        ["冬の電池のもち", "草と流木のなかの観測"],
        ["通信（となり町で確かめられている）"],
        Words(ja="水位計のない前の年の大雨", en="the storms of the year before, without gauges"),
        {"is": "at_least", "value": 90.0},
        "危機管理課",
        "町（一般会計）",
        Words(
            ja="二つの地区の説明会で了承。草刈りを地区が引き受けた。", en="Agreed at two meetings; the districts mow."
        ),
        {"personal": False, "by": "森（模擬）(総務課)"},
        "in_operation",
        f"{year - 1}-06-01",
        f"{year - 1}-12-20",
        Words(
            ja="電池は冬に 3 割減る。予備を 1 組ずつ置くとよい。", en="Batteries lose 30 % in winter: keep a spare set."
        ),
        Ref(identifier("Initiative", "rivers")),
        Ref(identifier("KeyPerformanceIndicator", "gauges-heard")),
    )


def _drone(year: int) -> Pilot:
    return Pilot(
        identifier("Pilot", "drone"),
        Words(ja="ドローンで薬を運ぶ（模擬）", en="Medicine by drone (simulated)"),
        Words(ja="山あいの地区へ、車より早く薬が届く。", en="Medicine reaches the hill district sooner than by car."),
        ["雨と風の日に飛べる割合", "受け取る人の手間"],
        ["昼の晴れた日の飛行（ほかの町で確かめられている）"],
        Words(ja="車で運んだ同じ月", en="the same months by car"),
        {"is": "at_least", "value": 90.0},
        "薬局と運送組合",
        "決まらなかった（薬局は半分まで）",
        Words(ja="音への心配が 12 件。", en="Twelve voices worried about the noise."),
        {"personal": False, "by": "森（模擬）(総務課)"},
        "failed",
        f"{year - 1}-10-01",
        f"{year}-02-28",
        Words(
            ja="飛べた日は 61 %。谷の風を見誤り、費用を払う人を先に決めなかった。次は払う人が決まってから始める。",
            en="It flew on 61 % of the days. We misjudged the wind in the valley, and nobody had settled who pays.",
        ),
        Ref(identifier("Initiative", "medicine")),
    )


def _gate(
    pilot: Pilot, gate: Gate, verdict: Verdict, day: str, ja: str, en: str, value: float | None = None
) -> GateDecision:
    moment = datetime.fromisoformat(f"{day}T10:00:00+09:00")
    bound = 90.0
    evidence: dict[str, object] = {"met": None} if value is None else {"met": value >= bound, "value": value}
    dissent = Words(ja="続けて冬も試すべきだ。（原）", en="It should go on through a winter. (Hara)")
    return GateDecision(
        f"{identifier('GateDecision', pilot.id.rpartition('machinami-')[2])}-{gate}",
        gate,
        verdict,
        Words(ja=ja, en=en),
        dissent if verdict == "no" else None,
        _DEPUTY,
        moment,
        moment + timedelta(hours=3),
        evidence,
        "planned" if gate == "start" else "running",
        ref_pilot=Ref(pilot.id),
    )


def _purse(year: int) -> Iterator[View]:
    for key, work, ja, en, task, duty, payer, amounts in (*SPENDING, *purse.SPENDING):
        of = Ref(identifier("Initiative", work))
        yield from _yearly(
            CostItem(key, Words(ja=ja, en=en), None, task, duty, None, payer, state="planned", ref_initiative=of),
            year - 1, amounts,
        )  # fmt: skip
    for key, work, ja, en, source, payer, sure, amounts in (*INCOMES, *purse.INCOMES):
        of = Ref(identifier("Initiative", work))
        terms = Words(ja=CONDITIONS[key][0], en=CONDITIONS[key][1]) if key in CONDITIONS else None
        yield from _yearly(
            IncomeItem(
                key, Words(ja=ja, en=en), None, source, None, payer, terms, sure=sure, terms=TERMS.get(key),
                basis=BASES.get(key), state="planned", ref_initiative=of,
            ),
            year - 1, amounts,
        )  # fmt: skip


def _yearly(item: CostItem | IncomeItem, first: int, amounts: Sequence[int]) -> Iterator[View]:
    """The same item in each year in which it is paid."""
    for later, amount in enumerate(amounts):
        if amount:
            yield replace(item, id=identifier(item.TYPE, f"{item.id}-{later}"), year=first + later, amount=amount)


def _voices(day: date, at: datetime) -> Iterator[View]:
    for row in VOICES:
        handed_in = at - timedelta(days=row.days_ago)
        answered = bool(row.reply_ja)
        yield Proposal(
            identifier("Proposal", row.key),
            Words(ja=row.ja, en=row.en),
            Words(ja=row.text_ja, en=row.text_en),
            row.kind,
            row.field,
            f"simulated-{row.key}",
            row.state,
            row.supports,
            handed_in,
            (day - timedelta(days=row.days_ago) + timedelta(days=30)).isoformat(),
            Words(ja=row.reply_ja, en=row.reply_en) if answered else None,
            "森（模擬）（企画課）" if answered else None,
            handed_in + timedelta(days=9) if answered else None,
            Words(ja=row.changed_ja, en=row.changed_en) if row.changed_ja else None,
        )
