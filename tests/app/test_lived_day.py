"""Does the simulated town live through its day: heat, a broken lamp, a storm, an order, a shelter, buses turning back?

The page of the day tells it in order of time, each service what it knows. Where the demonstration is begun soon after
midnight its day is in part yesterday.
"""

import re
import subprocess
import time
import urllib.request
from contextlib import suppress
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.app.towns import RunningTown, town

TOLD = {
    "ja": (
        "街灯の報告が届きました",
        "暑さ指数が",
        "避難所「川東小学校」が開きました",
        "氾濫危険水位を超えました",
        "警戒レベル4の発表が提案されました",
        "警戒レベル4 避難指示",
        "北原公民館には止まりません",
        "見守りカメラの計画",
    ),
    "en": (
        "A report came in: Street light",
        "The heat index reached",
        "Kawahigashi Primary School opened",
        "rose over the flood danger level",
        "Level 4",
        "Buses do not call at Kitahara Community Hall",
        "Watch-over cameras",
    ),
}


def story(running: RunningTown, language: str) -> str:
    """What the pages of today and yesterday tell, without their markup."""
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    pages = []
    for day in (today - timedelta(days=1), today):
        address = f"{running.url}/day?date={day}&lang={language}"
        with urllib.request.urlopen(
            urllib.request.Request(address, headers={"Accept": "text/html"}), timeout=60
        ) as page:
            pages.append(page.read().decode())
    return unescape(re.sub(r"<[^>]*>", "", "".join(pages)))


@pytest.mark.long
def test_the_day_of_the_simulated_town_is_told_by_all_its_services(tmp_path: Path) -> None:
    with town(tmp_path, "--open", "--speed", "300", by="demo") as running:
        deadline = time.monotonic() + 900
        for language, sentences in TOLD.items():
            while lacking := [one for one in sentences if one not in story(running, language)]:
                assert time.monotonic() < deadline, f"nothing is told of {lacking}"
                with suppress(subprocess.TimeoutExpired):
                    assert running.process.wait(2) is None, "the town ended"
