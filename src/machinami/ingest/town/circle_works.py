"""On what does the simulated town work, by which figures does it judge itself, and what does it pay? All invented."""

from typing import NamedTuple

from machinami.model.vocabulary.circle import Direction, Duty, Level, Source, Task, WorkState


class Work(NamedTuple):
    """One piece of work; stages in years counted from the one in which the town begins."""

    key: str
    field: str
    service: str | None
    ja: str
    en: str
    needs: tuple[str, ...]
    kpis: tuple[str, ...]
    stages: tuple[tuple[str, int, int, str], ...]
    lead: str
    roles: tuple[tuple[str, str], ...]
    state: WorkState


WORKS = (
    Work(
        "rivers",
        "disaster",
        "flood",
        "川の水位を見守り、早く知らせる",
        "Watch the rivers and warn early",
        ("small-rivers", "night-warning"),
        ("gauges-heard", "decision-minutes", "shelter-places"),
        (("survey", -2, -2, "done"), ("pilot", -1, -1, "done"), ("operation", 0, 4, "going")),
        "危機管理課",
        (("危機管理課", "見守りと判断"), ("自主防災会", "草刈りと点検")),
        "in_operation",
    ),
    Work(
        "walking",
        "welfare",
        "health_points",
        "歩いてためる健幸ポイント",
        "Health points for walking",
        ("walk-less",),
        ("steps", "walkers"),
        (("plan", -1, -1, "done"), ("deployment", 0, 0, "going"), ("operation", 1, 4, "planned")),
        "健康推進課",
        (("健康推進課", "運営"), ("バス会社", "ポイントの受け取り")),
        "going",
    ),
    Work(
        "medicine",
        "welfare",
        None,
        "山あいの地区へ薬を届ける",
        "Medicine for the hill district",
        ("medicine",),
        (),
        (("pilot", -1, 0, "stopped"), ("survey", 0, 1, "planned")),
        "健康推進課",
        (("薬局", "調剤"), ("運送組合", "配達")),
        "going",
    ),
    Work(
        "open-town",
        "administration",
        None,
        "決めたことを読める町にする",
        "A town whose decisions can be read",
        ("who-decides",),
        ("pilots-operating",),
        (("plan", -1, -1, "done"), ("operation", 0, 4, "going")),
        "企画課",
        (("企画課", "公開"),),
        "in_operation",
    ),
)


class Figure(NamedTuple):
    """One indicator; baseline None: not known; from_kpi: of which manifest it was taken over, as service.id."""

    key: str
    field: str
    service: str | None
    level: Level
    is_goal: bool
    direction: Direction
    unit: str
    formula: str
    baseline: float | None
    target: float | None
    leads_to: tuple[str, ...]
    ja: str
    en: str
    counting_ja: str
    counting_en: str
    from_kpi: str | None = None


FIGURES = (
    Figure(
        "shelter-places",
        "disaster",
        "flood",
        "outcome",
        True,
        "up",
        "%",
        "100 * sum(capacity of Shelter) / sum(population of District)",
        None,
        40.0,
        (),
        "避難所に入れる人の割合",
        "Share of people for whom a shelter has room",
        "避難所の定員の合計を、地区の人口の合計で割る。",
        "Places in all shelters, divided by the people of all districts.",
    ),
    Figure(
        "gauges-heard",
        "disaster",
        "flood",
        "output",
        False,
        "up",
        "%",
        "100 * share(RiverGauge where waterLevel>=0)",
        80.0,
        100.0,
        ("shelter-places",),
        "水位が届いている水位計の割合",
        "Share of gauges that are heard",
        "水位の値がある水位計の数を、水位計の数で割る。",
        "Gauges with a level, divided by all gauges.",
    ),
    Figure(
        "decision-minutes",
        "disaster",
        "flood",
        "output",
        False,
        "down",
        "分",
        "median(minutes(refProposal{issuedAt}, decidedAt) of FloodDecision since 365d)",
        None,
        15.0,
        ("shelter-places",),
        "提案から決定までの時間",
        "Minutes from a proposal to its decision",
        "1 年のあいだの決定の中央値。決定がなければ測れない。",
        "Median of the decisions of a year; not measured without one.",
    ),
    Figure(
        "steps",
        "welfare",
        "health_points",
        "outcome",
        True,
        "up",
        "歩",
        "median(steps of WalkingKpi)",
        5_600.0,
        6_500.0,
        (),
        "1 日の歩数（地区と年代の中央値）",
        "Steps a day (median over groups)",
        "10 人以上のまとまりの中央値の中央値。参加した人だけで、町の全員ではない。",
        "Median over groups of ten or more; of those who take part, not of everybody.",
    ),
    Figure(
        "walkers",
        "welfare",
        "health_points",
        "output",
        False,
        "up",
        "人",
        "max(walkers of PointsAudit)",
        0.0,
        300.0,
        ("steps",),
        "健幸ポイントに参加する人",
        "People who take part in health points",
        "台帳にある参加者の数。やめた人は数えない。",
        "People in the ledger; who left is not counted.",
    ),
    Figure(
        "pilots-operating",
        "administration",
        "pilots",
        "outcome",
        False,
        "up",
        "%",
        '100 * share(Pilot where state=="in_operation")',
        None,
        60.0,
        (),
        "実証が本番になった割合",
        "Share of pilots that reached operation",
        "書かれた実証のうち、本番になったもの。",
        "Of all pilots that were written down, those in operation.",
    ),
)

