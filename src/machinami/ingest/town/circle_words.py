"""What do the people and the plan of the simulated town say? Tables, all of them invented."""

from typing import NamedTuple

from machinami.model.vocabulary.circle import NeedOrigin, ProposalKind, ProposalState

COMPLAINTS: tuple[tuple[str, str, NeedOrigin, int, str, str], ...] = (
    (
        "small-rivers",
        "disaster",
        "workshop",
        41,
        "小さな川は、気づいたときにはもうあふれている。",
        "The small rivers are over before anybody notices.",
    ),
    (
        "night-warning",
        "disaster",
        "resident",
        18,
        "夜の大雨で、いつ逃げればよいか分からない。",
        "In a storm at night nobody knows when to leave.",
    ),
    (
        "walk-less",
        "welfare",
        "office",
        27,
        "車ばかりで歩かなくなり、足腰の弱る人が増えた。",
        "People drive everywhere, walk less, and grow weak.",
    ),
    (
        "medicine",
        "welfare",
        "resident",
        9,
        "山あいの地区では、薬を取りに行くのに半日かかる。",
        "From the hill district it takes half a day to fetch medicine.",
    ),
    (
        "who-decides",
        "administration",
        "workshop",
        6,
        "町が何を決めたのか、あとから読めない。",
        "Nobody can read afterwards what the town decided.",
    ),
)
"""key, field, origin, voices, in Japanese, in English."""

CHAPTERS = (
    (
        "goals",
        "川があふれる前に全員が動けること。だれもが毎日歩いて出かけられること。",
        "Everybody is away before the river comes; everybody goes out on foot every day.",
    ),
    (
        "problems",
        "小さな川は気づいたときにはあふれている。車ばかりで足腰が弱る。決めたことが読めない。",
        "Small rivers flood unnoticed; people drive and grow weak; decisions cannot be read.",
    ),
    (
        "kpis",
        "避難所に入れる割合 40 %、1 日 6,500 歩を 3 年後の目標とする。はじめの値が分からないものは分からないと書く。",
        "Shelter for 40 % and 6,500 steps a day in three years. What is not known at first is said to be not known.",
    ),
    (
        "work",
        "川の見守り、健幸ポイント、薬の配達、決定の公開の四つを柱に、暮らしの足もとの取組を加える。",
        "Four pillars: rivers, walking, medicine, open decisions; beside them works close to daily life.",
    ),
    (
        "roadmap",
        "1 年めに試し、払う人が決まったものだけを 2 年めに本番にする。",
        "Try in the first year; what has a payer goes into operation in the second.",
    ),
    (
        "roles",
        "町が判断し、地区が草を刈り、バス会社がポイントを受け取る。",
        "The town decides, the districts mow, the bus company takes the points.",
    ),
    (
        "sustaining",
        "運営費は補助がなくても払える範囲に置く。足りない年は足りないと書く。",
        "Operation is kept to what can be paid without grants; where it cannot, that is written.",
    ),
    (
        "data",
        "水位は公開する。歩数は同意した人のものを、10 人以上のまとまりでだけ使う。",
        "Levels are open. Steps are used with consent, in groups of ten or more alone.",
    ),
)
"""Chapter, in Japanese, in English."""


class Voice(NamedTuple):
    """What a resident said, how long ago, and what the town answered."""

    key: str
    kind: ProposalKind
    field: str
    state: ProposalState
    supports: int
    days_ago: int
    ja: str
    en: str
    text_ja: str
    text_en: str
    reply_ja: str
    reply_en: str
    changed_ja: str
    changed_en: str


