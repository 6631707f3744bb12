"""What time is it outside, whatever time a simulated town has?"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)
