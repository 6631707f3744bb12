"""How does a plan become a PDF? Imported in a worker alone, where the library is that draws it.

Type is one of the Japanese fonts that PDF readers bring themselves (HeiseiKakuGo-W5 by Adobe's UniJIS-UCS2-H): the
file holds the words, not the letters, so it stays small, and its text can be searched and copied.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as DrawnTable

from machinami.services.plan.logic.paper import Chapter, Paper, Table, said
from machinami.services.plan.logic.roadmap import Roadmap

FONT = "HeiseiKakuGo-W5"
INK, SOFT, LINE, RIVER = (
    colors.black,
    colors.HexColor("#444444"),
    colors.HexColor("#999999"),
    colors.HexColor("#1f5f8b"),
)
WIDTH, MARGIN = A4[0] - 34 * mm, 17 * mm


def made(paper: Paper) -> bytes:
    """The PDF as bytes; the same paper gives the same bytes."""
    return _built(paper, compressed=True)


def readable(paper: Paper) -> bytes:
    """The same with its pages uncompressed, as a test can read them."""
    return _built(paper, compressed=False)


def _built(paper: Paper, compressed: bool) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    story = _story(paper)
    count = _drawn(paper, story, compressed, 0)[1]
    return _drawn(paper, _story(paper), compressed, count)[0]


def _drawn(paper: Paper, story: list[Flowable], compressed: bool, count: int) -> tuple[bytes, int]:
    """The document, and how many pages it has; a page says how many there are once that is known."""
    held = BytesIO()
    pages = 0

    def foot(canvas: Canvas, _: Any) -> None:
        nonlocal pages
        pages = canvas.getPageNumber()
        canvas.saveState()
        canvas.setFont(FONT, 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 9 * mm, paper.title[:80])
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, paper.page.format(number=pages, count=count or pages))
        canvas.restoreState()

    document = BaseDocTemplate(
        held, pagesize=A4, title=paper.title, author=paper.town, subject=f"{paper.status} {paper.dated}",
        lang="en" if paper.language == "en" else "ja", invariant=1, pageCompression=int(compressed),
    )  # fmt: skip
    frame = Frame(MARGIN, 16 * mm, WIDTH, A4[1] - 32 * mm, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(frames=[frame], onPage=foot)])
    document.build(story)
    return held.getvalue(), pages


def _style(size: float, colour: Any = INK, before: float = 0, after: float = 2, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{before}{after}{colour}{sorted(more.items())}", fontName=FONT, fontSize=size, leading=size * 1.6,
        wordWrap="CJK", textColor=colour, spaceBefore=before * mm, spaceAfter=after * mm, **more,
    )  # fmt: skip


def _story(paper: Paper) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph(escape(paper.town), _style(11, SOFT, 4)),
        Paragraph(escape(paper.title), _style(20, INK, 0, 4)),
        Paragraph(escape(paper.status), _style(10, INK)),
        Paragraph(escape(paper.dated), _style(9, SOFT, 0, 6)),
        Paragraph(escape(paper.contents), _style(11, RIVER)),
    ]
    story += [Paragraph(escape(f"{one.number}  {one.title}"), _style(10, INK, 0, 0)) for one in paper.chapters]
    for chapter in paper.chapters:
        story += _chapter(chapter, paper)
    return story


def _chapter(chapter: Chapter, paper: Paper) -> list[Flowable]:
    head = _style(15, RIVER, 9, 2, keepWithNext=1)
    parts: list[Flowable] = [Paragraph(escape(f"{chapter.number}  {chapter.title}"), head)]
    lines = [line for line in chapter.text.splitlines() if line.strip()]
    parts += [Paragraph(escape(line), _style(10, INK, 0, 1)) for line in lines]
    if not lines:
        parts.append(Paragraph(escape(paper.empty), _style(9, SOFT)))
    parts += [Paragraph(escape(f"※ {warning}"), _style(9, INK, 1, 1)) for warning in chapter.warnings]
    if chapter.map is not None:
        parts += [Spacer(0, 2 * mm), _Map(chapter.map, paper), Spacer(0, 2 * mm)]
    for table in chapter.tables:
        parts.append(Paragraph(escape(table.caption), _style(9, SOFT, 3, 1, keepWithNext=1)))
        parts.append(_table(table) if table.rows else Paragraph(escape(table.none), _style(9, SOFT)))
    return parts


def _table(table: Table) -> DrawnTable:
    cell, right, head = _style(8, after=0), _style(8, after=0, alignment=2), _style(8, SOFT, after=0)

    def drawn(row: Sequence[Any]) -> list[Paragraph]:
        styles = (right if column in table.right else cell for column in range(len(row)))
        return [Paragraph(escape(said(one)), style) for one, style in zip(row, styles, strict=True)]

    rows = [[Paragraph(escape(one), head) for one in table.heads], *(drawn(row) for row in table.rows)]
    made_of = DrawnTable(rows, _widths(table), repeatRows=1, splitInRow=1)
    made_of.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
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

    def __init__(self, road: Roadmap, paper: Paper) -> None:
        super().__init__()
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
            canvas.setFont(FONT, 14)
            canvas.drawCentredString(x + road.column / 2, road.height - 17, str(year))
        for lane in road.lanes:
            canvas.setFillColor(INK)
            canvas.setFont(FONT, 14)
            canvas.drawString(2, road.height - lane.y - 5, lane.label)
            for bar in lane.bars:
                self._bar(bar.x, road.height - bar.y - bar.height, bar.width, bar.height, bar.state)
                if bar.height > 14:
                    canvas.setFillColor(colors.white if bar.state == "done" else INK)
                    canvas.setFont(FONT, 12)
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
            self.canv.setFont(FONT, 8)
            self.canv.drawString(x + 8.5 * mm, 1.4 * mm, name)
            x += 8.5 * mm + pdfmetrics.stringWidth(name, FONT, 8) + 6 * mm
