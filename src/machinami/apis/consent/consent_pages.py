"""What am I asked for, what did I consent to, and how do I change or withdraw it? Pages that a phone shows well."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from machinami.apis.consent.mine_pages import MINE
from machinami.apis.consent.offers import decision_of, offer, offers
from machinami.apis.consent.office import Office
from machinami.apis.consent.shapes import receipt
from machinami.apis.consent.terms_form import LENGTHS, Offer, read_form_terms
from machinami.broker import consents, legal_records, persons
from machinami.broker.legal_records import law_of
from machinami.broker.persons import as_person
from machinami.broker.reasons import short
from machinami.broker.town import Town
from machinami.foundation.errors import BadRequestData, MachinamiError, NotFound
from machinami.kit.fault import Fault, fault_of
from machinami.kit.frame import PageHandler, read_form, see_other
from machinami.kit.http import Request, Response, Route
from machinami.kit.problem import describe
from machinami.kit.words import LANGUAGES
from machinami.model.consent import Consent
from machinami.model.principal import Principal
from machinami.model.purpose import Purpose

CONSENTS = f"{MINE}/consents"


def routes(office: Office) -> list[Route]:
    """The addresses of one's own consents."""
    page, one = office.pages("consents"), f"{CONSENTS}/{{id}}"
    return [
        page("GET", CONSENTS, _list(office), "What I consented to, and what I am asked for"),
        page("GET", f"{CONSENTS}/new", _ask(office), "What I am asked for, in three kinds of language"),
        page("POST", CONSENTS, _give(office), "Consent"),
        page("GET", one, _show(office), "A consent with every step"),
        page("GET", f"{one}/change", _other(office), "Consent to something else"),
        page("POST", f"{one}/change", _change(office), "Consent to something else from now on"),
        page("GET", f"{one}/withdrawal", _sure(office), "What follows from withdrawing"),
        page("POST", f"{one}/withdrawal", _withdraw(office), "Withdraw a consent at once"),
        page("GET", f"{one}/receipt", _receipt(office), "The receipt of a consent, to be printed"),
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """A consent in a list: whether it holds now, and what its text begins with."""

    consent: Consent
    holds: bool
    text: str


async def own_consent(town: Town, consent_id: str, by: Principal) -> tuple[Consent, Principal]:
    """A consent of who asks, and as whom they speak of it: under the name under which it was given. Raises NotFound."""
    names = await persons.names_of(town, by)
    found = law_of(town).consents.get(consent_id)
    if found is None or found.subject not in names:
        raise NotFound(f"There is no consent {consent_id[:200]} here")
    return found, by if found.subject == by.id else as_person(found.subject)


def shown_text(purpose: Purpose | None, consent: Consent, language: str = "") -> str:
    """What was shown when somebody consented, in the language in which it was shown (or in another one)."""
    versions = [] if purpose is None else [one for one in purpose.versions if str(one.number) == consent.terms.text]
    return versions[0].by_language.get(language or consent.terms.language, "") if versions else ""


def rows_of(town: Town, found: list[Consent], language: str) -> list[Row]:
    """Consents as rows, what holds first, the last given first."""
    purposes, now = {one.id: one for one in legal_records.purposes(town)}, town.clock()
    latest = sorted(found, key=lambda one: one.events[-1].at, reverse=True)
    rows = [
        Row(one, one.holds(now), shown_text(purposes.get(one.terms.purpose), one, language).partition("\n")[0])
        for one in latest
    ]
    return sorted(rows, key=lambda row: not row.holds)


def _list(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        names = await persons.names_of(town, by)
        language, law = office.words(request).language, law_of(town)
        rows = rows_of(town, [one for name in names for one in law.of(name)], language)
        holding = {row.consent.terms.purpose for row in rows if row.holds}
        asked = [one for one in offers(office, town) if one.purpose.id not in holding]
        return office.show(
            request, "consents", rows=rows, asked=asked, names=office.names(request, town),
            done=request.arguments.get("done", ""),
        )  # fmt: skip

    return show


def language_of(request: Request, page: str) -> str:
    """In which language the text is to be shown: as asked, else that of the page."""
    asked = request.arguments.get("text", "")
    return asked if asked in LANGUAGES else page


def form_page(
    office: Office,
    request: Request,
    town: Town,
    wanted: Offer,
    status: int = 200,
    said: Mapping[str, str] | None = None,
    fault: Fault | str = "",
    **more: object,
) -> Response:
    """The text with its switch, and what can be chosen."""
    words = office.words(request)
    language = (said or {}).get("language") or language_of(request, words.language)
    view = {
        "offer": wanted, "names": office.names(request, town), "reading": language, "lengths": tuple(LENGTHS),
        "said": said or {}, "fault": fault, "short": short, "consent": None, "behalf": None, "action": CONSENTS,
        "here": f"{CONSENTS}/new?purpose={wanted.purpose.id}", "recognised": "", "carried": {},
    }  # fmt: skip
    return office.show(request, "give", status, **{**view, **more})


def told(office: Office, request: Request, error: MachinamiError) -> tuple[int, Fault]:
    """The status and the words for what is wrong with a form."""
    status = describe(error)[0]
    return (422 if status == 400 else status), fault_of(error, office.words(request))


def _ask(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        persons.demand_person(by)
        return form_page(office, request, town, offer(office, town, request.arguments.get("purpose", "")))

    return show


def _give(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        persons.demand_person(by)
        wanted = offer(office, town, form.get("purpose", ""))
        try:
            terms = read_form_terms(form, _known(wanted, form), form.get("language", ""), town.clock())
            given = await consents.give(town, by.id, terms, by)
        except MachinamiError as error:
            status, fault = told(office, request, error)
            return form_page(office, request, town, wanted, status, form, fault)
        return see_other(f"{CONSENTS}/{given.id}?done=given")

    return take


def _known(wanted: Offer, form: Mapping[str, str]) -> Offer:
    """The offer, where its text is still the one that was shown. Raises BadRequestData."""
    if form.get("version") != wanted.version:
        raise BadRequestData("The text has changed meanwhile; read it again", key="give.changed_text")
    return wanted


def _show(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        consent, _ = await own_consent(town, request.params["id"], by)
        purpose = {one.id: one for one in legal_records.purposes(town)}.get(consent.terms.purpose)
        reading = language_of(request, consent.terms.language)
        approval = law_of(town).approvals.get(consent.terms.purpose)
        return office.show(
            request, "consent", consent=consent, holds=consent.holds(town.clock()), reading=reading,
            text=shown_text(purpose, consent, reading), names=office.names(request, town), own=by.id,
            is_open=purpose is not None and purpose.is_open(town.clock()), decision=decision_of(approval),
            page=office.service_page(consent.terms.purpose),
            done=request.arguments.get("done", ""),
        )  # fmt: skip

    return show


def _other(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        consent, _ = await own_consent(town, request.params["id"], by)
        wanted = offer(office, town, consent.terms.purpose, consent)
        here = f"{CONSENTS}/{consent.id}/change"
        return form_page(office, request, town, wanted, consent=consent, action=here, here=f"{here}?")

    return show


def _change(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        town, by = await office.town(request), office.by(request)
        consent, speaker = await own_consent(town, request.params["id"], by)
        wanted = offer(office, town, consent.terms.purpose, consent)
        try:
            terms = read_form_terms(form, _known(wanted, form), form.get("language", ""), town.clock())
            await consents.change(town, consent.id, terms, speaker)
        except MachinamiError as error:
            status, fault = told(office, request, error)
            here = f"{CONSENTS}/{consent.id}/change"
            return form_page(
                office, request, town, wanted, status, form, fault, consent=consent, action=here, here=f"{here}?"
            )
        return see_other(f"{CONSENTS}/{consent.id}?done=changed")

    return take


def _sure(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        consent, _ = await own_consent(town, request.params["id"], by)
        page = office.service_page(consent.terms.purpose)
        return office.show(
            request, "withdraw", consent=consent, names=office.names(request, town), page=page,
            holds=consent.holds(town.clock()),
        )  # fmt: skip

    return show


def _withdraw(office: Office) -> PageHandler:
    async def take(request: Request) -> Response:
        read_form(request)
        town, by = await office.town(request), office.by(request)
        consent, speaker = await own_consent(town, request.params["id"], by)
        await consents.withdraw(town, consent.id, speaker)
        return see_other(f"{CONSENTS}/{consent.id}?done=withdrawn")

    return take


def receipt_view(office: Office, request: Request, town: Town, consent: Consent) -> dict[str, Any]:
    """What the page of a receipt shows."""
    purpose = {one.id: one for one in legal_records.purposes(town)}.get(consent.terms.purpose)
    return {
        "consent": consent,
        "said": receipt(consent, purpose, town.name, town.clock(), short),
        "names": office.names(request, town),
        "text": shown_text(purpose, consent),
        "now": town.clock(),
    }


def _receipt(office: Office) -> PageHandler:
    async def show(request: Request) -> Response:
        town, by = await office.town(request), office.by(request)
        consent, _ = await own_consent(town, request.params["id"], by)
        view = receipt_view(office, request, town, consent)
        return office.show(request, "receipt", number="", key="", back=f"{CONSENTS}/{consent.id}", **view)

    return show
