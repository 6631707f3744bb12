"""How is the report of a deletion read on paper? A page in Japanese and English that needs nothing but itself."""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from machinami.app.durable import write_json, write_whole
from machinami.model.departure import statements

_ROWS = (
    ("town", "街", "Town"),
    ("at", "日時", "When"),
    ("by", "削除した人", "Deleted by"),
    ("entities", "もの（エンティティ）", "Entities"),
    ("historyInstances", "過去の値", "Past values"),
    ("logRows", "変更の記録", "Rows of the log"),
    ("bytes", "バイト数", "Bytes"),
    ("keyFingerprint", "破棄した鍵の指紋", "Fingerprint of the key destroyed"),
    ("auditHead", "監査記録の最後（番号:SHA-256）", "Head of the audit (number:SHA-256)"),
    ("id", "この報告の番号", "Number of this report"),
)
_PAGE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>削除報告 / Deletion report: {town}</title>
<style>body{{font:11pt/1.6 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}}
table{{border-collapse:collapse;width:100%}}th,td{{border:1px solid #777;padding:.3rem .6rem;text-align:left;
overflow-wrap:anywhere}}th{{width:40%;font-weight:normal}}h1{{font-size:1.4rem}}h2{{font-size:1.1rem}}
@media print{{body{{margin:0}}}}</style></head><body>
<h1>街の削除報告 <span lang="en">Deletion report</span></h1>
<table>{rows}</table>
<h2>消えたファイル <span lang="en">Files removed</span></h2><table>{files}</table>
<h2>そのほかの記録 <span lang="en">Other records</span></h2><table>{records}</table>
<h2>バックアップについて</h2><ul>{ja}</ul>
<h2 lang="en">What this means for backups</h2><ul lang="en">{en}</ul>
</body></html>
"""


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Keep a report as JSON and as a page."""
    said = statements(report)
    write_json(folder / f"{report['id']}.json", {**report, "statements": said})
    write_whole(folder / f"{report['id']}.html", report_page(report, said).encode())


def report_page(report: Mapping[str, Any], said: Mapping[str, list[str]]) -> str:
    """The page."""
    rows = [_row(f"{ja} / {en}", report.get(name) or "—") for name, ja, en in _ROWS]
    files = [_row(one["file"], f"{one['bytes']:,} bytes") for one in report.get("files", ())]
    records = [_row(kind, json.dumps(count)) for kind, count in report.get("records", {}).items()]
    listed = {language: "".join(f"<li>{escape(one)}</li>" for one in lines) for language, lines in said.items()}
    return _PAGE.format(
        town=escape(str(report["town"])), rows="".join(rows), files="".join(files), records="".join(records), **listed
    )


def _row(name: str, fact: object) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(f'{fact:,}' if isinstance(fact, int) else str(fact))}</td></tr>"
