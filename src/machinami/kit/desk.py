"""What does a page know of its town? The services with their handles, the archive, and what the town is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from machinami.kit.appearance import Appearance
from machinami.kit.archive import Archive
from machinami.kit.city import City
from machinami.kit.disaster import Disaster
from machinami.kit.installed import Broken, Service
from machinami.kit.origin import AS_ASKED, Origin
from machinami.kit.rendered import Rendered
from machinami.kit.schedule import Health
from machinami.kit.switches import Switches
from machinami.kit.viewing import Identify, Oversees, Person, anyone, everyone, nobody

Layers = Mapping[str, Mapping[str, Any]]


def always() -> bool:
    """Whether a service is on in a town that turns none off."""
    return True


@dataclass(frozen=True, slots=True)
class House:
    """One installed service in a town: what it is, its handle on the town, how it fares, and whether it is on there."""

    service: Service
    city: City
    health: Health
    is_on: Callable[[], bool] = always


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that ends, and that an administrator must see to before. kind: what it is, as the words know it."""

    kind: str
    until: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages are given.

    town_name: by language (ja, en, easy). centre: longitude and latitude. simulated: whether simulated data
    are written into the town, or ever were.
    base_layers: the town's base map as GeoJSON feature collections by layer name, empty if there is none.
    set_to: what the installation is set to, by section.key of machinami.toml.
    houses: the services that are on, a function, so that pages see what was turned on or off since; resting: those
    that are installed and off; switches: how they stand. identify: who looks at a page.
    concerns: what ends soon; certificate_until: until when the TLS certificate holds, None without one.
    appearance: how the town looks.
    oversees: whether who looks may see how the machine is run. origin: how browsers call the town. person: what who
    looks is called, and what they are. disaster: whether the town is in its disaster mode.
    rendered: its pages that many ask for.
    """

    town_name: Mapping[str, str]
    centre: tuple[float, float]
    zoom: float
    time_zone: str
    simulated: bool
    version: str
    clock: Callable[[], datetime]
    archive: Archive
    houses: Callable[[], Sequence[House]]
    broken: Callable[[], Sequence[Broken]]
    base_layers: Callable[[], Layers]
    set_to: Mapping[str, Any] = field(default_factory=dict)
    identify: Identify = anyone
    concerns: Callable[[], Sequence[Concern]] = tuple
    certificate_until: Callable[[], datetime | None] = lambda: None
    appearance: Appearance = field(default_factory=Appearance)
    oversees: Oversees = everyone
    origin: Origin = AS_ASKED
    person: Person = nobody
    resting: Callable[[], Sequence[House]] = tuple
    switches: Switches = field(default_factory=Switches)
    disaster: Disaster = field(default_factory=Disaster)
    rendered: Rendered = field(default_factory=Rendered)
