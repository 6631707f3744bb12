"""What has this installation been told? Reads machinami.toml in the data folder into Settings."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from machinami.foundation.errors import SettingsError
from machinami.foundation.settings import FULL, NORMAL, MqttSettings, Settings, Simulation

FILE = "machinami.toml"
_KNOWN = {
    "town": {"name", "centre", "zoom", "time_zone"},
    "store": {"durability", "cache_entities", "log_days"},
    "server": {"body_limit", "page_limit", "instance_limit"},
    "simulation": {"seed", "speed", "days"},
}
_MQTT = {"url", "mapping", "user", "password_env", "ca_file", "client_id"}

EXAMPLE = """\
# この街の設定です。変えたら machinami を起動し直してください。
# The settings of this town. Start machinami again after a change.

[town]
name = { ja = "わたしの街", en = "My town" }
centre = [138.2529, 36.2048]      # 地図の中心 longitude, latitude
zoom = 12
time_zone = "Asia/Tokyo"

[store]
durability = "normal"             # "full": 停電でも失わない survives a power cut, slower

# MQTT のセンサーをつなぐ To listen to sensors over MQTT:
# [[mqtt]]
# url = "mqtts://broker.example:8883"
# mapping = "mqtt.toml"           # どのトピックが何を意味するか what the topics mean
# user = "machinami"
# password_env = "MACHINAMI_MQTT_PASSWORD"   # パスワードは環境変数で kept out of this file
# ca_file = "ca.pem"
"""


def read(data: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the installation in this folder; the defaults where the file says nothing.

    Raises SettingsError naming file, key and what would be right.
    """
    file = data / FILE
    if not file.exists():
        return Settings(data)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    _refuse_unknown(file, table)
    settings = Settings(data)
    for section, members in _KNOWN.items():
        if section != "simulation":
            settings = _with_section(file, settings, section, table.get(section, {}), members)
    if "simulation" in table:
        settings = replace(settings, simulation=Simulation(**table["simulation"]))
    return replace(settings, mqtt=tuple(_mqtt(file, row, environment) for row in table.get("mqtt", [])))


def _refuse_unknown(file: Path, table: Mapping[str, Any]) -> None:
    for section, members in table.items():
        if section == "mqtt":
            continue
        if section not in _KNOWN:
            raise SettingsError(f"{file}: [{section}] is not known; there are: {', '.join(_KNOWN)}, mqtt")
        for name in members:
            if name not in _KNOWN[section]:
                known = ", ".join(sorted(_KNOWN[section]))
                raise SettingsError(f"{file}: [{section}] has no {name!r}; it has: {known}")


def _with_section(
    file: Path, settings: Settings, section: str, values: Mapping[str, Any], members: set[str]
) -> Settings:
    for name in members & values.keys():
        value = values[name]
        field = "town_name" if (section, name) == ("town", "name") else name
        default = getattr(settings, field)
        if isinstance(default, tuple):
            value = tuple(value) if isinstance(value, list) else value
        if isinstance(default, float) and isinstance(value, int):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, dict if field == "town_name" else type(default)):
            raise SettingsError(f"{file}: {section}.{name} = {value!r} is wrong; write it like {default!r}")
        change: dict[str, Any] = {field: value}
        settings = replace(settings, **change)
    if settings.durability not in (NORMAL, FULL):
        raise SettingsError(f"{file}: store.durability is {NORMAL!r} or {FULL!r}, not {settings.durability!r}")
    return settings


def _mqtt(file: Path, row: Mapping[str, Any], environment: Mapping[str, str]) -> MqttSettings:
    unknown = row.keys() - _MQTT
    if unknown or "url" not in row or "mapping" not in row:
        raise SettingsError(
            f"{file}: [[mqtt]] needs url and mapping, and may have user, password_env, ca_file, client_id"
            + (f"; not {', '.join(sorted(unknown))}" if unknown else "")
        )
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
    )
