"""What may a source of data do in a town? Hand in what its manifest declares."""

from collections.abc import Sequence

from machinami.broker import intake
from machinami.broker.contexts import town_context
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden
from machinami.kit.lending import service_principal
from machinami.kit.manifest import Manifest
from machinami.model.reading import Reading


class Intake:
    """What a source of data may do: hand in readings of the types that its manifest declares."""

    def __init__(self, town: Town, manifest: Manifest) -> None:
        self._town = town
        self._context = town_context()
        self._manifest = manifest
        self._by = service_principal(manifest)

    async def deliver(self, readings: Sequence[Reading]) -> None:
        """Write the readings, each one into state and history, in order, in one transaction."""
        for reading in readings:
            if not self._manifest.may_write(reading.entity_type):
                raise Forbidden(
                    f"{self._manifest.id} does not say in its manifest that it writes {reading.entity_type}"
                )
        await intake.take(self._town, readings, self._context, self._by, self._manifest.simulated)

    async def deliver_past(self, readings: Sequence[Reading]) -> None:
        """Write readings of the past into the history alone: nobody is told of them as news."""
        await intake.take_past(self._town, readings, self._context, self._by, self._manifest.simulated)
