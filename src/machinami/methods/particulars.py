"""By what is one of many like things told from the others in a short text: its number, floor or side?

Lamps, hydrants and houses have numbers, buildings floors, streets sides. What counts or measures (three days, 30 cm)
tells nothing of the kind and is left out.
"""

import re
import unicodedata
from collections.abc import Mapping

Particulars = Mapping[str, frozenset[str]]
_UNITS = (
    r"日|時|分|秒|週|か月|ヶ月|カ月|ケ月|箇月|月|年|人|匹|頭|羽|本|台|個|枚|袋|回|歳|才|円|度|割|件|つ|軒|足|世帯|センチ|ミリ|メートル|"
    r"キロ|%|cm|mm|km|m(?![a-z])|am\b|pm\b|o'?clock|days?|hours?|weeks?|months?|years?|minutes?|mins?|met(?:er|re)s?|feet|ft\b|"
    r"inch(?:es)?|people|times|cars?|bags?"
)
_NUMBER = re.compile(
    rf"([a-z]{{0,3}}[-.]?)(\d+)\s*(?:({_UNITS})|(階|f(?![a-z])|(?:st|nd|rd|th)\s+floor)|)", re.IGNORECASE
)
_KANJI = re.compile(r"([一二三四五六七八九十])(?=丁目|番|号|階|組)")
_FLOORS = {"first floor": "1階", "second floor": "2階", "third floor": "3階", "ground floor": "1階", "upstairs": "2階"}
_SIDES = (
    (r"左|\bleft(?! out| over| behind| there| by| for| on| in| at)", r"右|\bright(?=[ -](?:hand|side|lane|of))"),
    (r"北側|\bnorth(?:ern)? side", r"南側|\bsouth(?:ern)? side"),
    (r"東側|\beast(?:ern)? side", r"西側|\bwest(?:ern)? side"),
    (r"男子|男性用|\bgents\b|\bmen'?s\b|\bboys'", r"女子|女性用|\bladies|\bwomen'?s\b|\bgirls'"),
    (r"上り|上りの|\binbound\b|\bnorthbound\b", r"下り|\boutbound\b|\bsouthbound\b"),
    (r"上流|\bupstream\b", r"下流|\bdownstream\b"),
    (r"入口|入り口|\bentrance\b", r"出口|\bexit\b"),
)
_MENDED = re.compile(
    r"(?:直し|埋め|補修し|修理し|塗り直し|交換し|片づけ|片付け|撤去し)(?:た|て(?:もらった|いただいた|くれた|も))|なおしたのに|"
    r"再び|再度|(?:補修|修理|工事)(?:した)?(?:の)?(?:後|あと)|already (?:been )?(?:fixed|mended|repaired|filled)|"
    r"(?:was|were|got|had been) (?:fixed|mended|repaired|filled|replaced)|after (?:the|being) (?:repair|fix|mend|fill)"
)


def particulars(text: str) -> Particulars:
    """The numbers, floors and sides that a text names; each side as its row and which of the two."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for words, floor in _FLOORS.items():
        folded = folded.replace(words, floor)
    folded = _KANJI.sub(lambda found: str("一二三四五六七八九十".index(found[1]) + 1), folded)
    found = [(begin, number, unit, floor) for begin, number, unit, floor in _NUMBER.findall(folded) if not unit]
    sides = {f"side {row}": (re.search(one, folded), re.search(two, folded)) for row, (one, two) in enumerate(_SIDES)}
    return {
        "number": frozenset(begin.strip("-. ") + str(int(number)) for begin, number, _, floor in found if not floor),
        "floor": frozenset(str(int(number)) for _, number, _, floor in found if floor),
        **{
            row: frozenset("12"[two is not None] if (one is None) != (two is None) else "")
            for row, (one, two) in sides.items()
        },
    }


def told_apart(mine: Particulars, theirs: Particulars) -> float:
    """-1 where two texts name different numbers, floors or sides; 1 where they name the same number; else 0."""
    both = {kind for kind in mine if mine[kind] and theirs.get(kind)}
    if any(not mine[kind] & theirs[kind] for kind in both):
        return -1.0
    return 1.0 if "number" in both else 0.0


def mended_before(text: str) -> bool:
    """Whether a text says that something was mended there already."""
    return _MENDED.search(unicodedata.normalize("NFKC", text).casefold()) is not None
