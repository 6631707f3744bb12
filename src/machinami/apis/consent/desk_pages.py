"""How does a clerk take down at a desk what somebody without a phone wants, and give them a paper of it?"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from machinami.apis.consent.consent_pages import form_page, receipt_view, rows_of, told
from machinami.apis.consent.offers import offer, offers
from machinami.apis.consent.office import STAFF, Office
from machinami.apis.consent.terms_form import read_form_terms
from machinami.broker import consents, persons
from machinami.broker.legal_records import law_of
from machinami.broker.persons import demand_desk
from machinami.broker.pseudonyms import BEGIN as PSEUDONYM
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, Forbidden, MachinamiError, NotFound
from machinami.kit.fault import Fault
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.model.consent import Consent
from machinami.model.person import CODE, LETTERS, NUMBER, shown
from machinami.model.principal import Principal

DESK = "/desk"
_KEY = 16  # letters of a key by which somebody takes part in a service
PROOFS = ("signed", "spoken", "signed_language", "representative", "other")


def routes(office: Office) -> list[Route]:
    """The addresses of the desk."""
    page = office.pages("desk", STAFF)
    return [
        page("GET", DESK, _find(office), "The desk: find somebody, or make a card"),
        page("POST", f"{DESK}/cards", _make(office), "Make a card for somebody without an account"),
        page("GET", f"{DESK}/person", _person(office), "What somebody at the desk consented to"),
        page("GET", f"{DESK}/consent", _ask(office), "Read out what is asked, and choose"),
        page("POST", f"{DESK}/consent", _give(office), "Take down a consent for somebody"),
        page("POST", f"{DESK}/withdrawal", _withdraw(office), "Withdraw a consent on somebody's wish"),
        page("GET", f"{DESK}/receipt", _receipt(office), "The receipt in large type"),
        page("POST", f"{DESK}/participation", _hand_out(office), "Print another key for a service"),
    ]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the desk: the name under which they are known, and how they were found."""

    id: str
    card: str = ""
    name: str = ""
    recognised: str = ""

    @property
    def query(self) -> str:
        """How an address says who it is."""
        return urlencode({"card": self.card} if self.card else {"name": self.name})

    @property
    def number(self) -> str:
        """The number on their card, as it is printed."""
        return shown(self.card)


def visitor(office: Office, town: Town, said: Mapping[str, str], by: Principal) -> Visitor:
    """Who is meant: by the number of a card, or by the whole name that they sign in with. Raises NotFound, Forbidden
    for oneself."""
    demand_desk(town, by)
    if said.get("card", "").strip():
        card = persons.find_card(town, said["card"], by)
        return Visitor(card.id, card.number, "", card.recognised)
    name = said.get("name", "").strip().lower()
    account = office.identity.of(town.name).named(name) if name else None
    if account is None or account.ended is not None:
        raise NotFound("Nobody here has this card or this name")
    if account.principal_id == by.id:
        raise Forbidden("Nobody stands at the desk before themselves", principal=by.id)
    return Visitor(account.principal_id, "", name)


def names_at(town: Town, who: Visitor) -> list[str]:
    """Under which names the town knows who stands at the desk: their own, and what services would call them."""
    return [who.id, *persons.pseudonyms_at_services(town, who.id)]


def _name_for(office: Office, town: Town, who: Visitor, purpose: str) -> str:
    """Under which name they consent to a purpose: for a service that has them take part, its own pseudonym."""
    house = office.enrolling(purpose)
    if house is None or town.pseudonyms is None:
        return who.id
    return town.pseudonyms.of(house.city.manifest.id, who.id)


async def _key_for(office: Office, person: str, purpose: str) -> str:
    """Have somebody take part in the service that asks for a purpose; the key to be printed, empty where none does."""
    house = office.enrolling(purpose)
    if house is None or house.service.enrol is None or not person.startswith(PSEUDONYM):
        return ""
    key = _letters(_KEY)
    await house.service.enrol(house.city, person, key)
    return shown(key)


async def _desk(office: Office, request: Request, status: int = 200, fault: Fault | str = "") -> Response:
    town = await office.town(request)
    demand_desk(town, office.by(request))
    return office.show(request, "desk", status, fault=fault, asked=len(offers(office, town)))


