"""How is a unit written for people? UN/CEFACT common codes (Recommendation 20) as symbols."""

SYMBOLS = {
    "MTR": "m", "CMT": "cm", "MMT": "mm", "KMT": "km", "MTK": "m²", "KMK": "km²", "MTQ": "m³", "LTR": "L",
    "CEL": "°C", "KEL": "K", "P1": "%", "MTS": "m/s", "KMH": "km/h", "MQS": "m³/s", "H67": "mm/h",
    "HUR": "h", "MIN": "min", "SEC": "s", "DD": "°", "HPA": "hPa", "A97": "hPa", "KGM": "kg", "GRM": "g",
    "KWT": "kW", "KWH": "kWh", "WTT": "W", "D54": "W/m²", "VLT": "V", "AMP": "A", "2N": "dB", "GQ": "µg/m³",
    "59": "ppm", "C62": "", "1": "",
}  # fmt: skip


def symbol(code: str | None) -> str:
    """The symbol of a code; a code without one is shown as it is, no code as nothing."""
    return "" if code is None else SYMBOLS.get(code, code)
