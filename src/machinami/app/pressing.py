"""What does making anonymous data need of the installation? Worker processes, chance, the town's zone, and names."""

from os import urandom
from typing import Any
from zoneinfo import ZoneInfo

from machinami.apis.releases.office import Press, Towns
from machinami.broker.identity.identity import Identity
from machinami.broker.releases.earlier import Work
from machinami.kit.compute import Compute, call
from machinami.kit.desk import Desk
from machinami.kit.frame import Frame
from machinami.kit.viewing import Identify


def work_of(compute: Compute, zone: str) -> Work:
    """Heavy work in worker processes: the library of the noise alone takes 170 MB."""

    async def run(address: str, *arguments: Any) -> Any:
        return await compute.run(call, address, *arguments)

    return Work(run, ZoneInfo(zone), urandom)


def press_of(towns: Towns, identity: Identity, identify: Identify, desk: Desk, compute: Compute) -> Press:
    """The hold of releases on the towns of a running installation."""

    def called(town: str, person: str) -> str:
        people = identity.of(town).accounts.values.values()
        return next((one.display for one in people if one.principal_id == person), person)

    return Press(towns, identify, Frame.around(desk), work_of(compute, desk.time_zone), called)
