"""Where do other systems read what the town has told its people about the rivers? As CAP 1.2, and a feed of it."""

from machinami.kit.cap_feed import cap_routes
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Route
from machinami.model.vocabulary.alerts import alerts_of
from machinami.services.flood.model import SERVICE

ADDRESS = "/services/flood/cap"


def routes(city: City, desk: Desk) -> list[Route]:
    """The feed and its messages."""
    about = "Warnings published for the rivers, as an Atom feed of CAP"
    return cap_routes(city, desk, ADDRESS, about, lambda alerts: alerts_of(alerts, SERVICE))
