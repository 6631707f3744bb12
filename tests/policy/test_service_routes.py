"""Which address of a service is for whom? Every route of every service that test_routes does not have, with real forms.

The town is lived in: an officer has filled in the forms that make things, so that a refusal is a refusal and not the
lack of what is asked about. Whoever may not is tried first and leaves all as it was; then whoever may does it.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
import pytest_asyncio
from tests.policy.inhabited import SERVICES, Crowd, Inhabited, inhabited
from tests.policy.test_routes import KINDS, WHO

from machinami.kit.installed import Broken, Service, load
from machinami.model.town_terms import TERMS

CIRCLE = (
    "guide", "cases", "menu", "needs", "plan", "indicators", "pilots", "partnership", "money", "assembly",
    "health_points", "shelters", "buses", "heat", "messages", "civic_reports", "watch_cameras",
)  # fmt: skip
# seen: a page for who belongs to the town, which says what of it is closed. keyed: who takes part, by a key of their
# own (tried in tests/services/health_points). Beside a deed: how an officer is answered.
SEEN = {who: "." if who == "nobody" else "v" for who in WHO}
OF_KIND = {**KINDS, "seen": SEEN, "keyed": dict.fromkeys(WHO, "?")}
TABLE = """
seen       GET  buses
seen       GET  buses/stop/{stop}
seen       GET  buses/timetable.zip
deciding   POST buses/ask 303
deciding   POST buses/decide 404
deciding   POST buses/settings 303
deciding   POST buses/notice 303
deciding   POST buses/notice/end 303
seen       GET  guide
correcting POST guide/answer 303
deciding   POST guide/path 303
correcting POST guide/undo 303
seen       GET  cases
deciding   POST cases/add 303
correcting POST cases/try 303
correcting POST cases/untry 404
correcting POST cases/turn 303
seen       GET  menu
seen       GET  menu/tender.csv
correcting POST menu/decide 303
correcting POST menu/undo 303
page       GET  needs
page       POST needs/hand-in 303
correcting POST needs/judge 303
deciding   POST needs/add 303
deciding   POST needs/paste 303
correcting POST needs/group 303
correcting POST needs/part 303
correcting POST needs/change 303
correcting POST needs/undo 303
correcting POST needs/vision 303
correcting POST needs/adopt 303
seen       GET  plan
seen       GET  plan/draft
seen       GET  plan/chapter
seen       GET  plan/work
seen       GET  plan/compare
seen       GET  plan/file/{name}
deciding   POST plan/begin 409
correcting POST plan/chapter 409
deciding   POST plan/comment 303
correcting POST plan/settle 303
deciding   POST plan/keep 303
correcting POST plan/restore 303
deciding   POST plan/work 303
correcting POST plan/undo 303
correcting POST plan/approve 303
correcting POST plan/publish 303
correcting POST plan/withdraw 303
correcting POST plan/decline 303
correcting POST plan/answer/withdraw 303
seen       GET  indicators
seen       GET  indicators/of/{id}
seen       GET  indicators/of/{id}/rows
seen       GET  indicators/of/{id}/effect
deciding   POST indicators/make 303
deciding   POST indicators/take 303
correcting POST indicators/change 303
correcting POST indicators/record 409
correcting POST indicators/link 409
correcting POST indicators/effect 422
correcting POST indicators/effect/withdraw 404
correcting POST indicators/review 404
correcting POST indicators/review/back 409
deciding   POST indicators/undo 303
deciding   POST indicators/retire 303
seen       GET  pilots
deciding   POST pilots/write 303
correcting POST pilots/decide 303
correcting POST pilots/retract 303
deciding   POST pilots/operate 409
correcting POST pilots/learn 303
deciding   POST pilots/delay 303
seen       GET  partnership
seen       GET  partnership/offers
seen       GET  partnership/days
deciding   POST partnership/consortium 303
deciding   POST partnership/members 303
deciding   POST partnership/groups 303
deciding   POST partnership/meetings 303
deciding   POST partnership/rules 303
deciding   POST partnership/agreed 303
deciding   POST partnership/held 303
deciding   POST partnership/votes 303
deciding   POST partnership/cancelled 409
deciding   POST partnership/left 303
deciding   POST partnership/undo 303
deciding   POST partnership/withdraw 303
deciding   POST partnership/settings 303
deciding   POST partnership/offers/seed 303
deciding   POST partnership/offers/match 303
deciding   POST partnership/offers/step 303
deciding   POST partnership/offers/withdraw 303
deciding   POST partnership/days 422
seen       GET  money
seen       GET  money/rows.csv
seen       GET  money/sharing
deciding   POST money/costs 303
deciding   POST money/incomes 303
deciding   POST money/withdraw 303
deciding   POST money/undo 303
deciding   POST money/settings 303
deciding   POST money/sharing 303
deciding   POST money/sharing/agreed 303
deciding   POST money/sharing/withdrawn 303
seen       GET  assembly
page       GET  health_points
keyed      GET  health_points/me
keyed      DELETE health_points/me
keyed      PUT  health_points/me/vouchers/{code}
keyed      DELETE health_points/me/vouchers/{code}
keyed      POST health_points/me/days/{day}/answer
keyed      POST health_points/vouchers/{code}/use
keyed      POST health_points/steps
keyed      POST health_points/join
keyed      POST health_points/leave
keyed      POST health_points/connect
keyed      POST health_points/enter
keyed      POST health_points/look
keyed      POST health_points/answer
keyed      POST health_points/hand-in
keyed      POST health_points/voucher
keyed      POST health_points/voucher/return
deciding   POST health_points/settings 303
correcting POST health_points/partners 201
correcting POST health_points/use 404
correcting POST health_points/decide 400
people     POST health_points/publish 409
page       GET  civic_reports
page       GET  civic_reports/new
page       GET  civic_reports/reports/{number}
page       GET  civic_reports/mine/{secret}
page       GET  civic_reports/mine/{secret}/{name}
page       GET  civic_reports/photos/{name}
page       GET  civic_reports/georeport/{name}
page       GET  civic_reports/georeport/v2/{name}
keyed      POST civic_reports/georeport/v2/{name}
page       GET  civic_reports/georeport/v2/services/{name}
page       GET  civic_reports/georeport/v2/requests/{name}
page       GET  civic_reports/georeport/v2/tokens/{name}
page       GET  civic_reports/stop
page       POST civic_reports/hand-in 303
page       POST civic_reports/withdraw 404
page       POST civic_reports/contact 404
page       GET  civic_reports/stop
page       POST civic_reports/stop 303
deciding   POST civic_reports/look 303
deciding   POST civic_reports/cover 404
deciding   POST civic_reports/route 303
deciding   POST civic_reports/proceed 303
deciding   POST civic_reports/merge 303
deciding   POST civic_reports/unmerge 303
deciding   POST civic_reports/remove 303
deciding   POST civic_reports/rules 303
deciding   POST civic_reports/rules/end 303
deciding   POST civic_reports/categories 303
deciding   POST civic_reports/settings 303
deciding   POST civic_reports/erase 303
seen       GET  shelters
words      GET  shelters/worker.js
keyed      GET  shelters/places/{id}
keyed      GET  shelters/plans/{id}
deciding   POST shelters/state 303
deciding   POST shelters/facts 303
deciding   POST shelters/reports 303
deciding   POST shelters/orders/withdraw 303
deciding   POST shelters/decide 404
deciding   POST shelters/settings 303
page       GET  watch_cameras
page       GET  watch_cameras/plan
page       POST watch_cameras/remark 404
deciding   POST watch_cameras/settings 303
deciding   POST watch_cameras/add 303
deciding   POST watch_cameras/plan 303
correcting POST watch_cameras/take-out 303
correcting POST watch_cameras/bring-back 303
correcting POST watch_cameras/again 409
deciding   POST watch_cameras/adopt 409
correcting POST watch_cameras/take-back 409
correcting POST watch_cameras/camera 404
deciding   POST watch_cameras/hand-over 404
correcting POST watch_cameras/correct 404
correcting POST watch_cameras/answer 404
seen       GET  heat
reading    GET  heat/cap
reading    GET  heat/cap/{name}
deciding   POST heat/approve 404
deciding   POST heat/decline 404
deciding   POST heat/withdraw 404
deciding   POST heat/shelters 303
correcting POST heat/shelters/close 303
correcting POST heat/shelters/undo 303
deciding   POST heat/settings 303
seen       GET  messages
keyed      GET  messages/m/{key}
keyed      GET  messages/m/{key}/sheet
seen       GET  messages/tv
deciding   GET  messages/write
deciding   GET  messages/calls
page       GET  messages/confirm
page       GET  messages/leave
reading    GET  messages/cap
keyed      GET  messages/cap/{name}
keyed      GET  messages/proof/{name}
keyed      GET  messages/speech/{name}
words      GET  messages/worker.js
words      GET  messages/push-key
keyed      POST messages/subscribe
keyed      POST messages/confirm
keyed      POST messages/leave
deciding   POST messages/write 303
deciding   POST messages/test 303
deciding   POST messages/approve 303
deciding   POST messages/decline 409
deciding   POST messages/withdraw 404
deciding   POST messages/mark 404
deciding   POST messages/answered 404
deciding   POST messages/settings 303
people     POST messages/publish 409
deciding   POST messages/calls/add 400
deciding   POST messages/calls/remove 404
deciding   POST messages/calls/tick 404
"""
SIGNED = {"who": "Kei", "role": "officer"}
KPI, YEARS = "{KeyPerformanceIndicator}", {"year": "2026", "years": "5"}
DEFINED = {
    "name_ja": "x", "level": "output", "kind": "own", "direction": "up", "unit": "%", "target": "value", "low": "100",
    "formula": '100 * share(Shelter where state=="open")', "baseline": "0", "baseline_year": "2025",
    "year_from": "2027", "year_to": "2027",
}  # fmt: skip
# {Type} is the last entity of a type that was made, {Type.0} the first one; {Type:} the end of its id.
FORMS: Mapping[str, Mapping[str, str]] = {
    "buses/ask": {"reason": "x"}, "buses/decide": {"proposal": "urn:x:none", "state": "declined", "reason": "x"},
    "buses/settings": {"setting": "silent_minutes", "value": "12", "reason": "x"},
    "buses/notice": {"effect": "detour", "headline_ja": "x"},
    "buses/notice/end": {"notice": "{TransitNotice}", "reason": "x"},
    "heat/approve": {
        "read": "yes", "proposal": "urn:x:1", "headline": "x", "body": "x", "instruction": "x", "area": "x",
    },
    "heat/decline": {"proposal": "urn:x:1", "reason": "x"}, "heat/withdraw": {"notice": "urn:x:1", "reason": "x"},
    "heat/shelters": {"name": "x", "latitude": "35", "longitude": "138", "hours": "Mo-Fr 09:00-17:00"},
    "heat/shelters/close": {"shelter": "{CoolingShelter}", "reason": "x"},
    "heat/shelters/undo": {"shelter": "{CoolingShelter}"},
    "heat/settings": {"setting": "margin", "value": "0.4", "reason": "x"},
    "guide/answer": {"answer-aim_clear": "yes"}, "guide/path": {"path": "area"},
    "guide/undo": {"question": "aim_clear"},
    "cases/add": {"name": "a", "place": "b", "problem": "c", "text": "d", "field": "energy", "size": "other"},
    "cases/try": {"case": "taki_six_towns"},
    "cases/untry": {"work": "urn:x:none"}, "cases/turn": {"case": "{ReferenceCase:}", "reason": "x"},
    "menu/decide": {"state-actuation": "planned"}, "menu/undo": {"row": "actuation"},
    "needs/hand-in": {"text": "x", "field": "other"},
    "needs/judge": {"note": "{NeedNote.0}", "verdict": "accept", "reason": "x", "name": "x"},
    "needs/add": {"name": "x", "text": "x", "field": "other", "origin": "office"},
    "needs/paste": {"lines": "a\nb", "field": "other", "origin": "workshop"},
    "needs/group": {"head": "{CityNeed.0}", "member {CityNeed.1}": "yes"}, "needs/part": {"need": "{CityNeed.1}"},
    "needs/change": {"need": "{CityNeed}", "state": "closed", "field": "energy", "reason": "x"},
    "needs/undo": {"decision": "{NeedDecision.0}"}, "needs/vision": {"name": "x", "text": "x"},
    "needs/adopt": {"vision": "{Vision}", "reason": "x"},
    "plan/begin": {"kind": "first", "name": "x"}, "plan/chapter": {"key": "goals", "text": "x", "opened": "x"},
    "plan/comment": {"key": "goals", "comment": "x"}, "plan/settle": {"id": "{PlanComment.0}", "key": "goals"},
    "plan/keep": {"remark": "x"}, "plan/restore": {"key": "goals", "version": "{PlanDraft}"},
    "plan/work": {"name": "x", "state": "planned", "reason": "x"}, "plan/undo": {"decision": "{PlanDecision.2}"},
    "plan/approve": {"reason": "x"}, "plan/publish": {}, "plan/withdraw": {"plan": "{ActionPlan}", "reason": "x"},
    "plan/decline": {"review": "{PlanReview}", "reason": "x"},
    "plan/answer/withdraw": {"answer": "{PlanAnswer}", "reason": "x"},
    "indicators/make": DEFINED, "indicators/take": {"offer": "pilots.hours_to_public"},
    "indicators/change": {**DEFINED, "id": KPI, "name_ja": "y", "reason": "x"},
    "indicators/record": {"id": KPI, "value": "1", "at": "2026-06-29", "reason": "x"},
    "indicators/link": {"start": KPI, "end": KPI, "verdict": "tie"}, "indicators/effect": {"id": KPI},
    "indicators/effect/withdraw": {"estimate": "{EffectEstimate}", "reason": "x"},
    "indicators/review": {"review": "{PlanReview}", "verdict": "send"},
    "indicators/review/back": {"review": "{PlanReview}", "reason": "x"},
    "indicators/undo": {"id": KPI}, "indicators/retire": {"id": KPI, "reason": "x"},
    "pilots/write": {"name": "x"}, "pilots/learn": {"pilot": "{Pilot}", "lessons": "x"},
    "pilots/decide": {"pilot": "{Pilot}", "gate": "start", "verdict": "later", "reason": "x"},
    "pilots/retract": {"decision": "{GateDecision}", "reason": "x"}, "pilots/operate": {"pilot": "{Pilot}"},
    "pilots/delay": {"hours": "12"},
    "partnership/consortium": {"name": "x", "text": "x", "rule": "majority", "quorum": "50"},
    "partnership/members": {"name": "x", "kind": "company", "role_of": "member", "text": "x"},
    "partnership/groups": {"name": "x", "text": "x"},
    "partnership/meetings": {"name": "x", "held_on": "2026-07-10", "place": "x", "agenda": "x"},
    "partnership/rules": {"name": "x", "text": "x"},
    "partnership/agreed": {"rule": "{DataRule}", "member": "{ConsortiumMember}"},
    "partnership/held": {"id": "{ConsortiumMeeting}", "minutes": "x"},
    "partnership/votes": {"id": "{ConsortiumMeeting}", "name": "x", "rule": "majority"},
    "partnership/cancelled": {"id": "{ConsortiumMeeting}", "reason": "x"},
    "partnership/left": {"id": "{ConsortiumMember}", "reason": "x"},
    "partnership/undo": {"change": "{PartnershipChange}"}, "partnership/days": {"name": "x", "held_on": "2026-07-10"},
    "partnership/withdraw": {"id": "{WorkingGroup}", "reason": "x"},
    "partnership/settings": {"setting": "follow_days", "value": "10", "reason": "x"},
    "partnership/offers/seed": {"name": "x", "text": "x", "provider": "x", "kind": "company", "field": "transport",
                                "maturity": "tried", "conditions": "x"},
    "partnership/offers/match": {"need": "{CityNeed.0}", "seed": "{SolutionSeed}"},
    "partnership/offers/step": {"match": "{SolutionMatch}", "to": "ended", "reason": "x"},
    "partnership/offers/withdraw": {"id": "{SolutionSeed.0}", "reason": "x"},
    "money/costs": {"name": "x", "task": "cloud", "amount": "480", "payer": "x", **YEARS},
    "money/incomes": {"name": "x", "source": "fee", "by": "household", "units": "800", "rate": "300", **YEARS},
    "money/withdraw": {"row": "{CostItem}", "reason": "x"}, "money/undo": {"change": "{MoneyChange}"},
    "money/settings": {"setting": "years", "value": "3", "reason": "x"},
    "money/sharing": {"name0": "A", "name1": "B", "alone0": "2000", "alone1": "1500", "use0": "1", "use1": "9",
                      "build": "1200", "operation": "1500", "rule": "equal", "title": "x"},
    "money/sharing/agreed": {"share": "{CostShare}", "first": "2026", "reason": "x"},
    "money/sharing/withdrawn": {"share": "{CostShare}", "reason": "x"},
    "health_points/settings": {"setting": "voucher_points", "value": "5", "reason": "x"},
    "health_points/partners": {"name": "x"},
    "health_points/publish": {}, "health_points/use": {"code": "RIDE234567", "partner": "x"},
    "shelters/state": {"place": "{Shelter}", "wanted": "open"}, "shelters/facts": {"place": "{Shelter}", "pets": "yes"},
    "shelters/reports": {"place": "{Shelter}", "kind": "order", "id": "report-1", "item": "water", "quantity": "5"},
    "shelters/orders/withdraw": {"order": "{ReliefOrder}", "reason": "x"},
    "shelters/decide": {"allocation": "urn:x:none", "verdict": "approved"},
    "shelters/settings": {"setting": "meals", "value": "2.5", "reason": "x"},
    "messages/write": {
        "template": "free", "status": "Exercise", "speech": "あ", "hours": "1", "topic": "daily",
        **{f"{part}_{one}": "x" for part in ("event", "headline", "text", "instruction", "area")
           for one in ("ja", "en", "easy")},
    },
    "messages/test": {"message": "{TownMessage}", "address": "a@b.example"},
    "messages/approve": {"message": "{TownMessage}", "read": "yes"},
    "messages/decline": {"message": "{TownMessage.0}", "reason": "x"},
    "messages/withdraw": {"alert": "urn:x:none", "reason": "x"},
    "messages/mark": {"broadcast": "urn:x:none", "road": "sheet"},
    "messages/answered": {"broadcast": "urn:x:none", "addresses": "a@b.example"},
    "messages/settings": {"setting": "tries", "value": "5", "reason": "x"}, "messages/publish": {},
    "messages/calls/add": {"name": "x", "helper": "y", "consent": "z"},
    "messages/calls/remove": {"person": "urn:x:none"},
    "messages/calls/tick": {"broadcast": "urn:x:none", "person": "urn:x:none"},
    "health_points/decide": {"day": "2026-06-01", "walker": "x", "verdict": "accept", "reason": "x"},
    "watch_cameras/remark": {"subject": "{CameraPlan}", "text": "x"},
    "watch_cameras/settings": {"setting": "reach", "value": "50", "reason": "x"},
    "watch_cameras/add": {"group": "pole", "name": "x", "shape": "138.2, 35.0"},
    "watch_cameras/plan": {"name": "x", "budget": "100"},
    "watch_cameras/take-out": {"id": "{CameraPole.0}", "reason": "x"},
    "watch_cameras/bring-back": {"id": "{CameraPole.0}"},
    "watch_cameras/again": {"id": "{CameraPlan}"}, "watch_cameras/take-back": {"id": "{CameraPlan}", "reason": "x"},
    "watch_cameras/adopt": {"id": "{CameraPlan}", "purpose": "x", "may_look": "x", "contact": "x", "reason": "x"},
    "watch_cameras/camera": {"id": "{Camera}", "to": "working", "reason": "x"},
    "watch_cameras/hand-over": {"camera": "{Camera}", "receiver": "x", "ground": "law", "purpose": "x",
                                "period_from": "2026-06-29T10:00", "period_to": "2026-06-29T11:00"},
    "watch_cameras/correct": {"id": "{FootageHandover}", "reason": "x"},
    "watch_cameras/answer": {"id": "{CameraRemark}", "verdict": "show", "reply": "x"},
    "civic_reports/hand-in": {"category": "road", "text": "x", "landmark": "x"},
    "civic_reports/withdraw": {"secret": "x"}, "civic_reports/contact": {"secret": "x"},
    "civic_reports/stop": {"who": "x", "key": "x"},
    "civic_reports/look": {"report": "{IssueReporting}", "text": "yes"},
    "civic_reports/cover": {"report": "{IssueReporting}", "photo": "x", "rectangles": "1 1 5 5"},
    "civic_reports/route": {"report": "{IssueReporting}", "office": "x", "category": "tree"},
    "civic_reports/proceed": {"report": "{IssueReporting}", "state": "in_progress", "answer": "x"},
    "civic_reports/merge": {"report": "{IssueReporting.1}", "head": "{IssueReporting.0}"},
    "civic_reports/unmerge": {"report": "{IssueReporting.1}"},
    "civic_reports/remove": {"report": "{IssueReporting}", "reason": "x"},
    "civic_reports/rules": {"category": "road", "office": "x"}, "civic_reports/rules/end": {"rule": "{IssueRule}"},
    "civic_reports/categories": {"code": "x", "name_ja": "x", "office": "x", "days": "3"},
    "civic_reports/settings": {"setting": "contact_days", "value": "5", "reason": "x"},
    "civic_reports/erase": {"report": "{IssueReporting}", "reason": "x"},
}  # fmt: skip
LIVED = (
    "messages/write",
    "guide/answer", "cases/add", "menu/decide", "needs/hand-in", "needs/add", "needs/add", "needs/add", "needs/vision",
    "indicators/make", "plan/begin", "plan/comment", "plan/keep", "plan/work", "pilots/write", "partnership/consortium",
    "partnership/members", "partnership/groups", "partnership/meetings", "partnership/rules", "partnership/offers/seed",
    "money/costs", "money/incomes", "money/sharing", "civic_reports/hand-in", "civic_reports/hand-in",
    "watch_cameras/add", "watch_cameras/plan",
)  # fmt: skip


class Circle(Inhabited):
    """An installation that has these services."""

    def services(self) -> tuple[Sequence[Service], Sequence[Broken]]:
        """All but those of test_routes."""
        return [load(f"machinami.services.{name}") for name in CIRCLE], []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town"), Circle) as found:
        for deed in LIVED:
            told = await send(found, "officer", deed)
            assert told[0] == 303, (deed, told)
        yield found


async def made(crowd: Crowd) -> dict[str, list[str]]:
    """What was made in town: the ids of each type (short name), in order."""
    town = await crowd.town.broker.town(None)
    short, found = {name: kind for kind, name in TERMS.items()}, dict[str, list[str]]()
    for change in await town.store.changes(0, 10_000):
        ids = found.setdefault(short.get(change.types[0], ""), [])
        ids += [change.entity_id] if change.entity_id not in ids else []
    return found


async def send(crowd: Crowd, who: str, deed: str, **more: str) -> tuple[int, bool]:
    """Send the form of a deed: the status, and whether that is a refusal."""
    known = await made(crowd)

    def named(place: re.Match[str]) -> str:
        ids = known.get(place[1], [])
        found = ids[int(place[2] or -1)] if ids else "urn:x:none"
        return found.rpartition(":")[2] if place[3] else found

    form = {re.sub(PLACE, named, name): re.sub(PLACE, named, text) for name, text in FORMS[deed].items()}
    told = await crowd.ask(who, "POST", f"/services/{deed}", form={**form, **SIGNED}, **more)
    return told.status, told.refused


PLACE = r"\{(\w+)(?:\.(\d))?(:)?\}"
ROWS = [line.split() for line in TABLE.strip().splitlines()]
DEEDS = [row for row in ROWS if len(row) == 4]


def filled(path: str) -> str:
    """A path of a service with something in its places."""
    return "/services/" + re.sub(r"\{\w+\}", "x.pdf", path)


@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_of_these_services_stands_in_the_table(crowd: Crowd) -> None:
    served = {(one.method, one.path) for one in crowd.town.routes if one.path.startswith("/services/")}
    assert served == {(method, f"/services/{path}") for _, method, path, *_ in ROWS}
    assert not set(CIRCLE) & set(SERVICES)


@pytest.mark.parametrize("row", [row for row in ROWS if row[1] == "GET"], ids=" ".join)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_page_is_shown_to_whom_the_table_says(crowd: Crowd, row: list[str]) -> None:
    kind, _, path = row
    for who, cell in OF_KIND[kind].items():
        told = await crowd.ask(who, "GET", filled(path))
        closed = path.endswith(".csv") and told.status == 403  # a table in which nothing would be taken for none
        assert cell == "?" or (cell == ".") == told.refused or closed, (who, told.status)
        assert told.status < 500, (who, told.text)


@pytest.mark.parametrize("service", CIRCLE)
@pytest.mark.asyncio(loop_scope="module")
async def test_who_may_not_changes_nothing_and_who_may_does(crowd: Crowd, service: str) -> None:
    told: dict[str, tuple[int, bool]] = {}
    for kind, _, deed, answer in (row for row in DEEDS if row[2].startswith(f"{service}/")):
        before = await crowd.state()
        for who in (who for who in WHO if OF_KIND[kind][who] == "."):
            status, refused = await send(crowd, who, deed)
            hidden = status in (404, 409)  # what it is about is not there for them
            assert refused or hidden or status == int(answer) == 422, (deed, who, status)
        assert await crowd.state() == before, deed
        may = [who for who in ("officer", *WHO) if OF_KIND[kind][who] == "v"]
        for number, who in enumerate(may):
            status, refused = await send(crowd, who, deed)
            assert not refused, (deed, who, status)
            due = (303, 409) if answer == "404" else (303,)  # what is due may be there by now, and decided by others
            if not number and status not in (int(answer), *due):
                told[deed] = status, refused
    assert not told


@pytest.mark.parametrize("deed", [row[2] for row in DEEDS if row[2] in FORMS])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_of_another_site_is_not_taken(crowd: Crowd, deed: str) -> None:
    before = await crowd.state()
    assert (await send(crowd, "administrator", deed, Sec_Fetch_Site="cross-site"))[0] == 403
    form = {**FORMS[deed], **SIGNED, "form_token": "0" * 32}
    assert (await crowd.ask("administrator", "POST", f"/services/{deed}", form=form)).status == 403
    assert await crowd.state() == before


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_resident_may_not_see_is_said_to_be_closed_and_not_to_be_missing(crowd: Crowd) -> None:
    told = (await crowd.ask("resident", "GET", "/services/guide")).text
    assert "まだ何も答えられていません" not in told
    assert 'class="closed"' in told
    assert "いまここ" not in told
    assert "次の 3 歩" not in told
