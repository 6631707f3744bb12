"""Is what we send CAP 1.2, as other senders' messages are, and does it say what was decided?"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machinami.foundation.errors import BadRequestData
from machinami.model.cap import NAMESPACE, message_of, to_cap
from machinami.model.publishing import cancelled, revised_texts
from machinami.model.view import Point, Ref, Words
from machinami.model.vocabulary.alerts import Alert, Message
from machinami.model.vocabulary.office import Officer
from machinami.model.vocabulary.water import RiverGauge
from machinami.services.flood.logic.publishing import issued
from machinami.services.flood.model import FloodProposal, Settings

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SAMPLES = Path(os.environ.get("MACHINAMI_SHARED", Path(__file__).parents[4] / "shared")) / "data/alerts/cap"
IN = f"{{{NAMESPACE}}}"
# CAP 1.2, section 3.2: the elements in the order of the schema, with what they may hold
ALERT = (
    "identifier sender sent status msgType source scope restriction addresses code note references incidents info"
).split()
INFO = (
    "language category event responseType urgency severity certainty audience eventCode effective onset expires"
    " senderName headline description instruction web contact parameter resource area"
).split()
AREA = "areaDesc polygon circle geocode altitude ceiling".split()
CHOICES = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": set("Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other".split()),
    "responseType": set("Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None".split()),
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
NEEDED = {
    "alert": ("identifier", "sender", "sent", "status", "msgType", "scope"),
    "info": ("category", "event", "urgency", "severity", "certainty"),
    "area": ("areaDesc",),
}


def faults(element: ElementTree.Element, order: list[str], kind: str) -> list[str]:
    """What CAP 1.2 would not allow in an element: order, missing parts, unknown words, forms of times and places."""
    names = [child.tag.removeprefix(IN) for child in element]
    found = [f"{name} is not known in {kind}" for name in names if name not in order]
    places = [order.index(name) for name in names if name in order]
    found += [f"{kind} is out of order"] if places != sorted(places) else []
    found += [f"{kind} lacks {name}" for name in NEEDED[kind] if name not in names]
    for child in element:
        name, text = child.tag.removeprefix(IN), (child.text or "").strip()
        if name in CHOICES and text not in CHOICES[name]:
            found.append(f"{name} {text!r}")
        if name in ("sent", "effective", "expires", "onset"):
            moment = datetime.fromisoformat(text.replace("-00:00", "+00:00"))
            found += [f"{name} has no offset"] if moment.tzinfo is None or text.endswith("Z") else []
        if name == "circle":
            centre, radius = text.split(" ")
            lat, lon = map(float, centre.split(","))
            found += [] if -90 <= lat <= 90 and -180 <= lon <= 180 and float(radius) >= 0 else [f"circle {text}"]
        if name == "info":
            found += faults(child, INFO, "info")
        if name == "area":
            found += faults(child, AREA, "area")
    return found


def proposal(level: int = 3, kind: str = "passed") -> FloodProposal:
    return FloodProposal(
        id="urn:ngsi-ld:FloodProposal:1",
        source_service="flood",
        ref_subject=Ref("urn:ngsi-ld:RiverGauge:bridge"),
        grade=level,
        state="published",
        issued_at=NOW,
        reasons=[{"kind": kind}],
        event=Words({"ja": "氾濫警戒", "en": "Flood warning", "easy": "川の水"}),
        headline=Words({"ja": "避難を", "en": "Evacuate", "easy": "にげて"}),
        text=Words({"ja": "水位が高い。", "en": "The level is high.", "easy": "水が高い。"}),
        instruction=Words({"ja": "逃げる。", "en": "Go."}),
        area_name=Words({"ja": "橋の周辺", "en": "Around the bridge"}),
    )


GAUGE = RiverGauge("urn:ngsi-ld:RiverGauge:bridge", location=Point(138.2, 34.99), simulated=True)
BY = Officer("山田 花子", "危機管理課長")
AS_IT_WAS = Message("避難を", "水位が高い。", "逃げる。", "橋の周辺")


def alert(level: int = 3, gauge: RiverGauge = GAUGE, standing: tuple[Alert, ...] = (), kind: str = "passed") -> Alert:
    one = proposal(level, kind)
    texts = revised_texts(one, AS_IT_WAS)
    return issued(f"urn:ngsi-ld:Alert:{len(standing) + 1}", one, texts, gauge, standing, BY, Settings(), NOW)


def last(one: Alert) -> ElementTree.Element:
    return ElementTree.fromstring(to_cap(message_of(one, (one.revisions or [])[-1])))


def text(root: ElementTree.Element, path: str) -> str | None:
    return root.findtext("/".join(IN + name for name in path.split("/")))


@pytest.mark.parametrize("level", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", ["passed", "expected"])
def test_every_level_makes_a_valid_message(level: int, kind: str) -> None:
    assert faults(last(alert(level, kind=kind)), ALERT, "alert") == []


def test_it_says_what_was_decided_in_every_language_of_the_alert() -> None:
    root = last(alert())
    assert [i.findtext(IN + "language") for i in root.iter(IN + "info")] == ["ja-JP", "en-US", "ja-x-easy"]
    assert [i.findtext(IN + "headline") for i in root.iter(IN + "info")] == ["避難を", "Evacuate", "にげて"]
    assert text(root, "info/category") == "Met"
    assert text(root, "info/senderName") == "危機管理課長 山田 花子"
    assert text(root, "info/area/circle") == "34.990000,138.200000 1.5"
    assert text(root, "sent") == "2026-06-30T12:00:00-00:00"
    assert text(root, "info/expires") == "2026-07-01T00:00:00-00:00"


def test_a_simulated_gauge_only_ever_makes_an_exercise() -> None:
    assert text(last(alert()), "status") == "Exercise"
    assert text(last(alert(gauge=replace(GAUGE, simulated=None))), "status") == "Actual"


def test_what_is_seen_is_observed_and_what_is_expected_is_likely() -> None:
    assert text(last(alert(4, kind="passed")), "info/certainty") == "Observed"
    assert text(last(alert(4, kind="expected")), "info/certainty") == "Likely"


def test_a_second_alert_is_an_update_that_refers_to_the_first() -> None:
    first = alert(2)
    root = last(alert(3, standing=(first,)))
    assert text(root, "msgType") == "Update"
    assert text(root, "references") == "machinami.invalid,urn:ngsi-ld:Alert:1,2026-06-30T12:00:00-00:00"


def test_a_withdrawal_is_a_cancel_that_refers_to_all_before_and_gives_the_reason() -> None:
    ended = cancelled(alert(), "誤報でした", "urn:ngsi-ld:Alert:9", NOW + timedelta(hours=1))
    root = last(ended)
    assert faults(root, ALERT, "alert") == []
    assert (text(root, "msgType"), text(root, "note"), text(root, "info/urgency")) == ("Cancel", "誤報でした", "Past")
    assert "urn:ngsi-ld:Alert:1" in (text(root, "references") or "")
    assert ended.state == "withdrawn"


def test_the_officers_words_take_the_place_of_the_proposed_ones_in_their_language() -> None:
    texts = revised_texts(proposal(), replace(AS_IT_WAS, body="南町だけ。"))
    assert texts.text == {"ja": "南町だけ。", "en": "The level is high.", "easy": "南町だけ。"}
    english = revised_texts(proposal(), Message("Evacuate", "South only.", "Go.", "Around the bridge"))
    assert english.text["en"] == "South only."
    assert english.text["ja"] == "水位が高い。"
    assert revised_texts(proposal(), replace(AS_IT_WAS, instruction="高台へ。")).instruction["ja"] == "高台へ。"


@pytest.mark.parametrize("field", ["headline", "body", "instruction", "area"])
def test_an_empty_or_endless_text_is_refused(field: str) -> None:
    for wrong in ("", "   ", "あ" * 601):
        with pytest.raises(BadRequestData):
            revised_texts(proposal(), replace(AS_IT_WAS, **{field: wrong}))


def test_what_cap_does_not_allow_is_refused_by_name() -> None:
    good = message_of(alert(), (alert().revisions or [])[-1])
    for name, wrong in (
        ("identifier", replace(good, identifier="a b")),
        ("sender", replace(good, sender="")),
        ("references", replace(good, kind="Cancel")),
        ("expires", replace(good, expires=good.effective)),
        ("status", replace(good, status="Real")),
    ):
        with pytest.raises(BadRequestData) as caught:
            to_cap(wrong)
        assert caught.value.facts["element"] == name


PRINTABLE = st.characters(exclude_categories=["Cc", "Cs", "Cn"])


@given(st.text(PRINTABLE, min_size=1, max_size=60).filter(str.strip))
def test_any_text_of_an_officer_comes_back_from_the_xml(said: str) -> None:
    one = proposal()
    made = issued("urn:a", one, revised_texts(one, replace(AS_IT_WAS, headline=said)), GAUGE, (), BY, Settings(), NOW)
    assert text(last(made), "info/headline") == said


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    texts = revised_texts(proposal(), replace(AS_IT_WAS, headline="避難\x00を\x1b"))
    made = issued("urn:a", proposal(), texts, GAUGE, (), BY, Settings(), NOW)
    assert text(last(made), "info/headline") == "避難を"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample alerts are not here ({SAMPLES})")
@pytest.mark.parametrize("name", ["thunderstorm", "australia", "canada", "wcatwc-warning", "43b080713727"])
def test_the_checks_of_these_tests_pass_messages_of_other_senders(name: str) -> None:
    assert faults(ElementTree.fromstring((SAMPLES / f"{name}.cap").read_bytes()), ALERT, "alert") == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the sample alerts are not here ({SAMPLES})")
def test_the_checks_of_these_tests_find_what_is_wrong_with_an_invalid_message() -> None:
    root = ElementTree.fromstring((SAMPLES / "invalid.cap").read_bytes())
    assert faults(root, ALERT, "alert") == ["alert lacks scope"]
