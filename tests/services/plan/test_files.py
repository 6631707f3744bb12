"""The plan as files: what is on the page can be read back from the PDF and from the workbook."""

import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from io import BytesIO
from xml.etree import ElementTree

import pytest

from machinami.kit.words import LANGUAGES, Words
from machinami.model.view import Measured, Ref
from machinami.model.view import Words as Texts
from machinami.model.vocabulary.circle import ActionPlan, CostItem, EffectEstimate, Initiative, KeyPerformanceIndicator
from machinami.services.plan.book.chapters import Reader
from machinami.services.plan.book.papers import plan_paper
from machinami.services.plan.book.pdf import made as pdf
from machinami.services.plan.book.pdf import readable
from machinami.services.plan.book.workbook import made as workbook
from machinami.services.plan.logic.paper import Paper, Table
from machinami.services.plan.logic.record import Sources, record
from machinami.services.plan.service import PACKAGE, Held

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LATER = datetime(2027, 3, 1, 9, tzinfo=UTC)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def kpi(value: float, at: datetime) -> KeyPerformanceIndicator:
    return KeyPerformanceIndicator(
        "k1", Texts({"ja": "避難までの時間", "en": "Hours to evacuate"}), level="outcome", unit="h", baseline=None,
        target={"kind": "range", "low": 2, "high": 3}, target_years={"to": 2030, "fiscal": True},
        current=Measured(value, at), state="on_path",
    )  # fmt: skip


def sources(value: float = 1.5, at: datetime = NOW) -> Sources:
    work = Initiative(
        "i1", Texts({"ja": "川の見守り", "en": "River watch"}), state="going", lead="危機管理課",
        stages=[{"stage": "pilot", "from": 2026, "to": 2026, "state": "done"},
                {"stage": "deployment", "from": 2027, "to": 2028, "state": "planned"}],
    )  # fmt: skip
    effect = EffectEstimate(
        "e1", Texts({"ja": "避難路の照明", "en": "Lights"}), Ref("k1"), method="difference", began="2026-04-01",
        effect=-0.5, low=-0.8, high=-0.2, unit="HUR", findings=[{"kind": "chance_excludes"}], decided_at=at,
    )  # fmt: skip
    cost = CostItem("c1", year=2027, task="cloud", amount=1_234_567, ref_initiative=Ref("i1"))
    return Sources(initiatives=[work], kpis=[kpi(value, at)], costs=[cost], effects=[effect])


def paper(language: str = "ja", live: bool = False, **more: object) -> Paper:
    texts = {"goals": {"ja": "=1+1 だれもが歩ける町。\n<b>二行目</b>", "en": "A town to walk in."}}
    plan = ActionPlan(
        "p1", Texts({"ja": "わたしの町の計画", "en": "Plan of my town"}), 3, texts, ["i1"], "佐藤一郎 (町長)", NOW,
        record=record(sources(), NOW),
    )  # fmt: skip
    held = Held(sources(4.0, LATER), [plan], [], [], [], [], frozenset())
    words = Words(language, PACKAGE)  # type: ignore[arg-type]
    reader = Reader(words, LATER, "Asia/Tokyo", {"ja": "わたしの街", "en": "My town"})
    return replace(plan_paper(replace(plan, **more), held, reader, live), language=language)  # type: ignore[arg-type]


def words_of(document: bytes) -> str:
    """What a reader of the PDF can search for: the strings that its pages show, by the letters that its faces name."""
    letters = letters_of(document)
    plain = []
    for block in re.findall(rb"BT (.*?) ET", document, re.DOTALL):
        face: dict[int, str] = {}
        for chosen, shown in re.findall(rb"/(F\S+) \S+ Tf|\((.*?)(?<!\\)\) Tj", block, re.DOTALL):
            face = letters.get(chosen, {}) if chosen else face
            plain.append("".join(face.get(code, "") for code in _unescaped(shown)) if not chosen else "")
    return "".join(plain)


def letters_of(document: bytes) -> dict[bytes, dict[int, str]]:
    """For each face by its name in the pages, which letter each code is (its ToUnicode table)."""
    found = {}
    for name, number in set(re.findall(rb"/(F\d+\+\d+) (\d+) 0 R", document)):
        face = document.split(b"\n" + number + b" 0 obj", 1)[1].split(b"endobj", 1)[0]
        table = re.search(rb"/ToUnicode (\d+) 0 R", face)
        assert table is not None, "every face of the file says which letters it holds"
        rows = document.split(b"\n" + table[1] + b" 0 obj", 1)[1].split(b"endobj", 1)[0]
        pairs = re.findall(rb"<([0-9A-F]{2})> <([0-9A-F]{4,})>", rows)
        found[name] = {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}
    return found


def _unescaped(text: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        code = found.group(1)
        return bytes([int(code, 8)]) if code.isdigit() else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)

    return re.sub(rb"\\([0-7]{3}|.)", one, text, flags=re.DOTALL)


