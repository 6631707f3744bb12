"""With whom outside does an installation deal, as its machinami.toml says it? Mail, sign-in, sensors and feeds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import MailSettings, MqttSettings, OpenIdSettings, TransitSettings

_MQTT = {"url", "mapping", "user", "password_env", "ca_file", "client_id", "certificate", "key"}
_OPENID = {"issuer", "client_id", "client_secret_env", "name", "level", "identity", "levels"}


def mail(file: Path, chosen: Mapping[str, Any], environment: Mapping[str, str]) -> MailSettings:
    if not {"host", "sender"} <= chosen.keys():
        raise SettingsError(f"{file}: [mail] needs host and sender")
    password = environment.get(chosen["password_env"]) if "password_env" in chosen else ""
    if password is None:
        raise SettingsError(f"{file}: the environment variable {chosen['password_env']} is not set")
    return MailSettings(**chosen, password=password)


def openid(file: Path, row: object, environment: Mapping[str, str]) -> OpenIdSettings:
    if not isinstance(row, dict) or not {"issuer", "client_id", "client_secret_env"} <= row.keys() <= _OPENID:
        raise SettingsError(
            f"{file}: [openid] needs issuer, client_id, client_secret_env, and may have name, level, identity, levels"
        )
    for name in ("issuer", "client_id", "client_secret_env", "name"):
        if not isinstance(row.get(name, ""), str):
            raise SettingsError(f"{file}: [openid] {name} must be text")
    if not row["issuer"].startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise SettingsError(f"{file}: [openid] issuer must be an https:// address, as passwords depend on it")
    levels = row.get("levels", {})
    every = [row.get("level", 1), row.get("identity", 1), *(levels.values() if isinstance(levels, dict) else [-1])]
    if not all(type(level) is int and 0 <= level <= 3 for level in every):
        raise SettingsError(f"{file}: [openid] level, identity and the values of levels are 0 to 3")
    secret = environment.get(row["client_secret_env"])
    if secret is None:
        raise SettingsError(f"{file}: the environment variable {row['client_secret_env']} is not set")
    chosen = {name: value for name, value in row.items() if name != "client_secret_env"}
    return OpenIdSettings(**chosen, client_secret=secret)


def gtfs_realtime(file: Path, row: object) -> TransitSettings:
    if not isinstance(row, dict) or not row.keys() <= {"url", "feed", "seconds"}:
        raise SettingsError(f"{file}: [[gtfs_realtime]] needs url, and may have feed and seconds")
    url, feed, seconds = str(row.get("url", "")), row.get("feed", "bus"), row.get("seconds", 30)
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"{file}: [[gtfs_realtime]] url must begin with https:// or http://, not {url!r}")
    if not isinstance(feed, str) or not feed or type(seconds) is not int or not 10 <= seconds <= 3600:
        raise SettingsError(f"{file}: [[gtfs_realtime]] feed is a name, seconds a whole number from 10 to 3600")
    return TransitSettings(url, feed, seconds)


def mqtt(file: Path, row: Mapping[str, Any], environment: Mapping[str, str]) -> MqttSettings:
    unknown = row.keys() - _MQTT
    if unknown or "url" not in row or "mapping" not in row:
        raise SettingsError(
            f"{file}: [[mqtt]] needs url and mapping, and may have user, password_env, ca_file, client_id, "
            "certificate, key" + (f"; not {', '.join(sorted(unknown))}" if unknown else "")
        )
    for name, value in row.items():
        if not isinstance(value, str) or not value:
            raise SettingsError(f"{file}: [[mqtt]] {name} must be text, not {value!r}")
    password = None
    if "password_env" in row:
        password = environment.get(row["password_env"])
        if password is None:
            raise SettingsError(f"{file}: the environment variable {row['password_env']} is not set")
    return MqttSettings(
        url=row["url"],
        mapping=file.parent / row["mapping"],
        user=row.get("user"),
        password=password,
        ca_file=file.parent / row["ca_file"] if "ca_file" in row else None,
        client_id=row.get("client_id", "machinami"),
        certificate=file.parent / row["certificate"] if "certificate" in row else None,
        key=file.parent / row["key"] if "key" in row else None,
    )