VOICES = (
    Voice(
        "bench",
        "proposal",
        "welfare",
        "adopted",
        34,
        60,
        "川ぞいの道にベンチを",
        "Benches along the river path",
        "途中で休めれば、もっと歩けます。",
        "With a place to rest, I would walk further.",
        "歩く取組に入れ、三か所に置きます。",
        "We take it into the work on walking, in three places.",
        "計画第 1 版の取組「健幸ポイント」に、休める場所を足しました。",
        "The work on walking in version 1 of the plan now has places to rest.",
    ),
    Voice(
        "siren",
        "question",
        "disaster",
        "open",
        5,
        12,
        "夜の知らせは家の中で聞こえますか",
        "Is the night warning heard indoors?",
        "雨戸を閉めると放送が聞こえません。",
        "With the shutters closed we cannot hear the loudspeaker.",
        "",
        "",
        "",
        "",
    ),
    Voice(
        "noise",
        "plan_comment",
        "welfare",
        "answered",
        12,
        45,
        "ドローンの音が心配です",
        "The noise of drones worries us",
        "家の上を飛ばさないでください。",
        "Please do not fly over houses.",
        "実証は終わりました。次に試すときは、道すじを先に示します。",
        "The trial is over. Before another, the way will be shown first.",
        "",
        "",
    ),
)

MEMBERS = (
    ("town", "town", "chair", "街並町（模擬）", "Machinami (simulated)", "判断と事務局", "decides; secretariat"),
    ("bus", "company", "member", "早瀬バス（模擬）", "Hayase Bus (simulated)", "ポイントの受け取り", "takes points"),
    (
        "university", "university", "member", "山の大学（模擬）", "Mountain University (simulated)",
        "データの分析", "looks at the data",
    ),
    (
        "residents", "residents", "member", "自治会連合会（模擬）", "Residents' union (simulated)",
        "草刈りと点検", "mows and inspects",
    ),
    ("bank", "finance", "member", "川上信用金庫（模擬）", "Kawakami credit union (simulated)", "資金の相談", "money"),
    ("prefecture", "prefecture", "observer", "県（模擬）", "Prefecture (simulated)", "補助の相談", "grants"),
)  # fmt: skip
"""key, kind, role, in Japanese, in English, what it does in Japanese and English."""

OFFERS = (
    (
        "gauges", "company", "disaster", "running", "水文計測（模擬）",
        "電池で動く小さな川の水位計", "Battery gauges for small rivers",
        "橋の下に付け、10 分おきに水位を送る。", "Fixed under a bridge; sends the level every ten minutes.",
        "1 台 40 万円と通信料。電池は 2 年。",
    ),
    (
        "drone", "company", "welfare", "tried", "空の便（模擬）",
        "ドローンで薬を運ぶ", "Medicine by drone",
        "山あいの集会所まで 12 分。", "Twelve minutes to the hall in the hills.",
        "風速 8 m/s まで。",
    ),
    (
        "shared-van", "npo", "welfare", "running", "となり町の助けあい（模擬）",
        "買物のついでに薬を運ぶ車", "A shared van that brings medicine with the shopping",
        "週 2 回、買物の車に薬を積む。", "Twice a week, with the shopping.",
        "運転する人が 4 人いること。",
    ),
)  # fmt: skip
"""key, kind, field, maturity, provider, name and text in Japanese and English, conditions."""

PROJECTS = (
    ("p1", "川ぞいのベンチ", "三か所に置く。", 450_000),
    ("p2", "夜道の明かり", "通学路に 12 基。", 1_400_000),
    ("p3", "山の地区の休み場", "バス停に屋根をかける。", 900_000),
    ("p4", "歩道の段差なおし", "駅から役場まで。", 1_800_000),
    ("p5", "木かげをつくる", "広場に 6 本植える。", 500_000),
)
"""id, name, text, cost in yen."""

BALLOTS = (
    (("p1", "p2"), 52),
    (("p1", "p5"), 34),
    (("p2", "p4"), 41),
    (("p3",), 29),
    (("p3", "p5"), 12),
    (("p4",), 18),
)
"""Which projects so many voters wanted."""

REMARKS = (
    ("bench-shade", "bench", "日かげになる場所に置いてほしいです。", 52),
    ("bench-names", "bench", "置く場所は、歩く会で見て回れます。", 49),
    ("siren-phone", "siren", "電話で知らせてもらえると助かります。", 8),
)
"""key, of which proposal, text, how many days ago."""
