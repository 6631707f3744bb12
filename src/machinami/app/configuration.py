"""What has this installation been told? Reads machinami.toml in the data folder into Settings."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from machinami.app.branch_settings import branch
from machinami.app.outside_settings import gtfs_realtime, mail, mqtt, openid
from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import (
    ACCEPTED,
    DEMANDED,
    FULL,
    LOG_FORMS,
    NORMAL,
    OFF,
    Settings,
    Simulation,
)
from machinami.model.identity.demand import Second

FILE = "machinami.toml"
_SECURITY = ("tls", "starttls", "none")
_CERTIFICATES = (OFF, ACCEPTED, DEMANDED)
SECOND_FACTORS = tuple(one.value for one in Second)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One setting: its name in Settings, whether a value may stand there, and what is right, in words."""

    field: str
    fits: Callable[[Any], bool]
    right: str
    made: Callable[[Any, Path], Any] = lambda value, _: value


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _whole(field: str, low: int, high: int) -> _Rule:
    return _Rule(
        field, lambda value: isinstance(value, int) and _is_number(value, low, high), f"a whole number, {low} to {high}"
    )


def _number(field: str, low: float, high: float) -> _Rule:
    return _Rule(
        field,
        lambda value: _is_number(value, low, high),
        f"a number, {low:g} to {high:g}",
        lambda value, _: float(value),
    )


def _file(field: str, example: str) -> _Rule:
    return _Rule(
        field,
        lambda value: isinstance(value, str) and bool(value),
        f'the name of a file, such as "{example}"',
        lambda value, folder: folder / value,
    )


def _is_name(value: object) -> bool:
    return isinstance(value, dict) and "ja" in value and all(isinstance(text, str) and text for text in value.values())


def _is_place(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and _is_number(value[0], -180, 180)
        and _is_number(value[1], -90, 90)
    )


def _is_zone(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ValueError, OSError, KeyError):
        return False


def _flag(field: str) -> _Rule:
    return _Rule(field, lambda value: isinstance(value, bool), "true or false")


def _is_alias(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,60}", value) is not None


