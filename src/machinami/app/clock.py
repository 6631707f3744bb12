"""What time is it outside, whatever time a simulated town has?"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""The clock on the wall; without a frame of its own, as every request looks at it."""
