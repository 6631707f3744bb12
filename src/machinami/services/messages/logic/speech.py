"""How is a message said aloud, over loudspeakers and on the telephone, so that nobody hears it wrong?

Over loudspeakers words echo and the wind takes some: short sentences, the most important first, all of it twice. What
is read by a machine, or by somebody who is not from here, stumbles over kanji: every word has its reading, as
[漢字|かんじ], and words without one are named, so that an officer can give it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 40
"""Characters of a sentence, in kana, that are still heard as one."""
_RUBY = re.compile(r"\[([^\[\]|]+)\|([^\[\]|]+)\]")
_ANY_KANJI = r"[々〆\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_KANJI = re.compile(f"{_ANY_KANJI}+")
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]?")
_LEVEL = re.compile(r"レベル\s*([1-5１-５])")
_LEVELS = {"1": "いち", "2": "に", "3": "さん", "4": "よん", "5": "ご"}
_PLAIN = str.maketrans("１２３４５", "12345")
OPENING = "こちらは、ぼうさい {town}です。"
CLOSING = "いじょう、ぼうさい {town}でした。"
AGAIN = "くりかえします。"
DRILL = "これは、くんれんです。"
TEST = "これは、しけんほうそうです。"

READINGS: Mapping[str, str] = {
    "緊急安全確保": "きんきゅうあんぜんかくほ", "高齢者等避難": "こうれいしゃとうひなん", "避難指示": "ひなんしじ",
    "避難所": "ひなんじょ", "避難場所": "ひなんばしょ", "避難": "ひなん", "警戒": "けいかい", "河川": "かせん",
    "氾濫": "はんらん", "洪水": "こうずい", "大雨": "おおあめ", "土砂災害": "どしゃさいがい", "浸水": "しんすい",
    "川": "かわ", "水位": "すいい", "危険": "きけん", "発令": "はつれい", "解除": "かいじょ", "地区": "ちく",
    "高齢者": "こうれいしゃ", "建物": "たてもの", "高い": "たかい", "所": "ところ", "場所": "ばしょ", "命": "いのち",
    "守る": "まもる", "行動": "こうどう", "直ちに": "ただちに", "安全": "あんぜん", "移動": "いどう",
    "開設": "かいせつ",
    "断水": "だんすい", "給水": "きゅうすい", "通行止め": "つうこうどめ", "道路": "どうろ", "橋": "はし", "町": "まち",
    "人": "ひと", "今": "いま", "水": "みず", "雨": "あめ", "出る": "でる", "夜": "よる", "暗い": "くらい",
    "家": "いえ",
    "上": "うえ", "階": "かい", "熱中症": "ねっちゅうしょう", "暑さ": "あつさ", "訓練": "くんれん", "試験": "しけん",
    "情報": "じょうほう", "注意": "ちゅうい", "時間": "じかん", "電話": "でんわ", "近く": "ちかく", "早く": "はやく",
    "始める": "はじめる", "準備": "じゅんび", "続く": "つづく", "見込み": "みこみ", "取り消し": "とりけし",
}  # fmt: skip
"""Readings of the words that warnings use; those of places come with the places."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is read aloud: the text with readings as ruby marks, the same in kana alone, and what is wrong with it."""

    marked: str
    kana: str
    unread: tuple[str, ...]
    long: tuple[str, ...]


def marked(text: str, readings: Mapping[str, str]) -> str:
    """The text with a reading at each word that has one; the longest word first. Marks that it has stay.

    A word counts only where no other kanji touches it: within a longer word the same kanji are often read otherwise
    (町 in 本町), and a wrong reading is worse than none.
    """
    words = sorted((word for word in readings if word), key=len, reverse=True)
    if not words:
        return text
    alone = f"(?<!{_ANY_KANJI})(?:{'|'.join(map(re.escape, words))})(?!{_ANY_KANJI})"
    pattern = re.compile(r"\[[^\[\]|]+\|[^\[\]|]+\]|" + alone)

    def read(found: re.Match[str]) -> str:
        word = found[0]
        return word if word.startswith("[") else f"[{word}|{readings[word]}]"

    return pattern.sub(read, text)


def kana(text: str) -> str:
    """The text as it is spoken: readings in the place of what they stand for, warning levels as words."""
    spoken = _RUBY.sub(r"\2", text)
    return _LEVEL.sub(lambda found: f"レベル{_LEVELS[found[1].translate(_PLAIN)]}", spoken)


def unread(text: str) -> tuple[str, ...]:
    """The words of kanji that have no reading, each once."""
    return tuple(dict.fromkeys(_KANJI.findall(_RUBY.sub("", text))))


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its end."""
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


def loudspeaker(text: str, town: str, status: str, readings: Mapping[str, str]) -> Speech:
    """What goes over the loudspeakers: who speaks, twice what there is to say, who spoke. town: its name in kana."""
    body = sentences(marked(text, {**READINGS, **readings}))
    told = [*_status(status), *body]
    lines = [OPENING.format(town=town), *told, AGAIN, *told, *_status(status), CLOSING.format(town=town)]
    return _speech(lines)


def telephone(text: str, town: str, status: str, readings: Mapping[str, str]) -> Speech:
    """What a telephone reads: at once what matters, then once more; nobody waits through a greeting."""
    body = [*_status(status), *sentences(marked(text, {**READINGS, **readings}))]
    return _speech([*body, f"{town}から おしらせしました。", AGAIN, *body])


def readings_of(names: Iterable[Mapping[str, str] | None]) -> dict[str, str]:
    """The readings of places that say theirs: `ja-Hira` beside `ja` in their names (BCP 47)."""
    return {name["ja"]: name["ja-Hira"] for name in names if name and name.get("ja") and name.get("ja-Hira")}


def ssml(speech: Speech) -> str:
    """The speech for a machine that reads aloud (W3C SSML 1.1): a pause after each sentence."""
    lines = "".join(f'<s>{_escaped(line)}</s><break time="800ms"/>' for line in speech.kana.split("\n"))
    return f'<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="ja-JP">{lines}</speak>'


def _status(status: str) -> Sequence[str]:
    return (DRILL,) if status == "Exercise" else (TEST,) if status == "Test" else ()


def _speech(lines: Sequence[str]) -> Speech:
    text = "\n".join(lines)
    long = tuple(dict.fromkeys(line for line in map(kana, lines) if len(line) > LONGEST))
    return Speech(text, kana(text), unread(text), long)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
