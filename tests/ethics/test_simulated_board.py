"""Does a simulated town show who decides in it, by names that say that nobody of them exists?"""

from datetime import timedelta
from pathlib import Path

from tests.approving import RULER
from tests.running import running

from machinami.app.simulated_board import pass_board
from machinami.broker import ethics


async def test_the_invented_members_are_in_office_on_every_day_that_a_simulated_town_may_begin_with(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as found:
        await found.broker.protect()
        town = await found.broker.town(None)
        await pass_board(town, [], RULER)
        board = await ethics.board(town)

        assert board is not None
        for back in (timedelta(0), timedelta(hours=9), timedelta(days=30)):
            names = [one.name for one in board.in_office(town.clock() - back)]
            assert len(names) == 3
            assert all("模擬の委員" in name for name in names)
