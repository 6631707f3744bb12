"""Is an approved warning a CAP 1.2 message that others can read?"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import InvalidRequest
from machinami.services.flood.logic.cap import GRADES, NAMESPACE, Area, CapAlert, Words, to_cap

SAMPLES = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "alerts" / "cap"
CAP = {"cap": NAMESPACE}
SENT = datetime(2025, 7, 1, 3, 0, tzinfo=UTC)
ALERT = CapAlert(
    identifier="machinami-1",
    sender="bosai@example.jp",
    sender_name="街並市 危機管理課",
    sent=SENT,
    level=4,
    words=(
        Words("ja", "氾濫危険", "早瀬川：避難してください", "水位が <危険> & 上昇中", "高い所へ"),
        Words("en", "Flood danger", "Hayase river: evacuate", "The level is dangerous."),
    ),
    area=Area("中町地区", ((34.8, 138.2), (34.9, 138.2), (34.9, 138.3), (34.8, 138.2))),
    expires=SENT + timedelta(hours=6),
)
REQUIRED = ("identifier", "sender", "sent", "status", "msgType", "scope")
REQUIRED_INFO = ("category", "event", "urgency", "severity", "certainty")


def test_every_required_element_is_there_in_the_order_of_the_standard() -> None:
    root = ElementTree.fromstring(to_cap(ALERT))
    assert root.tag == f"{{{NAMESPACE}}}alert"
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == [*REQUIRED, "info", "info"]
    order = [child.tag.rpartition("}")[2] for child in root.findall("cap:info", CAP)[0]]
    assert order == [
        "language", "category", "event", "urgency", "severity", "certainty", "expires", "senderName",
        "headline", "description", "instruction", "parameter", "area",
    ]  # fmt: skip


def test_words_come_back_as_they_were_said() -> None:
    info = ElementTree.fromstring(to_cap(ALERT)).findall("cap:info", CAP)
    assert [i.findtext("cap:language", None, CAP) for i in info] == ["ja", "en"]
    assert info[0].findtext("cap:description", None, CAP) == "水位が <危険> & 上昇中"


def test_time_has_seconds_and_an_offset() -> None:
    root = ElementTree.fromstring(to_cap(ALERT))
    assert root.findtext("cap:sent", None, CAP) == "2025-07-01T03:00:00-00:00"


def test_a_withdrawal_cancels_the_message_it_names() -> None:
    cancel = replace(ALERT, message="Cancel", references=(("bosai@example.jp", "machinami-1", SENT),))
    root = ElementTree.fromstring(to_cap(cancel))
    assert root.findtext("cap:references", None, CAP) == "bosai@example.jp,machinami-1,2025-07-01T03:00:00-00:00"
    with pytest.raises(InvalidRequest, match="must say which message"):
        to_cap(replace(ALERT, message="Cancel"))


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ALERT, identifier="has space"),
        replace(ALERT, sender=""),
        replace(ALERT, words=()),
        replace(ALERT, area=Area("")),
        replace(ALERT, area=Area("here", ((1.0, 2.0), (3.0, 4.0)))),
        replace(ALERT, expires=SENT),
        replace(ALERT, sent=SENT.replace(tzinfo=None)),
    ],
)
def test_what_the_standard_does_not_allow_is_refused(wrong: CapAlert) -> None:
    with pytest.raises(InvalidRequest):
        to_cap(wrong)


@given(st.text(max_size=60), st.sampled_from(sorted(GRADES)))
def test_any_words_make_xml_that_can_be_read(text: str, level: int) -> None:
    alert = replace(ALERT, level=level, words=(Words("ja", "氾濫", text, text),))
    assert ElementTree.fromstring(to_cap(alert)).find("cap:info", CAP) is not None


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the CAP samples of MACHINAMI_SHARED")
def test_our_elements_are_those_of_real_cap_messages() -> None:
    known = set()
    for path in SAMPLES.glob("*.cap"):
        if path.name in ("invalid.cap", "xee.cap"):
            continue
        text = path.read_bytes()
        known |= {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    ours = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(to_cap(ALERT)).iter()}
    assert ours <= known
