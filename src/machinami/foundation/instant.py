"""When is it? Reading and writing moments; inside the house every moment is an aware datetime in UTC."""

from datetime import UTC, datetime

from machinami.foundation.errors import BadRequestData

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_instant(text: object, where: str = "") -> datetime:
    """The moment that an ISO 8601 date-time says (ETSI GS CIM 009, 4.6.3), in UTC.

    Raises BadRequestData if the text is not a date-time with a zone; `where` names the member at fault.
    """
    if isinstance(text, str) and "T" in text:
        try:
            moment = datetime.fromisoformat(text.replace(",", "."))
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # overflow: a moment that UTC would put before year 1 or after 9999
            pass
    at = f"{where}: " if where else ""
    raise BadRequestData(
        f"{at}{text!r} is not a date-time; write it in UTC like 2026-06-30T09:00:00Z",
        value=str(text),
    )


def format_instant(moment: datetime) -> str:
    """The moment as ISO 8601 in UTC with Z; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 (UTC): the form in which stores order time, exact for any datetime."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
