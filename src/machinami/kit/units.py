"""How is a unit written for people? UN/CEFACT common codes (Recommendation 20) as symbols."""

SYMBOLS = {
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "FOT": "ft", "INH": "in", "MTK": "m²", "KMK": "km²",
    "MTQ": "m³", "LTR": "L", "MQS": "m³/s", "MQH": "m³/h", "G51": "L/s", "E17": "ft³/s",
    "MTS": "m/s", "KMH": "km/h", "KNT": "kn", "H67": "mm/h", "CEL": "°C", "KEL": "K", "FAH": "°F", "P1": "%",
    "HUR": "h", "MIN": "min", "SEC": "s", "DD": "°", "HPA": "hPa", "A97": "hPa", "PAL": "Pa", "KGM": "kg", "GRM": "g",
    "KWT": "kW", "KWH": "kWh", "WTT": "W", "D54": "W/m²", "VLT": "V", "AMP": "A", "2N": "dB", "GQ": "µg/m³",
    "59": "ppm", "C62": "", "1": "",
}  # fmt: skip


def symbol(code: str | None) -> str:
    """The symbol of a code; a code without one is shown as it is, no code as nothing."""
    return "" if code is None else SYMBOLS.get(code, code)
