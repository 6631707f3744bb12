"""How long is it? Reading ISO 8601 durations."""

import re

_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>\d+(?:\.\d+)?)W|(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?)\Z",
    re.ASCII,
)
_SECONDS = {
    "weeks": 604_800.0,
    "years": 31_556_952.0,  # the mean length in the Gregorian calendar, and a twelfth of it for a month
    "months": 2_629_746.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
}
_LONGEST = 40


def duration_seconds(text: object) -> float | None:
    """The seconds of a duration such as PT5M or P1DT12H; None if the value is no duration."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    found = _DURATION.match(text)
    if found is None:
        return None
    return sum(_SECONDS[name] * float(number) for name, number in found.groupdict().items() if number is not None)
