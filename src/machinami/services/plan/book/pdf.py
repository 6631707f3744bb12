"""How does a plan become a PDF? Imported in a worker alone, where the library is that draws it.

Type is Noto Sans JP in two weights (SIL Open Font License 1.1), of which the file holds the letters that it uses: it
prints the same on any machine, and its text can be searched and copied. In a checkout whose fonts were never built, it
is the Japanese font that PDF readers bring themselves.
"""

from collections.abc import Sequence
from importlib.resources import as_file, files
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as DrawnTable

from machinami.services.plan.logic.paper import Chapter, Paper, Table, said
from machinami.services.plan.logic.roadmap import Roadmap

REGULAR, BOLD, BORROWED = "NotoSansJP", "NotoSansJP-Bold", "HeiseiKakuGo-W5"
FACES = {REGULAR: "NotoSansJP_400Regular.ttf", BOLD: "NotoSansJP_700Bold.ttf"}
INK, SOFT, LINE, RIVER = (
    colors.black,
    colors.HexColor("#444444"),
    colors.HexColor("#999999"),
    colors.HexColor("#1f5f8b"),
)
WASH = colors.HexColor("#eef1f3")
WIDTH, MARGIN = A4[0] - 40 * mm, 20 * mm


def made(paper: Paper) -> bytes:
    """The PDF as bytes; the same paper gives the same bytes."""
    return _built(paper, compressed=True)


def readable(paper: Paper) -> bytes:
    """The same with its pages uncompressed, as a test can read them."""
    return _built(paper, compressed=False)


def _built(paper: Paper, compressed: bool) -> bytes:
    hand = _Hand(paper, *_faces())
    first = hand.drawn(compressed, {}, 0)
    return hand.drawn(compressed, first.pages, first.count).content


def _faces() -> tuple[str, str]:
    """The names of the two weights, registered: ours where they were built, else the one that readers bring."""
    known = pdfmetrics.getRegisteredFontNames()
    folder = files("machinami.kit") / "static" / "vendor" / "fonts" / "print"
    if not all((folder / file).is_file() for file in FACES.values()):
        pdfmetrics.registerFont(UnicodeCIDFont(BORROWED))
        return BORROWED, BORROWED
    for name, file in FACES.items():
        if name not in known:
            with as_file(folder / file) as path:
                pdfmetrics.registerFont(TTFont(name, str(path)))
    return REGULAR, BOLD


class _Drawn:
    """A document that was drawn: its bytes, on which page each chapter begins, and how many pages there are."""

    def __init__(self) -> None:
        self.content = b""
        self.pages: dict[str, int] = {}
        self.count = 0


class _Document(BaseDocTemplate):  # type: ignore[misc]  # the library has no types
    """A document that notes on which page each chapter begins."""

    def __init__(self, held: BytesIO, told: _Drawn, **more: Any) -> None:
        super().__init__(held, **more)
        self.told = told

    def afterFlowable(self, flowable: Flowable) -> None:  # the library calls it so
        """Note a chapter's heading, and have readers find it in the outline."""
        key = getattr(flowable, "chapter", "")
        if key:
            self.told.pages[key] = self.page
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, 0)


