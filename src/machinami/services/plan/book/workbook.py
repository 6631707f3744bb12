"""How does a plan become a workbook? Imported in a worker alone, where the library is that writes it.

One sheet for the words, one for each table: numbers are numbers there, so that an officer can go on calculating.
"""

from io import BytesIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from machinami.services.plan.logic.paper import Paper, Table

WIDEST, NARROWEST = 60, 10
_NO_SHEET = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def made(paper: Paper) -> bytes:
    """The workbook as bytes."""
    held = BytesIO()
    # Nothing that people typed becomes a formula or a link, whatever sign it begins with.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(held, options)
    book.set_properties({"title": paper.title, "company": paper.town, "comments": f"{paper.status} {paper.dated}"})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "cell": book.add_format({"text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0.######", "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }
    _words(book.add_worksheet(_named(paper.contents, [])), paper, styles)
    taken = [_named(paper.contents, [])]
    for chapter in paper.chapters:
        for table in chapter.tables:
            taken.append(_named(f"{chapter.number} {table.caption}", taken))
            _table(book.add_worksheet(taken[-1]), table, paper, styles)
    book.close()
    return held.getvalue()


def _named(name: str, taken: list[str]) -> str:
    """A name that a sheet may bear: short, without the signs that are kept for formulas, none twice."""
    plain = name.translate(_NO_SHEET).strip()[:31]
    number = 2
    found = plain
    while found.casefold() in (one.casefold() for one in taken):
        found, number = f"{plain[:28]} {number}", number + 1
    return found


def _words(sheet: Worksheet, paper: Paper, styles: dict[str, Format]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    for row, text in enumerate((paper.title, paper.town, paper.status, paper.dated)):
        sheet.write_string(row, 0, text, styles["title"] if row == 0 else None)
    at = 5
    for chapter in paper.chapters:
        sheet.write_string(at, 0, f"{chapter.number} {chapter.title}", styles["head"])
        text = "\n".join((chapter.text or paper.empty, *chapter.warnings))
        sheet.write_string(at, 1, text, styles["cell"])
        at += 1
    sheet.fit_to_pages(1, 0)


def _table(sheet: Worksheet, table: Table, paper: Paper, styles: dict[str, Format]) -> None:
    sheet.write_string(0, 0, table.caption, styles["title"])
    sheet.write_string(1, 0, paper.dated)
    for column, head in enumerate(table.heads):
        sheet.write_string(3, column, head, styles["head"])
        cells = [str(row[column] if row[column] is not None else "") for row in table.rows]
        sheet.set_column(column, column, min(WIDEST, max(NARROWEST, *(2 * len(text) for text in (head, *cells)))))
        for number, row in enumerate(table.rows, start=4):
            cell = row[column]
            if isinstance(cell, str):
                sheet.write_string(number, column, cell, styles["cell"])
            elif cell is not None:
                sheet.write_number(number, column, cell, styles["number"])
    if not table.rows:
        sheet.write_string(4, 0, table.none)
    sheet.freeze_panes(4, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
