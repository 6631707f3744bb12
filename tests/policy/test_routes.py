"""Which address is for whom? Every route of the installation stands in one table; a new one fails until it does."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from tests.apis.ngsild.tenants import DRIVERS, ROOT
from tests.policy.inhabited import FAULT, GAUGE, MARK, ROLES, Crowd, Told, inhabited

WHO = ("nobody", *(role.value for role in ROLES))

# What a kind of address means: v, it answers them; . it refuses (401, 403, or leads to where one signs in).
# ? it depends on what they show it.
# words: tells nothing of the town's data, by intent.  entry: takes what is shown to come in.  page: never refused, and
# shows each what they may read.  reading: data.  correcting, deciding: changes of data, by the deeds of the policy.
# making, releasing: anonymous data, by the staff, and by who decides. telling: one's own subscriptions, and how their
# notifications fare.
# own: one's own account, and the rules that hold for all.  agreed: one's own consents, and those of whom one speaks for
# (tried in tests/consent).  people: who belongs to the town.  machine: how the installation is run.
# standby: everything there is, for a key that was made for a second machine, and for no person.
KIND_TABLE = """
            nobody resident officer head mayor admin operator
words       v      v        v       v    v     v     v
entry       ?      ?        ?       ?    ?     ?     ?
agreed      ?      ?        ?       ?    ?     ?     ?
page        v      v        v       v    v     v     v
reading     .      v        v       v    v     v     .
correcting  .      .        v       v    v     v     .
deciding    .      .        v       v    .     v     .
making      .      .        v       v    v     v     .
telling     .      .        v       v    v     v     .
releasing   .      .        .       v    v     v     .
own         .      v        v       v    v     v     v
people      .      .        .       .    .     v     .
machine     .      .        .       .    .     v     v
standby     .      .        .       .    .     .     .
"""
ROUTE_TABLE = """
words       GET    /health
machine     GET    /metrics
correcting  GET    /branches/{branch}/changes
correcting  POST   /branches/{branch}/changes
correcting  PUT    /branches/{branch}/files/{owner}/{name}
correcting  DELETE /branches/{branch}/files/{owner}/{name}
standby     POST   /standby/look
standby     GET    /standby/part
standby     POST   /standby/takeover
machine     GET    /operations
machine     GET    /operations/findings
machine     GET    /operations/bundle
people      GET    /operations/retention
people      POST   /operations/retention
page        GET    /disaster
deciding    POST   /disaster
deciding    GET    /disaster/mode
deciding    POST   /disaster/mode
page        GET    /light
machine     GET    /platform/towns
machine     POST   /platform/towns
machine     GET    /platform/towns/{name}
machine     PATCH  /platform/towns/{name}
machine     DELETE /platform/towns/{name}
machine     POST   /platform/towns/{name}/invitations
machine     POST   /platform/towns/{name}/encryption
machine     POST   /platform/towns/{name}/move
machine     GET    /platform/record
machine     GET    /platform/reports/{file}
machine     GET    /towns
machine     POST   /towns
machine     POST   /towns/{name}/quota
machine     POST   /towns/{name}/invitation
machine     POST   /towns/{name}/move
machine     POST   /towns/{name}/deletion
people      GET    /look
people      POST   /look
words       GET    /look.css
words       GET    /look/crest
words       GET    /contexts/machinami.jsonld
words       GET    /openapi.json
words       GET    /docs
words       GET    /docs/try
entry       GET    /first
entry       POST   /first
entry       GET    /sign-in
entry       POST   /sign-in
entry       POST   /sign-in/code
own         GET    /consents
own         POST   /consents
own         GET    /consents/{id}
own         POST   /consents/{id}/change
own         POST   /consents/{id}/withdraw
own         GET    /consents/{id}/receipt
deciding    GET    /consent-counts
own         GET    /my-data
own         GET    /my-data/kept
own         GET    /my-data/reads
own         GET    /my-data/export
own         GET    /my-data/names
own         POST   /my-data/names
own         POST   /my-data/names/removal
own         GET    /my-data/consents
own         GET    /my-data/consents/new
own         POST   /my-data/consents
own         GET    /my-data/consents/{id}
own         GET    /my-data/consents/{id}/change
own         POST   /my-data/consents/{id}/change
own         GET    /my-data/consents/{id}/withdrawal
own         POST   /my-data/consents/{id}/withdrawal
own         GET    /my-data/consents/{id}/receipt
own         GET    /my-data/corrections
own         GET    /my-data/corrections/new
own         POST   /my-data/corrections
own         GET    /my-data/erasure
own         POST   /my-data/erasure
own         GET    /my-data/erasure/{id}
own         GET    /me/data
own         GET    /me/reads
own         GET    /me/export
own         GET    /me/corrections
own         POST   /me/corrections
own         GET    /me/erasure
own         POST   /me/erasure
own         GET    /me/erasure/{id}
own         POST   /me/names
correcting  GET    /corrections
correcting  POST   /corrections/decision
correcting  GET    /correction-requests
correcting  POST   /correction-requests/{id}/decision
deciding    GET    /desk
deciding    POST   /desk/cards
deciding    GET    /desk/person
deciding    GET    /desk/consent
deciding    POST   /desk/consent
deciding    POST   /desk/withdrawal
deciding    GET    /desk/receipt
deciding    POST   /desk/participation
deciding    GET    /desk/erasure
deciding    POST   /desk/erasure
deciding    GET    /desk/erasure/report
deciding    POST   /cards
deciding    GET    /cards/{number}
words       GET    /purposes
people      POST   /purposes
people      POST   /purposes/{id}/close
words       GET    /ethics-board
people      POST   /ethics-board
words       GET    /ethics-applications
deciding    POST   /ethics-applications
words       GET    /ethics-applications/{id}
own         POST   /ethics-applications/{id}/steps
words       GET    /ethics
people      GET    /ethics/board
people      POST   /ethics/board
deciding    GET    /ethics/apply
deciding    POST   /ethics/apply
words       GET    /ethics/{id}
own         POST   /ethics/{id}
own         GET    /ethics/{id}/revision
own         POST   /ethics/{id}/revision
own         GET    /erasures
own         POST   /erasures
own         GET    /erasures/{id}
own         GET    /pseudonyms
own         POST   /pseudonyms/resolution
own         GET    /pairs
own         POST   /pairs
own         DELETE /pairs/{id}
own         POST   /pairs/codes
own         GET    /pairs/peers
people      POST   /pairs/peers
agreed      POST   /pairs/redemption
agreed      POST   /pairs/revocation
own         GET    /grounds
people      POST   /grounds
people      POST   /grounds/{id}/end
own         GET    /legal-classes
people      POST   /legal-classes
people      POST   /legal-classes/removal
entry       GET    /sign-in/provider
entry       GET    /sign-in/provider/return
entry       POST   /sign-out
entry       GET    /sign-out/provider
entry       POST   /sign-out/provider/back-channel
entry       GET    /invitation
entry       POST   /invitation
entry       POST   /identity/passkeys/challenge
entry       POST   /identity/passkeys/session
entry       POST   /identity/devices/check
entry       POST   /oauth/token
words       GET    /.well-known/jwks.json
words       GET    /.well-known/oauth-authorization-server
own         GET    /account
own         POST   /account/password
own         POST   /account/sessions
own         POST   /account/totp/begin
own         POST   /account/totp
own         POST   /account/totp/end
own         POST   /account/passkeys/{id}/removal
own         POST   /identity/passkeys/registration
own         POST   /identity/passkeys
people      GET    /people
people      POST   /people
people      POST   /people/{id}/invitation
people      POST   /keys/{id}/certificates
people      POST   /keys/{id}/certificates/removal
people      POST   /people/{id}/roles
people      POST   /people/{id}/end
people      GET    /keys
people      POST   /keys
people      POST   /keys/{id}/rotation
people      POST   /keys/{id}/revocation
people      GET    /identity/keys
people      POST   /identity/keys
people      POST   /identity/keys/{id}/rotation
people      DELETE /identity/keys/{id}
people      GET    /policy
people      POST   /policy/withdrawal
people      GET    /policy/personal
people      POST   /policy/personal
people      GET    /policy/explanation
people      GET    /policy/open
people      GET    /policy/new
people      POST   /policy/rows
people      GET    /policy/usual
people      POST   /policy/usual
people      GET    /audit
people      GET    /audit/entries.jsonl
people      GET    /audit/entries.csv
people      GET    /audit/verification
people      POST   /audit/verification
people      GET    /governance/policy
people      POST   /governance/policy/rows
people      GET    /governance/policy/rows/{id}
people      DELETE /governance/policy/rows/{id}
people      POST   /governance/policy/preview
people      GET    /governance/policy/usual
people      GET    /governance/policy/explanation
people      GET    /governance/audit/entries
people      GET    /governance/audit/batches
people      GET    /governance/audit/head
people      GET    /governance/audit/verification
telling     GET    /notifications
telling     GET    /notifications/{id}
telling     POST   /notifications/{id}/hold
telling     POST   /notifications/{id}/release
telling     POST   /notifications/{id}/replay
telling     POST   /notifications/{id}/forget
telling     POST   /notifications/{id}/test
telling     GET    /deliveries
telling     GET    /deliveries/{id}
telling     POST   /deliveries/{id}/hold
telling     POST   /deliveries/{id}/release
telling     POST   /deliveries/{id}/test
telling     POST   /deliveries/{id}/replay
telling     DELETE /deliveries/{id}/untold
telling     GET    /deliveries/{id}/why
making      GET    /releases
making      GET    /releases/new
making      POST   /releases
people      POST   /releases/ground
making      GET    /releases/{id}/{version}
releasing   POST   /releases/{id}/{version}/publication
making      POST   /releases/{id}/{version}/refusal
making      POST   /releases/{id}/{version}/withdrawal
making      GET    /governance/releases
making      POST   /governance/releases
making      GET    /governance/releases/{id}/{version}
releasing   POST   /governance/releases/{id}/{version}/publication
making      POST   /governance/releases/{id}/{version}/refusal
making      POST   /governance/releases/{id}/{version}/withdrawal
making      GET    /governance/release-budgets
people      POST   /governance/release-budgets
page        GET    /open-data
page        GET    /open-data/catalogue.json
page        GET    /open-data/{id}/{file}
own         GET    /audit/own
own         GET    /governance/audit/own
page        GET    /
page        GET    /day
reading     GET    /map
reading     GET    /data
reading     GET    /data/{type}
reading     GET    /data/{type}/{id}
reading     GET    /data/{type}/{id}/history.csv
correcting  POST   /data/{type}/{id}/correction
reading     GET    /datamap
words       GET    /services
deciding    POST   /services
words       GET    /help
words       GET    /about
words       GET    /{rest:path}
words       POST   /{rest:path}
words       PUT    /{rest:path}
words       PATCH  /{rest:path}
words       DELETE /{rest:path}
words       GET    /map/style.json
words       GET    /map/base/{file}
words       GET    /static/{path:path}
words       GET    /manifest.webmanifest
reading     GET    /services/flood
deciding    POST   /services/flood/thresholds
deciding    POST   /services/flood/settings
deciding    POST   /services/flood/approve
deciding    POST   /services/flood/decline
deciding    POST   /services/flood/withdraw
deciding    POST   /services/flood/thresholds/undo
reading     GET    /services/flood/cap
reading     GET    /services/flood/cap/{name}
page        GET    /services/participation
page        GET    /services/participation/new
page        GET    /services/participation/pieces/{id}
page        GET    /services/participation/similar
page        GET    /services/participation/plan
page        GET    /services/participation/rounds/{id}
page        GET    /services/participation/surveys/{id}
page        POST   /services/participation/vote
page        POST   /services/participation/answer
page        POST   /services/participation/hand-in
page        POST   /services/participation/support
page        POST   /services/participation/comment
page        POST   /services/participation/withdraw
page        POST   /services/participation/object
deciding    POST   /services/participation/reply
deciding    POST   /services/participation/hide
deciding    POST   /services/participation/judge
deciding    POST   /services/participation/settings
deciding    POST   /services/participation/rounds
deciding    POST   /services/participation/rounds/project
deciding    POST   /services/participation/rounds/project/removal
deciding    POST   /services/participation/rounds/state
deciding    POST   /services/participation/surveys
deciding    POST   /services/participation/surveys/figure
deciding    POST   /services/participation/surveys/state
"""
BROKER = (
    "broker"  # the operations of the NGSI-LD face: each is held against the policy in test_faces and test_strangers
)
JSON_FACES = (
    "/identity/",
    "/governance/",
    "/consents",
    "/erasures",
    "/pairs",
    "/pseudonyms",
    "/purposes",
    "/grounds",
    "/legal-classes",
    "/deliveries",
)
BODIES: Mapping[str, Any] = {
    "/purposes": {"id": "walking", "texts": {"ja": "歩く", "en": "walking", "easy": "あるく"}},
    "/grounds": {"id": "g", "basis": "law", "who": "role:officer", "reason": "x", "until": "2099-01-01T00:00:00Z"},
    "/legal-classes": {"class": "personal", "type": "Case"},
}
LIGHT = {("GET", "/"), ("GET", "/light")}  # pages with no script, and no style but the one that stands in them
COOKIELESS = {
    ("POST", "/oauth/token"), ("POST", "/identity/devices/check"), ("POST", "/sign-out/provider/back-channel"),
}  # no cookie opens anything there  # fmt: skip
FILLED = {"{type}": "RiverGauge", "{id}": GAUGE, "{rest:path}": "nowhere", "{name}": "x", "{code}": "x", "{file}": "x",
          "{path:path}": "css/machinami.css", "{number}": "ABCDEFGH", "{version}": "1", "{branch}": "x",
          "{owner}": "x"}  # fmt: skip
OFFICER = {"who": "Kei", "role": "officer"}
PROPOSAL, ROUND, SURVEY = (f"urn:ngsi-ld:{kind}:none" for kind in ("Proposal", "BudgetRound", "WellBeingSurvey"))
LEVELS = {"attention": "1", "judgement": "2", "danger": "3", "bank": "4"}
FORMS: Mapping[str, Mapping[str, str]] = {
    "/disaster": {"state": "drill", "reason": "x", **OFFICER},
    "/operations/retention": {"type": "*", "raw": "400", "do": "keep"},
    "/data/{type}/{id}/correction": {
        "attribute": "waterLevel", "instance": "urn:x:1", "value": "1", "reason": "silt", **OFFICER},
    "/services": {"service": "none", "state": "off", "reason": "x", **OFFICER},
    "/services/flood/thresholds": {"gauge": GAUGE, "reason": "dredged", **LEVELS, **OFFICER},
    "/services/flood/settings": {"setting": "silent_minutes", "value": "30", "reason": "night", **OFFICER},
    "/services/flood/approve": {"read": "yes", "proposal": "urn:x:1", **dict.fromkeys(
        ("headline", "body", "instruction", "area"), "x"), **OFFICER},
    "/services/flood/decline": {"proposal": "urn:x:1", "reason": "x", **OFFICER},
    "/services/flood/withdraw": {"notice": "urn:x:1", "reason": "x", **OFFICER},
    "/services/flood/thresholds/undo": {"gauge": GAUGE, "seen": "2026-07-01T00:00:00Z", **OFFICER},
    "/services/participation/hand-in": {"kind": "proposal", "name": "x", "text": "x"},
    "/services/participation/support": {"piece": PROPOSAL},
    "/services/participation/comment": {"piece": PROPOSAL, "text": "x"},
    "/services/participation/withdraw": {"piece": PROPOSAL},
    "/services/participation/object": {"piece": PROPOSAL, "reason": "x"},
    "/services/participation/reply": {"piece": PROPOSAL, "state": "answered", "reply": "x", **OFFICER},
    "/services/participation/hide": {"piece": PROPOSAL, "reason": "x", **OFFICER},
    "/services/participation/judge": {"piece": PROPOSAL, "verdict": "keep", "reason": "x", **OFFICER},
    "/services/participation/vote": {"round": ROUND, "project-p1": "yes"},
    "/services/participation/answer": {"survey": SURVEY, "happy": "5", "band": "unsaid"},
    "/services/participation/rounds": {"name": "x", "budget": "100", "closes_on": "2099-01-01", **OFFICER},
    "/services/participation/rounds/project": {"round": ROUND, "name": "x", "cost": "1", **OFFICER},
    "/services/participation/rounds/project/removal": {"round": ROUND, "project": "p1", **OFFICER},
    "/services/participation/rounds/state": {"round": ROUND, "state": "open", **OFFICER},
    "/services/participation/surveys": {"name": "x", "closes_on": "2099-01-01", **OFFICER},
    "/services/participation/surveys/figure": {"survey": SURVEY, "category": "moving", **OFFICER},
    "/services/participation/surveys/state": {"survey": SURVEY, **OFFICER},
    "/services/participation/settings": {"setting": "reply_days", "value": "30", "reason": "x", **OFFICER},
}  # fmt: skip


def read_kinds() -> dict[str, dict[str, str]]:
    """Whom each kind answers."""
    rows = [line.split() for line in KIND_TABLE.strip().splitlines()[1:]]
    return {name: dict(zip(WHO, cells, strict=True)) for name, *cells in rows}


def read_routes() -> dict[tuple[str, str], str]:
    """The kind of each route."""
    rows = [line.split() for line in ROUTE_TABLE.strip().splitlines()]
    own = {(method, path): kind for kind, method, path in rows}
    assert len(own) == len(rows)
    return own | {(method, path if path.startswith("/ngsi-ld") else ROOT + path): BROKER for method, path in DRIVERS}


KINDS, ROUTES = read_kinds(), read_routes()
OURS = [route for route, kind in ROUTES.items() if kind != BROKER]
CHANGING = [route for route in OURS if route[0] != "GET" and ROUTES[route] != "words"]

PROGRAMS = (
    "/identity",
    "/governance",
    "/consents",
    "/erasures",
    "/pairs",
    "/pseudonyms",
    "/purposes",
    "/ethics-board",
    "/ethics-applications",
    "/grounds",
    "/legal-classes",
    "/me/",
    "/correction-requests",
    "/cards",
    "/platform",
    "/deliveries",
    "/disaster/mode",
    "/branches",
    "/standby",
)  # JSON, no forms
FORMED = [route for route in CHANGING if not route[1].startswith((*PROGRAMS, "/oauth")) and route not in COOKIELESS]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with inhabited(tmp_path_factory.mktemp("town")) as found:
        yield found


def filled(path: str, **more: str) -> str:
    """A path with something in each of its places."""
    for part, text in FILLED.items():
        path = path.replace(part, more.get(part.strip("{}"), text))
    return path


async def ask(crowd: Crowd, who: str, route: tuple[str, str], **more: Any) -> Told:
    """What somebody is answered by a route, asked as its pages or its programs do."""
    method, path = route
    query = "?attribute=waterLevel" if path.endswith("history.csv") else ""
    if method == "GET" and not path.startswith("/ngsi-ld"):
        return await crowd.ask(who, method, filled(path) + query, **more)
    if path.startswith(PROGRAMS):
        return await crowd.ask(who, method, filled(path), body={}, **more)
    if path.startswith("/ngsi-ld"):
        return await crowd.ask(who, method, filled(path), body={}, Accept="*/*", **more)
    return await crowd.ask(who, method, filled(path), form=FORMS.get(path, {}), **more)


@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_of_the_installation_stands_in_the_table(crowd: Crowd) -> None:
    assert {(route.method, route.path) for route in crowd.town.routes} == set(ROUTES)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("route", [one for one in OURS if one != ("POST", "/sign-out")], ids=" ".join)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_route_answers_whom_the_table_says(crowd: Crowd, route: tuple[str, str], who: str) -> None:
    before = await crowd.state()
    told = await ask(crowd, who, route)
    assert told.status < 500 or route == ("GET", "/sign-in/provider"), told.text
    if route == ("POST", "/legal-classes") and told.status == 201:  # who has personal data here is somebody who may ask
        taken = await crowd.ask("administrator", "POST", "/legal-classes/removal", body={"type": "Case", "reason": "x"})
        assert taken.status == 200, taken.text
    cell = KINDS[ROUTES[route]][who]
    hidden = told.status in (404, 409) and bool(FORMS.get(route[1]))  # what a change is about is not there for them
    assert cell == "?" or (cell == "v") != told.refused or (cell == "." and hidden), (told.status, told.text[:300])
    if cell == "." or told.refused:
        assert await crowd.state() == before
    if KINDS["reading"][who] == ".":
        assert MARK not in told.text + repr(told.headers)


@pytest.mark.parametrize("route", CHANGING, ids=" ".join)
@pytest.mark.asyncio(loop_scope="module")
async def test_another_site_changes_nothing_with_the_session_of_an_administrator(
    crowd: Crowd, route: tuple[str, str]
) -> None:
    before = await crowd.state()
    for said in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://evil.test"}):
        told = await ask(crowd, "administrator", route, **said)
        assert told.status == 403 or route in COOKIELESS, (said, told.status, told.text)
        assert await crowd.state() == before


@pytest.mark.parametrize("route", FORMED, ids=" ".join)
@pytest.mark.parametrize("token", ["", "0" * 32, "é"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_without_the_token_of_its_browser_changes_nothing(
    crowd: Crowd, route: tuple[str, str], token: str
) -> None:
    before = await crowd.state()
    form = {**FORMS.get(route[1], {}), "form_token": token}
    told = await crowd.ask("administrator", route[0], filled(route[1]), form=form)
    assert told.status == 403, told.text
    assert await crowd.state() == before


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
@pytest.mark.asyncio(loop_scope="module")
async def test_every_answer_tells_browsers_what_they_may_do_with_it(crowd: Crowd, route: tuple[str, str]) -> None:
    for who in ("nobody", "officer"):
        told = await ask(crowd, who, route, Sec_Fetch_Site="cross-site")
        fields = {name.lower(): value for name, value in told.headers.items()}
        assert fields["x-content-type-options"] == "nosniff"
        assert fields["cross-origin-resource-policy"] == "same-origin"
        policy = fields["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        page = fields.get("content-type", "").startswith("text/html")
        light = "style-src 'sha256-" in policy  # in a disaster, and in the drill that an officer begins above
        assert not light or (route in LIGHT and "script" not in policy)
        assert ("default-src 'none'" in policy) == (light or not page)
        if page:
            assert fields["referrer-policy"] == "same-origin"
            assert fields["cross-origin-opener-policy"] == "same-origin"
            assert "camera=()" in fields["permissions-policy"]
        if ROUTES[route] != "words":
            assert fields["cache-control"] == "no-store"
        assert not {"server", "x-powered-by", "access-control-allow-origin"} & fields.keys()


@pytest.mark.asyncio(loop_scope="module")
async def test_strangers_are_told_no_more_than_whether_the_town_is_well(crowd: Crowd) -> None:
    for who in WHO:
        health = await crowd.ask(who, "GET", "/health")
        metrics = await crowd.ask(who, "GET", "/metrics")
        about, services = await crowd.ask(who, "GET", "/about"), await crowd.ask(who, "GET", "/services")
        oversees = KINDS["machine"][who] == "v"
        assert health.status == 200
        assert ('"parts"' in health.text) == ("machinami_subscriptions" in metrics.text) == oversees
        assert health.text == '{"status":"degraded"}' or oversees
        assert ("page_limit" in about.text) == (FAULT in services.text) == oversees


@pytest.mark.asyncio(loop_scope="module")
async def test_figures_are_for_who_is_here_and_for_keys_made_for_them(crowd: Crowd) -> None:
    wanted = {"name": "prometheus", "use": "key", "roles": ["service"], "days": 3}
    for scopes, status in ((["metrics"], 200), (["read"], 401), (None, 401)):
        made = await crowd.ask("administrator", "POST", "/identity/keys", body={**wanted, "scopes": scopes})
        assert made.status == 201, made.text
        secret = made.text.partition('"secret":"')[2].partition('"')[0]
        with_key = {"Cookie": "", "Authorization": f"Bearer {secret}"}
        assert (await crowd.ask("nobody", "GET", "/metrics", **with_key)).status == status
        if scopes == ["metrics"]:
            assert (await crowd.ask("nobody", "GET", ROOT + "/types", Accept="*/*", **with_key)).status == 403
    async with crowd.session.get("/metrics") as here:
        assert here.status == 200
    assert (await crowd.ask("administrator", "GET", "/metrics", NGSILD_Tenant="default")).status == 401


@pytest.mark.asyncio(loop_scope="module")
async def test_figures_name_what_a_town_holds_to_its_own_people_alone(crowd: Crowd) -> None:
    made = await crowd.ask("administrator", "POST", ROOT + "/subscriptions", body={
        "id": "urn:ngsi-ld:Subscription:figures", "type": "Subscription", "entities": [{"type": "Gauge"}],
        "notification": {"endpoint": {"uri": "http://127.0.0.1:9/"}}})  # fmt: skip
    assert made.status == 201, made.text
    for who, named in (("administrator", True), ("operator", False)):
        told = (await crowd.ask(who, "GET", "/metrics")).text
        assert ("urn:ngsi-ld:Subscription:figures" in told) == named
        assert 'machinami_subscription_lag_most{town="default"}' in told


@pytest.mark.asyncio(loop_scope="module")
async def test_a_table_is_saved_under_a_name_that_is_only_a_name(crowd: Crowd) -> None:
    told = await ask(crowd, "officer", ("GET", "/data/{type}/{id}/history.csv"))
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[\w%.~-]+", told.headers["Content-Disposition"])
    assert told.headers["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.asyncio(loop_scope="module")
async def test_signing_out_is_for_everybody_and_the_last_thing_here(crowd: Crowd) -> None:
    for who in WHO:
        told = await crowd.ask(who, "POST", "/sign-out", form={})
        assert (told.status, told.headers["Location"]) == (303, "/")
        assert (await crowd.ask(who, "GET", "/account")).refused