class _Hand:
    """Draws one paper in the two weights of a face."""

    def __init__(self, paper: Paper, regular: str, bold: str) -> None:
        self.paper = paper
        self.regular = regular
        self.bold = bold

    def drawn(self, compressed: bool, pages: dict[str, int], count: int) -> _Drawn:
        """The document. pages, count: what the contents and the feet of the pages say, once that is known."""
        held, told, paper = BytesIO(), _Drawn(), self.paper

        def foot(canvas: Canvas, _: Any) -> None:
            told.count = number = canvas.getPageNumber()
            canvas.saveState()
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.4)
            canvas.line(MARGIN, 14 * mm, A4[0] - MARGIN, 14 * mm)
            canvas.setFont(self.regular, 8)
            canvas.setFillColor(SOFT)
            canvas.drawString(MARGIN, 9.5 * mm, paper.dated[:70])
            canvas.drawRightString(A4[0] - MARGIN, 9.5 * mm, paper.page.format(number=number, count=count or number))
            canvas.drawRightString(A4[0] - MARGIN, A4[1] - 12 * mm, f"{paper.town}　{paper.title}"[:80])
            canvas.restoreState()

        def cover(canvas: Canvas, _: Any) -> None:
            told.count = canvas.getPageNumber()

        document = _Document(
            held, told, pagesize=A4, title=paper.title, author=paper.town, subject=f"{paper.status} {paper.dated}",
            lang="en" if paper.language == "en" else "ja", invariant=1, pageCompression=int(compressed),
            initialFontName=self.regular,  # the library's own would stand in the file without its letters
        )  # fmt: skip
        frame = Frame(MARGIN, 18 * mm, WIDTH, A4[1] - 36 * mm, 0, 0, 0, 0)
        document.addPageTemplates(
            [PageTemplate("cover", frames=[frame], onPage=cover), PageTemplate("body", frames=[frame], onPage=foot)]
        )
        document.build(self.story(pages))
        told.content = held.getvalue()
        return told

    def style(self, size: float, colour: Any = INK, before: float = 0, after: float = 2, **more: Any) -> ParagraphStyle:
        """Type of a size, with so much room (mm) before and after."""
        more = {"fontName": self.regular, **more}
        return ParagraphStyle(
            f"s{size}{before}{after}{colour}{sorted(more.items())}", fontSize=size, leading=size * 1.6,
            wordWrap="CJK", textColor=colour, spaceBefore=before * mm, spaceAfter=after * mm, **more,
        )  # fmt: skip

    def story(self, pages: dict[str, int]) -> list[Flowable]:
        """A cover, the contents with their pages, and the chapters."""
        paper, middle = self.paper, {"alignment": 1}
        story: list[Flowable] = [
            Spacer(0, 70 * mm),
            Paragraph(escape(paper.town), self.style(14, SOFT, 0, 4, **middle)),
            Paragraph(escape(paper.title), self.style(24, INK, 0, 10, fontName=self.bold, **middle)),
            Paragraph(escape(paper.status), self.style(11, INK, 0, 3, **middle)),
            Paragraph(escape(paper.dated), self.style(10, SOFT, 0, 6, **middle)),
            NextPageTemplate("body"),
            PageBreak(),
            Paragraph(escape(paper.contents), self.style(15, INK, 0, 4, fontName=self.bold)),
            self.contents(pages),
        ]
        for chapter in paper.chapters:
            story += self.chapter(chapter)
        return story

    def contents(self, pages: dict[str, int]) -> DrawnTable:
        """The chapters with the pages on which they begin."""
        left, right = self.style(11, after=0), self.style(11, after=0, alignment=2)
        rows = [
            [
                Paragraph(f'<a href="#{one.key}">{escape(f"{one.number}　{one.title}")}</a>', left),
                Paragraph(str(pages.get(one.key, "")), right),
            ]
            for one in self.paper.chapters
        ]
        made_of = DrawnTable(rows, [WIDTH - 20 * mm, 20 * mm])
        made_of.setStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), self.regular),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
        return made_of

    def chapter(self, chapter: Chapter) -> list[Flowable]:
        """One chapter: its heading, words, warnings, road map and tables; the first begins a page of its own."""
        head = Paragraph(
            escape(f"{chapter.number}　{chapter.title}"),
            self.style(15, RIVER, 4, 3, keepWithNext=1, fontName=self.bold),
        )
        head.chapter = chapter.key
        parts: list[Flowable] = [PageBreak() if chapter.number == 1 else CondPageBreak(70 * mm), head]
        lines = [line for line in (chapter.text or self.paper.empty).splitlines() if line.strip()]
        parts += [Paragraph(escape(line), self.style(10, INK if chapter.text else SOFT)) for line in lines]
        parts += [Paragraph(escape(f"※ {warning}"), self.style(9, INK, 1, 1)) for warning in chapter.warnings]
        if chapter.map is not None:
            parts += [Spacer(0, 2 * mm), _Map(chapter.map, self.paper, self.regular), Spacer(0, 2 * mm)]
        for table in chapter.tables:
            parts.append(
                Paragraph(escape(table.caption), self.style(9.5, SOFT, 3, 1, keepWithNext=1, fontName=self.bold))
            )
            parts.append(self.table(table) if table.rows else Paragraph(escape(table.none), self.style(9, SOFT)))
        return parts

    def table(self, table: Table) -> DrawnTable:
        """A table whose heads stand on every page that it goes over."""
        cell, right = self.style(8, after=0), self.style(8, after=0, alignment=2)
        head = self.style(8, after=0, fontName=self.bold)

        def drawn(row: Sequence[Any]) -> list[Paragraph]:
            styles = (right if column in table.right else cell for column in range(len(row)))
            return [Paragraph(escape(said(one)), style) for one, style in zip(row, styles, strict=True)]

        rows = [[Paragraph(escape(one), head) for one in table.heads], *(drawn(row) for row in table.rows)]
        made_of = DrawnTable(rows, _widths(table), repeatRows=1, splitInRow=1)
        made_of.setStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), self.regular),
                ("GRID", (0, 0), (-1, -1), 0.4, LINE),
                ("BACKGROUND", (0, 0), (-1, 0), WASH),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        )
        return made_of


