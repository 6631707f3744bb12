"""At which addresses do people and programs say who they are?"""

from collections.abc import Awaitable, Callable

from machinami.apis.identity import account, by_passkey, entrance, keys, oauth, outside, second, staff
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.pages import Pages
from machinami.broker.identity.provider import Provider
from machinami.broker.town import Town
from machinami.kit.frame import Frame
from machinami.kit.http import Route


def routes(
    asking: Asking,
    frame: Frame,
    towns: Callable[[str | None], Awaitable[Town]],
    provider: Provider | None = None,
    home: Callable[[], str] | None = None,
) -> list[Route]:
    """Every address of this face. towns: a town by its name; provider: where else people may sign in; home: where
    browsers find the town."""
    pages = Pages(asking.identity, asking, frame, provider.provided.name if provider else "", towns, home)
    return [
        *(outside.routes(pages, provider) if provider else ()),
        *entrance.routes(pages),
        *account.routes(pages),
        *second.routes(pages),
        *by_passkey.routes(pages),
        *staff.routes(pages),
        *keys.routes(pages),
        *oauth.routes(asking, asking.tokens),
    ]