def sheets(document: bytes) -> dict[str, list[list[str | float]]]:
    """Each sheet of a workbook with its rows."""
    book = zipfile.ZipFile(BytesIO(document))
    shared = ["".join(one.itertext()) for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
    names = [one.attrib["name"] for one in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")]
    found = {}
    for number, name in enumerate(names, 1):
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        assert not list(tree.iter(f"{MAIN}f")), "there is no formula"
        found[name] = [[_cell(cell, shared) for cell in row] for row in tree.iter(f"{MAIN}row")]
    return found


def _cell(cell: ElementTree.Element, shared: list[str]) -> str | float:
    text = cell.findtext(f"{MAIN}v") or ""
    return shared[int(text)] if cell.attrib.get("t") == "s" else float(text or 0)


PRINT = files("machinami.kit") / "static" / "vendor" / "fonts" / "print" / "NotoSansJP_400Regular.ttf"
built = pytest.mark.skipif(not PRINT.is_file(), reason="the fonts are not built; install the package once")


@built
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_of_the_pdf_is_within_the_file(language: str) -> None:
    document = readable(paper(language))
    names = re.findall(rb"/BaseFont /(\S+)", document)
    assert {name.split(b"+")[-1] for name in names} == {b"NotoSansJP-Regular", b"NotoSansJP-Bold"}
    assert all(re.fullmatch(rb"[A-Z]{6}\+\S+", name) for name in names), "each is a part, marked as one"
    assert document.count(b"/FontFile2 ") == len(names)
    assert len(pdf(paper(language))) < 400_000


@built
def test_the_contents_say_on_which_page_a_chapter_begins() -> None:
    document = readable(paper())
    found = words_of(document).replace(" ", "")
    assert "目次" in found
    assert found.index("目次") < found.index("だれもが歩ける町")
    assert document.count(b"/Dest") + document.count(b"/D ") >= 8


@built
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_plan_can_be_searched_for_in_the_pdf(language: str) -> None:
    made = paper(language)
    found = words_of(readable(made)).replace(" ", "")
    for text in (made.title, made.town, *(one.title for one in made.chapters), "1,234,567", "2026"):
        assert text.replace(" ", "") in found
    assert ("Atowntowalkin" if language == "en" else "<b>二行目") in found


@built
def test_the_pdf_is_the_same_for_the_same_plan_and_counts_its_pages() -> None:
    assert pdf(paper()) == pdf(paper())
    found = words_of(readable(paper())).replace(" ", "")
    count = len(re.findall(rb"/Type /Page\b", readable(paper())))
    assert count > 0
    assert f"{count}/{count}ページ" in found


def test_a_very_long_cell_and_chapter_do_not_stop_the_pdf() -> None:
    long = Table("長い表", ("一", "二"), tuple(("あ" * 4_000, number) for number in range(3)), frozenset({1}))
    made = paper()
    first = replace(made.chapters[0], text="長い文。" * 2_500, tables=(long,))
    assert len(re.findall(rb"/Type /Page\b", readable(replace(made, chapters=(first, *made.chapters[1:]))))) > 5


def test_the_workbook_holds_words_numbers_as_numbers_and_no_formula() -> None:
    found = sheets(workbook(paper()))
    words = next(iter(found.values()))
    assert words[0] == ["わたしの町の計画"]
    assert any(isinstance(cell, str) and cell.startswith("=1+1") for row in words for cell in row)
    years = next(rows for name, rows in found.items() if "年度ごと" in name)
    assert years[-1] == ["令和9（2027）年度", 0.0, 1_234_567.0, 0.0, 0.0, -1_234_567.0]


def test_two_tables_of_one_name_have_two_sheets() -> None:
    made = paper()
    same = Table("同じ名前の表", ("一",), ((1,),))
    twice = replace(made, chapters=(replace(made.chapters[0], tables=(same, same, same)),))
    assert len(sheets(workbook(twice))) == 4


def test_the_figures_of_a_print_are_dated_and_those_of_today_stand_beside_them_on_the_page() -> None:
    printed, effects = paper().chapters[2].tables
    live, _ = paper(live=True).chapters[2].tables
    assert "2026年11月21日 18:00" in paper().dated
    assert printed.rows[0][5:] == ("1.5 時間", "2026年11月21日", "順調")
    assert live.rows[0][5:] == ("1.5 時間", "2026年11月21日", "4 時間", "2027年3月1日")
    assert effects.rows[0][1:6] == (
        "避難までの時間", "2026年4月1日", "−0.5 時間", "−0.8 時間 から −0.2 時間（95 %）", "偶然だけでは説明しにくい",
    )  # fmt: skip
    assert printed.rows[0][2:5] == ("不明", "2 時間 〜 3 時間", "令和12（2030）年度")


@built
def test_a_withdrawn_plan_says_so_wherever_it_is_read() -> None:
    gone = paper(withdrawn={"at": "2026-12-01T00:00:00Z", "by": "佐藤一郎", "role": "町長", "reason": "数字に誤り"})
    assert "数字に誤り" in gone.status
    assert "数字に誤り" in words_of(readable(gone)).replace(" ", "")


def test_a_plan_that_came_without_tables_shows_those_of_today_and_says_so() -> None:
    brought = paper(live=True, record=None)
    assert "2027年3月1日" in brought.dated
    assert brought.chapters[2].tables[0].rows[0][5:] == ("4 時間", "2027年3月1日", "順調")
    assert "いまの値" in brought.chapters[2].tables[0].heads
