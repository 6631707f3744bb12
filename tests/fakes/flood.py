"""The flood service as the pages see it, with made-up rivers: what officers decide is kept in memory."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from types import SimpleNamespace

from tests.fakes import rivers, scenes

from machinami.foundation.errors import SettingsError
from machinami.kit.approving import DecisionRow
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.happening import Happening
from machinami.kit.http import Route
from machinami.kit.installed import Service, read_manifest
from machinami.kit.manifest import DataUse, Manifest, Text
from machinami.kit.settings import Refused, SettingChange, SettingSheet, fields_of, read_setting, refusal, written
from machinami.kit.words import Words
from machinami.model.vocabulary.alerts import Message
from machinami.model.vocabulary.office import Officer
from machinami.services.flood.book.state import State, ThresholdChange
from machinami.services.flood.model import Thresholds
from machinami.services.flood.page import book_routes

SETTINGS_PACKAGE = "machinami.services.flood"
SETTINGS = read_manifest(SETTINGS_PACKAGE)
HAPPENINGS = {
    "storm": lambda: scenes.storm(told=False),
    "told": scenes.storm,
    "calm": scenes.calm,
    "empty": scenes.empty,
}
STATES = {"storm": rivers.storm, "told": rivers.storm, "calm": rivers.calm, "empty": rivers.empty}
MANIFEST = Manifest(
    "flood",
    "1",
    "service",
    Text("川の水位と避難の提案", "River levels and warnings", "[川|かわ]の [水|みず]の [高|たか]さ"),
    Text("水位を見守り、予測し、提案する。", "Watches, forecasts, proposes."),
    (DataUse("FloodProposal"), DataUse("Alert")),
    (),
    Text("川はどこまで上がるか。町は何を伝えるべきか。", "How high will the rivers rise, and what should be said?"),
    "disaster",
    "危機管理課",
    (DataUse("RiverGauge"), DataUse("RainGauge")),
)


class FakeFlood:
    """Keeps one state per scene; `scene` is what happens now."""

    def __init__(self, scene: str) -> None:
        self.show(scene)

    def show(self, scene: str) -> None:
        """Begin a scene afresh."""
        self.scene = scene
        values = {setting.name: setting.default for setting in SETTINGS.settings}
        sheets = [SettingSheet(field) for field in fields_of(SETTINGS, values, Words("ja", SETTINGS_PACKAGE))]
        self.known = replace(STATES[scene](), settings=sheets)
        self.happens = HAPPENINGS[scene]()

    async def state(self, words: Words) -> State:
        """What is known."""
        return self.known

    async def happening(self, city: City, words: Words) -> Happening:
        """What the portal is told."""
        return replace(self.happens, notices=[*self.happens.notices, *self.known.notices])

    async def approve(self, proposal: str, message: Message, by: Officer) -> None:
        """Publish."""
        found = next(p for p in self.known.proposals if p.id == proposal)
        found = replace(found, **asdict(message))
        told = rivers.notice(found, f"{by.role} {by.who}")
        left = tuple(p for p in self.known.proposals if p.id != proposal)
        self._decide("approved", message.headline, by, "", proposals=left, notices=(told,))

    async def decline(self, proposal: str, reason: str, by: Officer) -> None:
        """Do not publish."""
        left = tuple(p for p in self.known.proposals if p.id != proposal)
        self._decide("declined", proposal, by, reason, proposals=left)

    async def withdraw(self, notice: str, reason: str, by: Officer) -> None:
        """Take back."""
        found = next(n for n in self.known.notices if n.id == notice)
        left = tuple(n for n in self.known.notices if n.id != notice)
        self._decide("withdrawn", found.headline, by, reason, notices=left)

    async def set_thresholds(self, gauge: str, levels: Thresholds, reason: str, by: Officer) -> None:
        """Change the levels."""
        sheet = next(s for s in self.known.sheets if s.id == gauge)
        change = ThresholdChange(scenes.NOW, by.who, by.role, reason, sheet.thresholds, levels)
        changed = replace(sheet, thresholds=levels, changes=(change, *sheet.changes))
        sheets = [changed if s.id == gauge else s for s in self.known.sheets]
        self._decide("thresholds", sheet.name, by, reason, sheets=sheets)

    async def undo_thresholds(self, gauge: str, by: Officer, seen: datetime) -> None:
        """Bring back the levels before."""
        sheet = next(s for s in self.known.sheets if s.id == gauge)
        await self.set_thresholds(gauge, sheet.changes[0].before, "取り消し", by)

    async def setting(self, form: Mapping[str, str], words: Words) -> Refused | None:
        """Change a setting, or bring back the value before."""
        name, by = form["setting"], Officer(form["who"], form["role"])
        sheet = next(s for s in self.known.settings if s.field.name == name)
        try:
            text = sheet.changes[0].before if form.get("undo") else form["value"]
            value = written(read_setting(SETTINGS.setting(name), text))
        except SettingsError:
            return Refused(name, form["value"], refusal(sheet.field, words))
        reason = form.get("reason", "")
        change = SettingChange(scenes.NOW, str(by), sheet.field.text, value, reason, bool(form.get("undo")))
        changed = SettingSheet(
            replace(sheet.field, text=value), (change, *sheet.changes), "" if form.get("undo") else "now"
        )
        settings = tuple(changed if s.field.name == name else s for s in self.known.settings)
        self._decide("setting", name, by, reason, settings=settings)
        return None

    def _decide(self, kind, subject: str, by: Officer, reason: str, **changed: object) -> None:
        decision = DecisionRow(scenes.NOW, kind, subject, by.who, by.role, reason)
        self.known = replace(self.known, decisions=(decision, *self.known.decisions), **changed)

    def service(self) -> Service:
        """The fake as an installed service."""
        page = SimpleNamespace(happening=self.happening, routes=self.routes)
        return Service("machinami.services.flood", MANIFEST, _nothing, None, timedelta(days=1), page)

    def routes(self, city: City, desk: Desk) -> list[Route]:
        """Its pages."""
        return book_routes(self, desk)


async def _nothing(city: City, now: object) -> None:
    """A refresh that does nothing."""
