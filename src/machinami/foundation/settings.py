"""Which settings has an installation? Values only; the app reads them from the command line and machinami.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

NORMAL, FULL = "normal", "full"
LINES, JSON_LINES = "lines", "json"
LOG_FORMS = (LINES, JSON_LINES)
OFF, ACCEPTED, DEMANDED = "off", "accepted", "demanded"


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """One MQTT broker to listen to: its URL (mqtt:// or mqtts://), the file that says what its messages mean,
    and what is needed to get in: user and password, or the certificate and key of a client."""

    url: str
    mapping: Path
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    client_id: str = "machinami"
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """The city's own OpenID provider: its issuer, what this installation is called there and its secret, and what it is
    called for people. levels: which authentication level an acr or amr value means, level where none is known;
    identity: how surely the provider knows its people."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "OpenID"
    level: int = 1
    identity: int = 1
    levels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The server that letters are handed to, the address that they come from (sender), and who hands them in. host:
    empty where none is set; security: tls (from the first byte), starttls (before anything is told) or none;
    password_env: the environment variable with the password."""

    host: str = ""
    port: int = 587
    sender: str = ""
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: str = ""
    password_env: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BranchSettings:
    """Of whom this installation is a branch: the centre's URL, what it is called there, the types (short names) of what
    it delivers, the town there (empty: the default one), the key that it shows, and the
    services of which files are delivered, too."""

    of: str
    name: str
    types: tuple[str, ...]
    town: str = ""
    key: str = field(default="", repr=False)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransitSettings:
    """One GTFS-realtime feed: its URL, what its timetable is called in the town, and every how many seconds it is
    fetched."""

    url: str
    feed: str = "bus"
    seconds: int = 30


@dataclass(frozen=True, slots=True)
class Simulation:
    """The simulated town: its seed, and how many times faster than the clock its first hours pass."""

    seed: int = 1
    speed: float = 150.0
    days: int = 60


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation.

    branch: of whom it is one.

    data: the folder that holds everything; durability: normal (survives a crash of the program) or full (survives a
    power cut); cache_entities: how many entities stay at hand in memory (2 KB each); body_limit: largest request
    body in bytes; page_limit: largest page; instance_limit: how many past instances of an attribute come at once;
    waiting_writes: how many writes may wait for their commit, of one town; query_seconds: how long a query may take;
    connections: how many may be open, of all clients together, connections_per_address: of one address that is not this
    machine's (0: no bound); requests_at_once: how many may wait for their answer (and as many again that only read);
    body_memory, answer_memory: bytes of bodies that are being sent, and of answers that nobody has read yet, of all
    clients together; request_seconds: in which a request is to come in as a whole; idle_seconds: how long a silent
    connection is kept; workers: how many processes compute what takes long;
    log_days: how long the log is kept beyond what its readers need;
    notification_hours: how old a notification may become that its receiver does not take, before it is given up (0: as
    old as it will); alias: what other brokers call this one (empty: a
    name of its own making); address: the URL at which they and its clients reach it (empty: where it listens, and as
    each request calls it); trust_proxy: whether a proxy's word on that counts; split_entities: whether parts of one
    entity are expected at several brokers; context_bytes: how much of @contexts stays in memory; context_days:
    after how many they are fetched anew where their server does not say (0: never at all); ca_file: the authorities
    whose certificates are trusted besides those of the system; private_targets: whether clients may have a town
    that is served to the network connect to addresses inside it; certificate and certificate_key: for TLS;
    plain_targets: whether it connects to others without TLS; account_to: where the account is sent as it is kept, and
    account_secret_env: the environment variable with the secret that is shown there;
    idle_minutes, session_hours: after which people are signed out, idle or not; second_factor: of whom a second factor
    is demanded (empty: of administrators, where the town is served to a network); sha1_codes: whether authenticators
    that know only SHA-1 are taken; leaked_passwords: a file of SHA-1 digests in their order, of passwords that nobody
    may take; requests_per_client: how often one person, program or address may ask in a second (0: as often as they
    like; None: 200 where others than who sits at the machine can); handed_in_per_address, handed_in_per_town: how much
    people who are not signed in may hand in within an hour, from one address and all together (0: no bound);
    encrypted: whether the file of a new town is; key_file: where the key of all keys is kept; person_keys: the folder
    with the keys that seal what is personal (None: in the data folder, so that copies of it hold them);
    client_certificates: off, accepted (of programs and devices
    that have one) or demanded (of everybody), of client_authority (None: the town's own); hsts_days: how long
    browsers that have been here come by TLS alone, and hsts_subdomains: to the hosts below this one, too; mosquitto:
    the folder in which the devices' keys are kept ready for a mosquitto broker, mosquitto_pid: the file with its
    process number; mqtt_certificate, mqtt_key: which notifications to MQTT brokers show; stand_in: whether a process
    of its own waits to serve copies of the light pages should this one be killed; ntp: the time server that the clock
    is held against (empty: neighbours and the disk); log_form: whether the log is lines for people or JSON for
    programs; measure: whether requests are counted for /metrics; trace_to: where traces are sent (empty: none are
    made), trace_share: of how many of all requests.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 1026
    durability: str = NORMAL
    cache_entities: int = 100_000
    body_limit: int = 10_000_000
    waiting_writes: int = 20_000
    query_seconds: int = 30
    connections: int = 2_000
    connections_per_address: int = 256
    requests_at_once: int = 512
    body_memory: int = 128_000_000
    answer_memory: int = 256_000_000
    request_seconds: int = 30
    idle_seconds: int = 75
    workers: int = 2
    page_limit: int = 1_000
    instance_limit: int = 2_000
    alias: str = ""
    address: str = ""
    trust_proxy: bool = False
    split_entities: bool = False
    context_bytes: int = 20_000_000
    context_days: int = 30
    log_days: int = 30
    notification_hours: int = 168
    town_name: Mapping[str, str] = field(default_factory=lambda: {"ja": "わたしの街", "en": "My town"})
    centre: tuple[float, float] = (138.2529, 36.2048)
    zoom: float = 12.0
    time_zone: str = "Asia/Tokyo"
    mqtt: tuple[MqttSettings, ...] = ()
    gtfs_realtime: tuple[TransitSettings, ...] = ()
    ca_file: Path | None = None
    private_targets: bool = False
    certificate: Path | None = None
    certificate_key: Path | None = None
    client_certificates: str = OFF
    client_authority: Path | None = None
    hsts_days: int = 365
    hsts_subdomains: bool = True
    openid: OpenIdSettings | None = None
    idle_minutes: int = 30
    session_hours: int = 12
    second_factor: str = ""
    sha1_codes: bool = True
    leaked_passwords: Path | None = None
    requests_per_client: int | None = None
    handed_in_per_address: int = 20
    handed_in_per_town: int = 300
    plain_targets: bool = False
    account_to: str = ""
    account_secret_env: str = ""
    mosquitto: Path | None = None
    mosquitto_pid: Path | None = None
    stand_in: bool = False
    branch: BranchSettings | None = None
    mqtt_certificate: Path | None = None
    mqtt_key: Path | None = None
    encrypted: bool = False
    key_file: Path | None = None
    person_keys: Path | None = None
    backup_to: Path | None = None
    backup_key: Path | None = None
    backup_every: float = 86_400.0
    backup_days: int = 30
    backup_rehearse: int = 7
    simulation: Simulation | None = None
    mail: MailSettings = field(default_factory=MailSettings)
    fast_lane: bool = True
    ntp: str = ""
    log_form: str = LINES
    measure: bool = True
    trace_to: str = ""
    trace_share: float = 1.0
