"""Which settings do not go together, or do nothing as they are? One row each."""

from collections.abc import Callable

from machinami.foundation.settings import OFF, Settings
from machinami.model.checkup.facts import Contradiction

Holds = Callable[[Settings], bool]


def _inside(settings: Settings, name: str) -> bool:
    path = getattr(settings, name)
    return path is not None and str(path.absolute()).startswith(str(settings.data.absolute()) + "/")


ROWS: tuple[tuple[str, tuple[str, ...], Holds], ...] = (
    (
        "certificate_without_key",
        ("server.certificate", "server.certificate_key"),
        lambda s: s.certificate is None and s.certificate_key is not None,
    ),
    (
        "clients_without_tls",
        ("server.client_certificates", "server.certificate"),
        lambda s: s.client_certificates != OFF and s.certificate is None,
    ),
    (
        "address_plain",
        ("network.address", "server.certificate"),
        lambda s: s.certificate is not None and s.address.startswith("http://"),
    ),
    (
        "mqtt_half",
        ("network.mqtt_certificate", "network.mqtt_key"),
        lambda s: s.mqtt_key is not None and s.mqtt_certificate is None,
    ),
    (
        "mosquitto_half",
        ("devices.mosquitto_pid", "devices.mosquitto"),
        lambda s: s.mosquitto_pid is not None and s.mosquitto is None,
    ),
    ("key_inside", ("store.key_file",), lambda s: _inside(s, "key_file")),
    ("persons_inside", ("store.person_keys",), lambda s: _inside(s, "person_keys")),
    (
        "key_unused",
        ("store.key_file", "store.encrypted"),
        lambda s: s.key_file is not None and not s.encrypted and not s.key_file.exists(),
    ),
    (
        "account_open",
        ("account.send_to", "account.secret_env"),
        lambda s: bool(s.account_to) and not s.account_secret_env,
    ),
    (
        "idle_longer",
        ("sign_in.idle_minutes", "sign_in.session_hours"),
        lambda s: s.idle_minutes > 60 * s.session_hours,
    ),
    (
        "strangers_over",
        ("server.handed_in_per_address", "server.handed_in_per_town"),
        lambda s: 0 < s.handed_in_per_town < s.handed_in_per_address,
    ),
    ("bodies_over", ("server.body_limit", "server.body_memory"), lambda s: s.body_limit > s.body_memory),
    (
        "address_over",
        ("server.connections_per_address", "server.connections"),
        lambda s: s.connections_per_address > s.connections,
    ),
)


def contradictions(settings: Settings) -> tuple[Contradiction, ...]:
    """Every row that holds."""
    return tuple(Contradiction(key, names) for key, names, holds in ROWS if holds(settings))