def _find(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        return await _desk(office, request)

    return show


def _make(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        number, code = (_letters(count) for count in (NUMBER, CODE))
        try:
            card = await persons.make_card(town, number, code, form.get("recognised", ""), by)
        except BadRequestData as error:
            status, _ = told(office, request, error)
            return await _desk(office, request, status, office.words(request).plain("desk.say_how"))
        at = town.clock()
        return office.show(request, "card", 201, card=card, number=shown(number), code=shown(code), at=at)

    return take


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


async def _shown(
    office: Office, request: Request, who: Visitor, status: int = 200, fault: Fault | str = "", done: str = ""
) -> Response:
    town, by = await office.town(request), office.by(request)
    found = [one for name in names_at(town, who) for one in consents.of_person(town, name, by)]
    town.policy.note_shown(by, [who.id], "desk")
    rows = rows_of(town, found, office.words(request).language)
    holding = {row.consent.terms.purpose for row in rows if row.holds}
    asked = [one for one in offers(office, town) if one.purpose.id not in holding]
    taking = {row.consent.id for row in rows if row.holds and row.consent.subject.startswith(PSEUDONYM)}
    return office.show(
        request, "visitor", status, who=who, rows=rows, asked=asked, fault=fault, done=done, proofs=PROOFS,
        names=office.names(request, town), taking=taking,
    )  # fmt: skip


def _person(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        demand_desk(town, by)
        try:
            who = visitor(office, town, request.arguments, by)
        except NotFound:
            town.policy.note(by, "looked for somebody at the desk who is not here")
            return await _desk(office, request, 404, office.words(request).plain("desk.nobody"))
        return await _shown(office, request, who, done=request.arguments.get("done", ""))

    return show


def _ask(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, request.arguments, by)
        wanted = offer(office, town, request.arguments.get("purpose", ""))
        return _form(office, request, town, who, wanted.purpose.id)

    return show


def _form(
    office: Office,
    request: Request,
    town: Town,
    who: Visitor,
    purpose: str,
    status: int = 200,
    said: Mapping[str, str] | None = None,
    fault: Fault | str = "",
) -> Response:
    here = f"{DESK}/consent?{who.query}&{urlencode({'purpose': purpose})}"
    carried = {"card": who.card, "name": who.name}
    return form_page(
        office, request, town, offer(office, town, purpose), status, said, fault, behalf=who, action=f"{DESK}/consent",
        here=here, proofs=PROOFS, carried=carried,
    )  # fmt: skip


def proof_of(form: Mapping[str, str]) -> str:
    """How somebody showed at the desk that it is their will. Raises BadRequestData."""
    kind, words = form.get("proof", ""), form.get("proof_words", "").strip()
    if kind not in PROOFS or (kind == "other" and not words):
        raise BadRequestData("Say how the person showed that it is their will", member="proof", key="desk.no_proof")
    return f"{kind}: {words}"[:500] if words else kind


def _give(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, form, by)
        wanted = offer(office, town, form.get("purpose", ""))
        try:
            terms = read_form_terms(form, wanted, form.get("language", ""), town.clock())
            name = _name_for(office, town, who, wanted.purpose.id)
            given = await consents.give(town, name, terms, by, proof_of(form))
            key = await _key_for(office, name, wanted.purpose.id)
        except MachinamiError as error:
            status, fault = told(office, request, error)
            return _form(office, request, town, who, wanted.purpose.id, status, form, fault)
        if key:
            return _printed(office, request, town, who, given, key)
        return see_other(f"{DESK}/receipt?{who.query}&{urlencode({'id': given.id})}")

    return take


def _withdraw(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, form, by)
        try:
            known = law_of(town).consents.get(form.get("id", ""))
            if known is None or known.subject not in names_at(town, who):
                raise NotFound("They have no such consent")
            await consents.withdraw(town, known.id, by, proof_of(form))
        except MachinamiError as error:
            status, fault = told(office, request, error)
            return await _shown(office, request, who, status, fault)
        return see_other(f"{DESK}/person?{who.query}&done=withdrawn")

    return take


def _receipt(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, request.arguments, by)
        consent = consents.get(town, request.arguments.get("id", ""), by)
        if consent.subject not in names_at(town, who):
            raise NotFound("They have no such consent")
        town.policy.note_shown(by, [who.id], "desk")
        return _printed(office, request, town, who, consent)

    return show


def _printed(office: Office, request: Request, town: Town, who: Visitor, consent: Consent, key: str = "") -> Response:
    """The receipt in large type. key: by which they take part in a service; it is shown once."""
    page = office.service_page(consent.terms.purpose) if key else ""
    return office.show(
        request, "receipt", 201 if key else 200, number=who.number, back=f"{DESK}/person?{who.query}", key=key,
        page=page, **receipt_view(office, request, town, consent),
    )  # fmt: skip


def _hand_out(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        who = visitor(office, town, form, by)
        consent = consents.get(town, form.get("id", ""), by)
        if consent.subject not in names_at(town, who) or not consent.holds(town.clock()):
            raise NotFound("They have no such consent")
        key = await _key_for(office, consent.subject, consent.terms.purpose)
        if not key:
            raise NotFound("No service has people take part in this at a desk")
        town.policy.note(by, f"printed a key of {consent.terms.purpose} at the desk", people=[who.id])
        return _printed(office, request, town, who, consent, key)

    return take
