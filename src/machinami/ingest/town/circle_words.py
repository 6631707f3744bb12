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
        "川の見守り、健幸ポイント、薬の配達、決定の公開の四つ。",
        "Rivers, walking, medicine, open decisions: four works.",
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
