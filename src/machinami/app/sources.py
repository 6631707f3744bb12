"""Where do the town's data come from? Starts the sources that the settings name: MQTT brokers, the simulated town."""

import asyncio
import json
import logging
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from machinami.app.declaring import consent_of_invented
from machinami.app.visiting import fetched
from machinami.broker.town import Town
from machinami.foundation.errors import InputError, SettingsError
from machinami.foundation.instant import format_instant, parse_instant
from machinami.foundation.settings import MqttSettings, Settings, TransitSettings
from machinami.foundation.settings import Simulation as SimulationSettings
from machinami.ingest.gtfs.parse.realtime import MOST_BYTES
from machinami.ingest.gtfs.source import Poll
from machinami.ingest.mqtt.mapping import read_mapping
from machinami.ingest.mqtt.source import Subscription
from machinami.ingest.town.source import Settings as TownSettings
from machinami.ingest.town.source import Simulation
from machinami.kit.city import Intake
from machinami.kit.installed import read_manifest
from machinami.kit.manifest import Manifest
from machinami.model.reading import Reading
from machinami.wire.targets import ANYWHERE, ForbiddenTarget, Targets

_LOG = logging.getLogger("machinami.sources")
_BORN = "simulation.json"
_NEWS = timedelta(hours=3)
SIMULATED_NAME = {
    "ja": "街並町（模擬）",
    "en": "Machinami-cho (simulated)",
    "easy": "まちなみちょう（ほんものではありません）",
}


class Sources:
    """The running sources of one town; one that ends in an error is said so and leaves the others alone."""

    def __init__(
        self,
        town: Town,
        settings: Settings,
        clock: Callable[[], datetime],
        manifests: Sequence[Manifest] = (),
        targets: Targets = ANYWHERE,
    ) -> None:
        self._targets = targets
        self._manifests = manifests
        self.simulation: Simulation | None = None
        self.mqtt: list[Subscription] = []
        self.gtfs: list[Poll] = []
        self.faults: dict[str, str] = {}
        self._town = town
        self._settings = settings
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every source."""
        for row in self._settings.mqtt:
            self._start_mqtt(row)
        for feed in self._settings.gtfs_realtime:
            self._start_gtfs(feed)
        if self._settings.simulation is not None:
            self._start_simulation(self._settings.simulation)

    async def stop(self) -> None:
        """Stop every source; what was delivered is kept."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def layers(self) -> Mapping[str, Mapping[str, Any]]:
        """The base map: of the simulated town its own; of a real town none is built in."""
        return self.simulation.town.layers() if self.simulation else {}

    def _start_mqtt(self, row: MqttSettings) -> None:
        try:
            rules = read_mapping(tomllib.loads(row.mapping.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"The MQTT mapping {row.mapping} cannot be read: {error}") from error
        self._demand_tls(row.url)
        intake = Intake(self._town, read_manifest("machinami.ingest.mqtt", "ingest"))
        source = Subscription(row, rules, intake.deliver, self._clock, asyncio.sleep)
        self.mqtt.append(source)
        self._run(f"mqtt {row.mapping.name}", source.run())

    def _start_gtfs(self, row: TransitSettings) -> None:
        parts = urlsplit(row.url)
        try:
            self._targets.check_way(parts.scheme == "https", parts.hostname or "")
        except ForbiddenTarget as error:
            raise SettingsError(f"machinami.toml: [[gtfs_realtime]] {error}") from error
        intake = Intake(self._town, read_manifest("machinami.ingest.gtfs", "ingest"))
        ca_file = self._settings.ca_file

        async def fetch(url: str) -> bytes:
            return await fetched(url, ca_file, MOST_BYTES)

        self.gtfs.append(Poll(row.url, row.feed, row.seconds, fetch, intake.deliver, self._clock, asyncio.sleep))
        self._run(f"gtfs {row.feed}", self.gtfs[-1].run())

    def _demand_tls(self, url: str) -> None:
        """Raise SettingsError where a broker may not be reached in the way that its address says."""
        parts = urlsplit(url)
        try:
            self._targets.check_way(parts.scheme == "mqtts", parts.hostname or "")
        except ForbiddenTarget as error:
            raise SettingsError(f"machinami.toml: [[mqtt]] {error}") from error

    def _start_simulation(self, wish: SimulationSettings) -> None:
        intake = Intake(self._town, read_manifest("machinami.ingest.town", "ingest"))
        settings = TownSettings(seed=wish.seed, days=wish.days, speed=wish.speed)
        anchor, resume = self._reached(self._settings.data / _BORN, wish.seed)

        async def deliver(readings: Sequence[Reading]) -> None:
            await consent_of_invented(self._town, self._manifests, readings)
            await _deliver(intake, readings, self._clock())
            if self.simulation is not None and readings:
                self._remember(self._settings.data / _BORN, wish.seed, readings[-1].observed_at)

        self.simulation = Simulation(settings, deliver, self._clock, asyncio.sleep, anchor, resume)
        self._run("simulation", self.simulation.run())
        # Drawing the base map takes most of a second: done beforehand, and not on the loop.
        self._run("base map", asyncio.to_thread(self.simulation.town.layers))

    def _reached(self, file: Path, seed: int) -> tuple[datetime | None, datetime | None]:
        """When this simulated town was born, and how far it came; nothing for a new one or another seed."""
        if not file.exists():
            return None, None
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["seed"] != seed:
            return None, None
        return parse_instant(kept["anchor"]), parse_instant(kept["reached"])

    def _remember(self, file: Path, seed: int, reached: datetime) -> None:
        if self.simulation is None:
            return
        anchor = format_instant(self.simulation.town.anchor)
        if reached < self.simulation.town.anchor:
            return
        text = json.dumps({"seed": seed, "anchor": anchor, "reached": format_instant(reached)})
        fresh = file.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)

    def _run(self, name: str, work: Any) -> None:
        async def watched() -> None:
            try:
                await work
            except Exception as error:  # the town goes on without this source, and says so on /health
                self.faults[name] = f"{type(error).__name__}: {error}"
                _LOG.exception("the source %s has ended", name)

        self._tasks.append(asyncio.create_task(watched(), name=name))


async def _deliver(intake: Intake, readings: Sequence[Reading], now: datetime) -> None:
    """Deliver readings; a long past goes into the history alone, what is recent or a fact is news as well."""
    past = [r for r in readings if len(readings) > 1_000 and r.observed_at < now - _NEWS and r.kind == "Property"]
    facts = {id(r) for r in past}
    if past:
        await intake.deliver_past(past)
    await intake.deliver([r for r in readings if id(r) not in facts])
