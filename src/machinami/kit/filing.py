"""What may a service do with files of its own, such as photos? Keep, read and destroy them in its town's folder."""

from machinami.broker import filing
from machinami.broker.town import Town
from machinami.foundation.errors import Forbidden
from machinami.kit.manifest import Manifest
from machinami.model.principal import Principal


class Filing:
    """The files of one service in one town. They stand in no log and in no face of the broker: the service answers for
    whom it shows them to. They are sealed where the town is, count in its quota, and move and go with it."""

    def __init__(self, town: Town, manifest: Manifest, by: Principal) -> None:
        if "files" not in manifest.needs:
            raise Forbidden(f"{manifest.id} does not say in its manifest that it needs files")
        self._town = town
        self._owner = manifest.id
        self._by = by

    async def put(self, name: str, content: bytes) -> None:
        """Keep a content under a name (a-z, 0-9, _ and -, one dot), in the place of one that is there."""
        await filing.put(self._town, self._owner, name, content, self._by)

    async def get(self, name: str) -> bytes | None:
        """The content; None if there is none of that name."""
        return await filing.get(self._town, self._owner, name, self._by)

    async def drop(self, name: str) -> bool:
        """Destroy a content; False if there was none."""
        return await filing.drop(self._town, self._owner, name, self._by)

    async def names(self) -> list[str]:
        """All names, in order."""
        return await filing.names(self._town, self._owner, self._by)
