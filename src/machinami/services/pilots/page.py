"""Which pilots does the town run, what was decided on them, and what did they teach, for each of three readers?"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from machinami.foundation.errors import BadRequestData
from machinami.foundation.instant import parse_instant
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.effects import Cited, cited
from machinami.kit.frame import Frame, PageHandler, read_form, see_other
from machinami.kit.happening import Event, seen
from machinami.kit.http import Request, Response, Route
from machinami.kit.settings import read_setting
from machinami.kit.signing import Audience, choose_audience, officer, said, said_if
from machinami.kit.words import Words
from machinami.model.view import Ref
from machinami.model.view import Words as Spoken
from machinami.model.vocabulary.circle import Gate, GateDecision, Pilot, Verdict
from machinami.model.vocabulary.office import Officer
from machinami.services.pilots import logic, service
from machinami.services.pilots.model import GATES, VERDICTS, Indicator, Settings, Verdicts
from machinami.services.pilots.service import PACKAGE, Standing

ADDRESS = "/services/pilots"
TEMPLATE = f"{PACKAGE}/page.html"
Deed = Callable[[Mapping[str, str], Words, Officer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Card:
    """One pilot as the page shows it: with what was measured, whether that keeps the rule (None: not known), its
    decisions, the newest first, what is missing before it may begin, the gates before which it stands, and what was
    estimated of the effect of its work on its indicator."""

    pilot: Pilot
    key: str
    indicator: Indicator | None
    work: str
    met: bool | None
    decisions: Sequence[GateDecision]
    missing: Sequence[str]
    gates: Sequence[Gate]
    effects: Sequence[Cited] = ()

    @property
    def rule(self) -> tuple[str, float] | None:
        """The rule of success, where the entity says one that can be read."""
        said = self.pilot.success_rule or {}
        kind, bound = said.get("is"), said.get("value")
        if kind not in ("at_least", "at_most") or isinstance(bound, bool) or not isinstance(bound, int | float):
            return None
        return str(kind), float(bound)

    @property
    def last(self) -> GateDecision | None:
        """The decision that can be taken back."""
        return next((one for one in self.decisions if not one.retracted), None)


@dataclass(frozen=True, slots=True)
class View:
    """All that the page shows to one reader."""

    audience: Audience
    cards: Sequence[Card]
    standing: Standing
    waiting: Sequence[GateDecision]
    rate: tuple[int, int]
    hours: int
    done: str
    may: bool
    decides: bool


def routes(city: City, desk: Desk) -> list[Route]:
    """The page of the pilots of one town, and each deed on it."""
    frame = Frame.around(desk)
    return [
        frame.page("GET", ADDRESS, _show(city, frame), "Pilots, gates, decisions, lessons"),
        *(
            frame.page("POST", f"{ADDRESS}/{name}", _take(deed, name, frame), summary)
            for name, summary, deed in _deeds(city)
        ),
    ]


async def events(city: City, words: Words, start: datetime, end: datetime, /) -> Sequence[Event]:
    """What was decided at the gates, when it became public, and what of it was taken back."""
    names = {one.id: words.of(one.name, one.id) for one in await seen(city, Pilot)}
    found = []
    for one in await seen(city, GateDecision):
        pilot, simulated, back = str(one.ref_pilot), bool(one.simulated), (one.retracted or {}).get("at")
        name, address = names.get(pilot, pilot), f"{ADDRESS}#pilot-{pilot.rpartition(':')[2]}"
        public = one.published_at or one.decided_at
        if public is not None and one.verdict and one.gate:
            told = words.plain(f"pilots.day.{one.verdict}.{one.gate}", name=name)
            found.append(Event(public, told, address, 2, simulated))
        if back:
            told = words.plain("pilots.day.back.decision", name=name)
            found.append(Event(parse_instant(back), told, address, 2, simulated))
    return [event for event in found if start <= event.at < end]


def _show(city: City, frame: Frame) -> PageHandler:
    async def show(request: Request) -> Response:
        words, asked = frame.words(request, PACKAGE), request.arguments
        done = asked.get("done", "")
        audience = choose_audience(asked.get("view"))
        seen = await view(city, audience, words, done if words.has(f"pilots.done.{done}") else "")
        return frame.show(request, TEMPLATE, pilots=seen)

    return show


async def view(city: City, audience: Audience, words: Words, done: str = "") -> View:
    """The page for one reader. What waits to be public is shown to officers alone."""
    standing = await service.standing(city)
    decides = city.may_decide(Pilot.TYPE)
    waiting = await service.waiting(city) if audience == "officer" and decides else []
    hours = (await city.settings(Settings)).hours_before_public
    cards = [_card(pilot, standing, waiting, words) for pilot in standing.pilots]
    order = {state: place for place, state in enumerate(("running", "planned", "passed", "in_operation"))}
    cards.sort(key=lambda card: (order.get(card.pilot.state or "", len(order)), card.pilot.id))
    return View(
        audience, cards, standing, waiting, logic.reached(standing.pilots), hours, done, city.is_author(), decides
    )


def _card(pilot: Pilot, standing: Standing, waiting: Sequence[GateDecision], words: Words) -> Card:
    indicator = next((one for one in standing.indicators if one.id == pilot.ref_indicator), None)
    work = next((one for one in standing.works if one.id == pilot.ref_initiative), None)
    taken = [one for one in (*standing.decisions, *waiting) if one.ref_pilot == pilot.id]
    taken.sort(key=lambda one: one.decided_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    return Card(
        pilot,
        pilot.id.rpartition(":")[2],
        indicator,
        "" if work is None else words.of(work.name, work.id),
        logic.is_met(pilot.success_rule, indicator.current if indicator else None),
        taken,
        logic.missing(pilot) if pilot.state in (None, "planned") else (),
        logic.gates_of(pilot),
        cited((one for one in standing.effects if logic.is_about(one, pilot)), words),
    )


def _take(deed: Deed, name: str, frame: Frame) -> PageHandler:
    async def take(request: Request) -> Response:
        form = read_form(request)
        await deed(form, frame.words(request, PACKAGE), officer(form))
        return see_other(f"{ADDRESS}?view=officer&done={name}")

    return take


def _deeds(city: City) -> list[tuple[str, str, Deed]]:
    async def write(form: Mapping[str, str], words: Words, by: Officer) -> None:
        known = await city.get(Pilot, form["pilot"]) if form.get("pilot") else None
        await service.write_down(city, read_pilot(form, words, known, city.new_id(Pilot.TYPE), by, city.now()), by)

    async def decide(form: Mapping[str, str], words: Words, by: Officer) -> None:
        await service.decide(city, said(form, "pilot"), read_verdict(form, words, by), by)

    async def retract(form: Mapping[str, str], words: Words, by: Officer) -> None:
        await service.retract(city, said(form, "decision"), said(form, "reason"), by)

    async def operate(form: Mapping[str, str], words: Words, by: Officer) -> None:
        await service.into_operation(city, said(form, "pilot"), by)

    async def learn(form: Mapping[str, str], words: Words, by: Officer) -> None:
        lessons = Spoken({words.tongue: said(form, "lessons")})
        await service.say_lessons(city, said(form, "pilot"), lessons, by)

    async def delay(form: Mapping[str, str], words: Words, by: Officer) -> None:
        setting = city.manifest.setting("hours_before_public")
        await city.set_setting(setting.name, read_setting(setting, said(form, "hours")), str(by))

    return [
        ("write", "Write a pilot down", write),
        ("decide", "Decide at a gate", decide),
        ("retract", "Take the last decision back", retract),
        ("operate", "A pilot that passed runs as a service", operate),
        ("learn", "What a pilot taught", learn),
        ("delay", "How long decisions wait before they are public", delay),
    ]


def read_pilot(
    form: Mapping[str, str], words: Words, known: Pilot | None, new_id: str, by: Officer, now: datetime
) -> Pilot:
    """The pilot as it was typed; what is typed in one language leaves the other as it was. Raises BadRequestData."""

    def spoken(name: str, before: Spoken | None) -> Spoken | None:
        text = said_if(form, name)
        others = {tag: kept for tag, kept in (before or {}).items() if tag != words.tongue}
        return Spoken({**others, **({words.tongue: text} if text else {})}) or None

    personal = form.get("personal") == "yes"
    check = {"personal": personal, "approval": said_if(form, "approval", 120), "by": str(by), "at": now.isoformat()}
    old = known or Pilot(new_id)
    return Pilot(
        old.id,
        Spoken({**(old.name or {}), words.tongue: said(form, "name", 120)}),
        spoken("hypothesis", old.hypothesis),
        _lines(form, "verify"),
        _lines(form, "not_needed"),
        spoken("comparison", old.comparison),
        _rule(form),
        said_if(form, "operator", 120) or None,
        said_if(form, "payer", 120) or None,
        spoken("acceptance", old.acceptance),
        check if form.get("checked") == "yes" else None,
        "planned",
        ref_initiative=Ref(form["initiative"]) if form.get("initiative") else None,
        ref_indicator=Ref(form["indicator"]) if form.get("indicator") else None,
    )


def read_verdict(form: Mapping[str, str], words: Words, by: Officer) -> Verdicts:
    """The decision as it was typed. Further deciders stand one a line, as "name, role". Raises BadRequestData."""
    gate: Gate | None = next((one for one in GATES if one == form.get("gate")), None)
    verdict: Verdict | None = next((one for one in VERDICTS if one == form.get("verdict")), None)
    if gate is None or verdict is None:
        raise BadRequestData("Choose a gate and a verdict", field="verdict", key="refused.nothing")
    people = [{"name": by.who, "role": by.role}, *(_person(line) for line in _lines(form, "with") or ())]
    dissent = said_if(form, "dissent")
    reason = Spoken({words.tongue: said(form, "reason")})
    return Verdicts(gate, verdict, reason, Spoken({words.tongue: dissent}) if dissent else None, tuple(people))


def _person(line: str) -> dict[str, str]:
    name, _, role = line.replace("、", ",").partition(",")
    if not name.strip() or not role.strip():
        what = f'"{line}" is no name and role; write each on a line as: name, role'
        raise BadRequestData(what, field="with", key="refused.people")
    return {"name": name.strip(), "role": role.strip()}


def _rule(form: Mapping[str, str]) -> dict[str, object] | None:
    text = said_if(form, "bound", 30)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        what = f"The bound of the rule of success is a number, not {text!r}"
        raise BadRequestData(what, field="bound", key="refused.no_number") from error
    return {"is": "at_most" if form.get("rule") == "at_most" else "at_least", "value": value}


def _lines(form: Mapping[str, str], name: str) -> list[str] | None:
    return [line.strip() for line in said_if(form, name).splitlines() if line.strip()] or None
