"""What do the services of the first street answer, cost and promise in the simulated town's circle? All invented.

A row of figures is what the manifest of its service offers, taken over as an officer would.
"""

from machinami.ingest.town.circle_works import Figure, Work
from machinami.model.vocabulary.circle import Duty, NeedOrigin, Source, Task

NEEDS: tuple[tuple[str, str, NeedOrigin, int, str, str], ...] = (
    (
        "heat-alone",
        "disaster",
        "office",
        12,
        "暑い日に一人で倒れ、夕方まで気づかれなかった。",
        "On a hot day somebody fell at home alone, and nobody noticed until the evening.",
    ),
    (
        "water-first-night",
        "disaster",
        "workshop",
        22,
        "去年の大雨では、最初の夜に水が足りない避難所があった。",
        "In the storm of last year a shelter ran out of water in the first night.",
    ),
)

WORKS: tuple[Work, ...] = (
    Work(
        "heat",
        "disaster",
        "heat",
        "暑さから人を守る",
        "Keep people from the heat",
        ("heat-alone",),
        ("hot-places",),
        (("plan", -1, -1, "done"), ("operation", 0, 4, "going")),
        "健康福祉課",
        (("健康福祉課", "呼びかけの判断"), ("民生委員", "声かけ")),
        "in_operation",
    ),
    Work(
        "relief",
        "disaster",
        "shelters",
        "避難所の物資を切らさない",
        "No shelter runs out",
        ("water-first-night",),
        ("days-of-stock", "need-met"),
        (("survey", -1, -1, "done"), ("deployment", 0, 0, "going"), ("operation", 1, 4, "planned")),
        "防災課",
        (("防災課", "備蓄と配分の判断"), ("自主防災会", "数える"), ("運送組合", "運ぶ")),
        "going",
    ),
)

FIGURES: tuple[Figure, ...] = (
    Figure(
        "hot-places",
        "disaster",
        "heat",
        "outcome",
        False,
        "down",
        "か所",
        "count(WbgtObserved where wbgt >= 31)",
        None,
        0.0,
        (),
        "いま「危険」の暑さの場所",
        "Places where the heat is dangerous now",
        "最後に測った暑さ指数が 31 °C（危険）以上の場所の数。",
        "Places whose last WBGT is 31 °C (danger) or more.",
        "heat.hot_places",
    ),
    Figure(
        "days-of-stock",
        "disaster",
        "shelters",
        "output",
        False,
        "up",
        "日",
        "min(daysMiddle of ReliefStock)",
        None,
        3.0,
        ("need-met",),
        "いちばん少ない避難所の物資の残り日数",
        "Days of stock at the worst shelter",
        "開いている避難所の物資のうち、いちばん早くなくなるものの残り日数（見込みの中央）。",
        "Of all items in open shelters, the middle of the days until the first runs out.",
        "shelters.days_of_stock",
    ),
    Figure(
        "need-met",
        "disaster",
        "shelters",
        "outcome",
        False,
        "up",
        "割合",
        'mean(needMet of ReliefAllocation where state=="approved")',
        None,
        0.95,
        (),
        "求められた物資のうち送られた割合",
        "Share of need met",
        "承認された配分ごとの、求められた量のうち送られた量の割合の平均（0〜1）。",
        "Of all that was asked for, the share that is sent, averaged over approved allocations (0 to 1).",
        "shelters.need_met",
    ),
)

SPENDING: tuple[tuple[str, str, str, str, Task, Duty | None, str, tuple[int, ...]], ...] = (
    (
        "wbgt",
        "heat",
        "暑さ指数の計測（模擬）",
        "Measuring the heat (simulated)",
        "upkeep",
        "b",
        "町",
        (0, 60_000, 60_000, 60_000, 60_000, 60_000),
    ),
    (
        "stock",
        "relief",
        "備蓄の入れかえ（模擬）",
        "Renewing the stock (simulated)",
        "upkeep",
        "b",
        "町",
        (0, 700_000, 350_000, 350_000, 350_000, 350_000),
    ),
)
"""As in `circle_works`."""

INCOMES: tuple[tuple[str, str, str, str, Source, str, float, tuple[int, ...]], ...] = (
    (
        "heat-town",
        "heat",
        "一般会計（暑さ・模擬）",
        "Town budget, heat (simulated)",
        "town",
        "町",
        1.0,
        (0, 60_000, 60_000, 60_000, 60_000, 60_000),
    ),
    (
        "relief-town",
        "relief",
        "一般会計（備蓄・模擬）",
        "Town budget, stock (simulated)",
        "town",
        "町",
        1.0,
        (0, 350_000, 350_000, 350_000, 350_000, 350_000),
    ),
    (
        "relief-state",
        "relief",
        "県の備蓄補助（模擬）",
        "Prefecture's grant for stock (simulated)",
        "grant",
        "県",
        1.0,
        (0, 350_000, 0, 0, 0, 0),
    ),
)
"""As in `circle_works`."""