SPENDING: tuple[tuple[str, str, str, str, Task, Duty | None, str, tuple[int, ...]], ...] = (
    (
        "gauges",
        "rivers",
        "水位計と設置（模擬）",
        "Gauges and their mounting (simulated)",
        "initial",
        None,
        "町",
        (6_800_000, 1_200_000, 0, 0, 0, 0),
    ),
    (
        "radio",
        "rivers",
        "通信料（模擬）",
        "Radio (simulated)",
        "cloud",
        "a",
        "町",
        (240_000, 480_000, 480_000, 480_000, 480_000, 480_000),
    ),
    (
        "mowing",
        "rivers",
        "点検と電池（模擬）",
        "Inspection and batteries (simulated)",
        "upkeep",
        "b",
        "町",
        (150_000, 300_000, 300_000, 300_000, 300_000, 300_000),
    ),
    (
        "points",
        "walking",
        "ポイントの交付（模擬）",
        "Points given (simulated)",
        "upkeep",
        "a",
        "町と県",
        (0, 900_000, 1_400_000, 1_800_000, 1_800_000, 1_800_000),
    ),
    (
        "drone",
        "medicine",
        "ドローンの実証（模擬）",
        "Trial of the drone (simulated)",
        "initial",
        None,
        "県の補助と薬局",
        (4_500_000, 600_000, 0, 0, 0, 0),
    ),
)
"""key, work, in Japanese, in English, task, duty, payer, yen by year from the one before the town begins."""

INCOMES: tuple[tuple[str, str, str, str, Source, str, float, tuple[int, ...]], ...] = (
    (
        "state",
        "rivers",
        "国の補助（模擬）",
        "State grant (simulated)",
        "grant",
        "国",
        1.0,
        (4_000_000, 600_000, 0, 0, 0, 0),
    ),
    (
        "town",
        "rivers",
        "一般会計（模擬）",
        "Town budget (simulated)",
        "town",
        "町",
        1.0,
        (3_190_000, 1_380_000, 780_000, 780_000, 780_000, 780_000),
    ),
    (
        "prefecture",
        "walking",
        "県の健康づくり補助（模擬）",
        "Prefecture's health grant (simulated)",
        "grant",
        "県",
        0.6,
        (0, 450_000, 700_000, 900_000, 0, 0),
    ),
    (
        "health",
        "walking",
        "国保会計（模擬）",
        "Health insurance budget (simulated)",
        "town",
        "町",
        0.9,
        (0, 450_000, 700_000, 900_000, 900_000, 900_000),
    ),
    (
        "gift",
        "walking",
        "地元企業の寄付（模擬）",
        "Gifts of local firms (simulated)",
        "donation",
        "企業 4 社",
        0.7,
        (0, 0, 200_000, 200_000, 200_000, 200_000),
    ),
    (
        "dues",
        "rivers",
        "川ぞい地区の会費 LID（模擬）",
        "Dues of the river district, LID (simulated)",
        "fee",
        "川ぞい地区の 100 世帯",
        0.9,
        (0, 0, 240_000, 240_000, 240_000, 240_000),
    ),
    (
        "station",
        "walking",
        "駅前地区の負担金 BID（模擬）",
        "Levy of the station district, BID (simulated)",
        "bid",
        "駅前の地権者",
        0.8,
        (0, 0, 120_000, 120_000, 120_000, 120_000),
    ),
    (
        "crowd",
        "walking",
        "ベンチのクラウドファンディング（模擬）",
        "Crowdfunding for benches (simulated)",
        "crowdfunding",
        "インターネットの寄付者",
        0.5,
        (0, 0, 150_000, 0, 0, 0),
    ),
    (
        "outcome",
        "walking",
        "歩数の成果連動払い SIB（模擬）",
        "Paid by outcome, SIB (simulated)",
        "sib",
        "財団（模擬）",
        0.0,
        (0, 0, 0, 100_000, 0, 0),
    ),
)
"""key, work, in Japanese, in English, source, payer, how sure, yen by year from the one before the town begins."""

BASES: dict[str, dict[str, object]] = {
    "gift": {"by": "profit", "units": 20_000_000, "rate": 1.0, "least": 0},
    "dues": {"by": "household", "units": 100, "rate": 200.0, "least": 0},
    "station": {"by": "area", "units": 6_000, "rate": 20.0, "least": 0},
}
"""How an income is worked out: 1 % of what is left of the profits, yen a household and month, yen a square metre."""

CONDITIONS = {
    "state": (
        "費用の 3 分の 2 まで。翌年度からは出ない。",
        "Two thirds of the costs at most; not from the next year on.",
    ),
    "prefecture": ("費用の 2 分の 1 まで。3 年度で終わる。", "Half of the costs at most; ends after three years."),
    "outcome": ("歩数が目標に届いたときだけ払われる。", "Paid only where the steps reach their target."),
}

TERMS: dict[str, dict[str, object]] = {"state": {"share_most": 0.667}, "prefecture": {"share_most": 0.5}}
"""What the grants ask, in figures."""