def _widths(table: Table) -> list[float]:
    """Columns as wide as what stands in them asks, within bounds, together as wide as the page."""
    asked = [
        min(30, max(6, *(len(said(row[column])) for row in table.rows), len(table.heads[column])))
        for column in range(len(table.heads))
    ]
    return [WIDTH * one / sum(asked) for one in asked]


class _Map(Flowable):  # type: ignore[misc]  # the library has no types
    """The road map, drawn as on the page, in greys that a printer can tell apart."""

    def __init__(self, road: Roadmap, paper: Paper, face: str) -> None:
        super().__init__()
        self.face = face
        self.road = road
        self.paper = paper
        self.scale = WIDTH / road.width

    def wrap(self, *_: float) -> tuple[float, float]:
        """How much room it needs, with the key below it."""
        return WIDTH, self.road.height * self.scale + 8 * mm

    def draw(self) -> None:
        """Draw it; y goes up here, and down on the page."""
        canvas, road = self.canv, self.road
        canvas.saveState()
        canvas.translate(0, 8 * mm)
        canvas.scale(self.scale, self.scale)
        canvas.setStrokeColor(LINE)
        canvas.setFillColor(INK)
        for year, x in road.columns:
            canvas.line(x, 0, x, road.height - 22)
            canvas.setFont(self.face, 14)
            canvas.drawCentredString(x + road.column / 2, road.height - 17, str(year))
        for lane in road.lanes:
            canvas.setFillColor(INK)
            canvas.setFont(self.face, 14)
            canvas.drawString(2, road.height - lane.y - 5, lane.label)
            for bar in lane.bars:
                self._bar(bar.x, road.height - bar.y - bar.height, bar.width, bar.height, bar.state)
                if bar.height > 14:
                    canvas.setFillColor(colors.white if bar.state == "done" else INK)
                    canvas.setFont(self.face, 12)
                    middle = road.height - bar.y - bar.height / 2 - 4
                    canvas.drawCentredString(bar.x + bar.width / 2, middle, self.paper.stages.get(bar.stage, bar.stage))
        canvas.restoreState()
        self._key()

    def _bar(self, x: float, y: float, width: float, height: float, state: str) -> None:
        fill = {"done": colors.HexColor("#444444"), "going": colors.HexColor("#bbbbbb")}.get(state, colors.white)
        self.canv.setDash(*(((5, 3),) if state == "planned" else ((1, 2),) if state == "stopped" else ()))
        self.canv.setFillColor(fill)
        self.canv.setStrokeColor(INK)
        self.canv.rect(x, y, width, height, stroke=1, fill=1)
        self.canv.setDash()

    def _key(self) -> None:
        x = 0.0
        for state, name in self.paper.states.items():
            self._bar(x, 1.2 * mm, 7 * mm, 2.6 * mm, state)
            self.canv.setFillColor(INK)
            self.canv.setFont(self.face, 8)
            self.canv.drawString(x + 8.5 * mm, 1.4 * mm, name)
            x += 8.5 * mm + pdfmetrics.stringWidth(name, self.face, 8) + 6 * mm
