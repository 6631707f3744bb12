"""At which addresses do people and programs say who they are?"""

from machinami.apis.identity import account, entrance, keys, oauth, second, staff
from machinami.apis.identity.asking import Asking
from machinami.apis.identity.pages import Pages
from machinami.kit.frame import Frame
from machinami.kit.http import Route


def routes(asking: Asking, frame: Frame) -> list[Route]:
    """Every address of this face."""
    pages = Pages(asking.identity, asking, frame)
    return [
        *entrance.routes(pages),
        *account.routes(pages),
        *second.routes(pages),
        *staff.routes(pages),
        *keys.routes(pages),
        *oauth.routes(asking, asking.tokens),
    ]