def _is_address(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", value) is not None


def _is_safe_address(value: object) -> bool:
    return (
        isinstance(value, str)
        and _is_address(value)
        and value.startswith(("https://", "http://127.0.0.1", "http://localhost"))
    )


def _is_span(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,3}[mhd]", value) is not None


def _is_host(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9:._-]{1,253}", value) is not None


def _is_mail(value: object) -> bool:
    return (
        isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", value) is not None
    )


_RULES: Mapping[str, Mapping[str, _Rule]] = {
    "town": {
        "name": _Rule("town_name", _is_name, 'such as { ja = "わたしの街", en = "My town" }'),
        "centre": _Rule(
            "centre", _is_place, "[longitude, latitude], such as [138.25, 36.2]",
            lambda value, _: (float(value[0]), float(value[1])),
        ),
        "zoom": _number("zoom", 0, 22),
        "time_zone": _Rule("time_zone", _is_zone, 'the name of a time zone, such as "Asia/Tokyo"'),
    },
    "store": {
        "durability": _Rule("durability", lambda value: value in (NORMAL, FULL), f'"{NORMAL}" or "{FULL}"'),
        "cache_entities": _whole("cache_entities", 1, 100_000_000),
        "log_days": _whole("log_days", 0, 36_500),
        "waiting_writes": _whole("waiting_writes", 100, 1_000_000),
        "query_seconds": _whole("query_seconds", 1, 600),
        "encrypted": _flag("encrypted"),
        "key_file": _file("key_file", "/media/keys/machinami.key"),
        "person_keys": _file("person_keys", "/media/keys/machinami"),
    },
    "server": {
        "body_limit": _whole("body_limit", 1_000, 1_000_000_000),
        "connections": _whole("connections", 64, 100_000),
        "connections_per_address": _whole("connections_per_address", 0, 100_000),
        "requests_at_once": _whole("requests_at_once", 8, 10_000),
        "body_memory": _whole("body_memory", 10_000_000, 100_000_000_000),
        "answer_memory": _whole("answer_memory", 10_000_000, 100_000_000_000),
        "request_seconds": _whole("request_seconds", 1, 600),
        "idle_seconds": _whole("idle_seconds", 1, 3_600),
        "workers": _whole("workers", 1, 64),
        "page_limit": _whole("page_limit", 1, 100_000),
        "instance_limit": _whole("instance_limit", 1, 10_000_000),
        "certificate": _file("certificate", "server.pem"),
        "certificate_key": _file("certificate_key", "server.key"),
        "client_certificates": _Rule(
            "client_certificates", lambda value: value in _CERTIFICATES, ", ".join(f'"{one}"' for one in _CERTIFICATES)
        ),
        "client_authority": _file("client_authority", "authority/ca.pem"),
        "hsts_days": _whole("hsts_days", 0, 730),
        "hsts_subdomains": _flag("hsts_subdomains"),
        "requests_per_client": _whole("requests_per_client", 0, 1_000_000),
        "stand_in": _flag("stand_in"),
        "handed_in_per_address": _whole("handed_in_per_address", 0, 1_000_000),
        "handed_in_per_town": _whole("handed_in_per_town", 0, 1_000_000),
        "context_bytes": _whole("context_bytes", 1_000_000, 10_000_000_000),
        "context_days": _whole("context_days", 0, 36_500),
    },
    "sign_in": {
        "idle_minutes": _whole("idle_minutes", 1, 1_440),
        "session_hours": _whole("session_hours", 1, 168),
        "second_factor": _Rule(
            "second_factor", lambda value: value in SECOND_FACTORS, ", ".join(f'"{one}"' for one in SECOND_FACTORS)
        ),
        "sha1_codes": _flag("sha1_codes"),
        "leaked_passwords": _file("leaked_passwords", "pwned-passwords-sha1-ordered-by-hash.txt"),
    },
    "network": {
        "alias": _Rule("alias", _is_alias, 'up to 60 letters, digits and - . _, such as "matsukawa"'),
        "address": _Rule(
            "address", _is_address, 'the URL at which other brokers reach this one, such as "https://city.example"',
            lambda value, _: value.rstrip("/"),
        ),
        "trust_proxy": _flag("trust_proxy"),
        "split_entities": _flag("split_entities"),
        "notification_hours": _whole("notification_hours", 0, 876_000),
        "ca_file": _file("ca_file", "ca.pem"),
        "private_targets": _flag("private_targets"),
        "plain_targets": _flag("plain_targets"),
        "mqtt_certificate": _file("mqtt_certificate", "town.pem"),
        "mqtt_key": _file("mqtt_key", "town.key"),
    },
    "account": {
        "send_to": _Rule(
            "account_to", _is_safe_address, 'an https:// address, such as "https://records.city.example/machinami"'
        ),
        "secret_env": _Rule(
            "account_secret_env",
            lambda value: isinstance(value, str) and value.isidentifier(),
            'the name of an environment variable, such as "MACHINAMI_ACCOUNT_SECRET"',
        ),
    },
    "devices": {
        "mosquitto": _file("mosquitto", "/etc/mosquitto/machinami"),
        "mosquitto_pid": _file("mosquitto_pid", "/run/mosquitto/mosquitto.pid"),
    },
    "mail": {
        "host": _Rule("host", _is_host, 'the name of a mail server, such as "mail.city.example"'),
        "port": _whole("port", 1, 65_535),
        "sender": _Rule("sender", _is_mail, 'a mail address, such as "bosai@city.example"'),
        "security": _Rule("security", lambda value: value in _SECURITY, ", ".join(f'"{one}"' for one in _SECURITY)),
        "user": _Rule("user", lambda value: isinstance(value, str) and value.isascii(), "who hands in mail"),
        "password_env": _Rule(
            "password_env",
            lambda value: isinstance(value, str) and value.isidentifier(),
            'the name of an environment variable, such as "MACHINAMI_MAIL_PASSWORD"',
        ),
    },
    "operations": {
        "ntp": _Rule("ntp", _is_host, 'the name of a time server, such as "ntp.city.example"'),
        "log": _Rule("log_form", lambda value: value in LOG_FORMS, ", ".join(f'"{one}"' for one in LOG_FORMS)),
        "measure": _flag("measure"),
        "trace_to": _Rule(
            "trace_to", _is_safe_address, 'where traces are sent as OTLP/HTTP, such as "https://otel.city.example/v1/traces"'
        ),
        "trace_share": _number("trace_share", 0, 1),
    },
    "backup": {
        "to": _file("backup_to", "/mnt/backup/machinami"),
        "key_file": _file("backup_key", "/media/keys/backup.key"),
        "every": _Rule(
            "backup_every", _is_span, 'minutes, hours or days, such as "30m", "1h" or "1d"',
            lambda value, _: float(int(value[:-1]) * {"m": 60, "h": 3_600, "d": 86_400}[value[-1]]),
        ),
        "keep_days": _whole("backup_days", 1, 3_650),
        "rehearse_days": _whole("backup_rehearse", 0, 366),
    },
    "simulation": {
        "seed": _whole("seed", 0, 2**31),
        "speed": _number("speed", 1, 100_000),
        "days": _whole("days", 1, 366),
    },
}  # fmt: skip


def read(data: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the installation in this folder; the defaults where the file says nothing.

    Raises SettingsError naming file, key and what would be right.
    """
    file = data / FILE
    if not file.exists():
        return Settings(data)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    for section in table.keys() - {*_RULES, "mqtt", "gtfs_realtime", "openid", "branch"}:
        raise SettingsError(
            f"{file}: [{section}] is not known; there are: {', '.join(_RULES)}, mqtt, gtfs_realtime, openid, branch"
        )
    settings = Settings(data)
    for section in _RULES.keys() & table.keys():
        chosen = section_of(str(file), section, table[section], file.parent)
        if section == "simulation":
            settings = replace(settings, simulation=Simulation(**chosen))
        elif section == "mail":
            settings = replace(settings, mail=mail(file, chosen, environment))
        else:
            settings = replace(settings, **chosen)
    if "branch" in table:
        settings = replace(settings, branch=branch(file, table["branch"], environment))
    if "openid" in table:
        settings = replace(settings, openid=openid(file, table["openid"], environment))
    rows = table.get("mqtt", [])
    if not isinstance(rows, list):
        raise SettingsError(f"{file}: mqtt is written [[mqtt]], in two brackets, as there may be several")
    settings = replace(settings, mqtt=tuple(mqtt(file, row, environment) for row in rows))
    feeds = table.get("gtfs_realtime", [])
    if not isinstance(feeds, list):
        raise SettingsError(f"{file}: gtfs_realtime is written [[gtfs_realtime]], in two brackets")
    return replace(settings, gtfs_realtime=tuple(gtfs_realtime(file, row) for row in feeds))


def section_of(source: str, section: str, values: object, folder: Path) -> dict[str, Any]:
    """The fields of Settings (of Simulation, for that section) that a section sets. source: where it is written;
    folder: where the files that it names are. Raises SettingsError naming source, key and what would be right."""
    rules = _RULES[section]
    if not isinstance(values, dict):
        raise SettingsError(f"{source}: {section} is a section: write [{section}] on a line of its own")
    chosen = {}
    for name, value in values.items():
        rule = rules.get(name)
        if rule is None:
            raise SettingsError(f"{source}: [{section}] has no {name!r}; it has: {', '.join(sorted(rules))}")
        if not rule.fits(value):
            raise SettingsError(f"{source}: {section}.{name} must be {rule.right}, not {value!r}")
        chosen[rule.field] = rule.made(value, folder)
    return chosen


def secret_variables(table: Mapping[str, Any]) -> list[str]:
    """The environment variables with secrets that a file of settings names."""
    found: list[str] = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            found += secret_variables(value)
        elif isinstance(value, list):
            found += [one for row in value if isinstance(row, Mapping) for one in secret_variables(row)]
        elif isinstance(value, str) and name.endswith("_env"):
            found.append(value)
    return found


def setting_names() -> list[str]:
    """The name of every setting of machinami.toml as section.key, in the order of the rules."""
    return [f"{section}.{key}" for section, rules in _RULES.items() for key in rules]


def set_to(settings: Settings) -> dict[str, Any]:
    """What every setting of machinami.toml is now, by section.key; those of a simulation only where there is one.

    A file is told by its name alone: where it lies on this machine is nobody's business.
    """
    whole = asdict(settings)
    held = {"simulation": whole["simulation"], "mail": whole["mail"]}
    return {
        f"{section}.{key}": value.name if isinstance(value := table[rule.field], Path) else value
        for section, rules in _RULES.items()
        if (table := held.get(section, whole)) is not None
        for key, rule in rules.items()
    }
