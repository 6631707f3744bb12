"""Who sees to it that the past is kept as long as the rules of each town say? A job that looks now and then."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from machinami.broker.broker import Broker
from machinami.broker.thinning import ACCOUNT, STATE, apply_rules
from machinami.broker.town import Town
from machinami.foundation.instant import format_instant

SECONDS = 21_600.0


class Retaining:
    """Applies the rules of every town, and keeps what came of it where the page of operations reads it."""

    def __init__(self, broker: Broker, zone: str, now: Callable[[], datetime]) -> None:
        self._broker = broker
        self._zone = ZoneInfo(zone)
        self._now = now

    async def look(self) -> None:
        """Have every town's past be as its rules say."""
        for town in self._broker.towns:
            await self._look(town)

    async def _look(self, town: Town) -> None:
        account = await apply_rules(town, self._zone)
        if account.condensed or account.deleted:
            record = {
                "at": format_instant(self._now()),
                "condensed": account.condensed,
                "made": account.made,
                "deleted": account.deleted,
                "archived": account.archived,
            }
            await town.store.transact(lambda tx: tx.put_record(STATE, ACCOUNT, record))
