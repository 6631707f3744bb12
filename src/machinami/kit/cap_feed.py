"""Where do other systems read what a service has told the town? As CAP 1.2 messages, and an Atom feed of them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from xml.etree import ElementTree

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Handler, Request, Response, Route
from machinami.model.cap import message_of, to_cap
from machinami.model.vocabulary.alerts import Alert

ATOM = "http://www.w3.org/2005/Atom"
CAP_XML, ATOM_XML = b"application/cap+xml", b"application/atom+xml; charset=utf-8"
FEED_LENGTH = 50
BEGINNING = "1970-01-01T00:00:00+00:00"
Choice = Callable[[Sequence[Alert]], Sequence[Alert]]


def cap_routes(city: City, desk: Desk, address: str, about: str, of: Choice) -> list[Route]:
    """The feed at `address` and its messages: those of the alerts that `of` takes, such as what one service says."""
    return [
        Route("GET", address, _feed(city, desk, address, of), about, "Alerts"),
        Route("GET", address + "/{name}", _message(city, address, of), "One CAP 1.2 message", "Alerts"),
    ]


def _feed(city: City, desk: Desk, address: str, of: Choice) -> Handler:
    async def show(request: Request) -> Response:
        city.demand_shown(Alert)
        host = request.header(b"host") or ""
        base = f"http://{host}" if host else ""
        told = of(await city.find(Alert))
        return Response(200, feed(told, f"{base}{address}", desk.town_name["ja"]), ATOM_XML)

    return show


def _message(city: City, address: str, of: Choice) -> Handler:
    async def show(request: Request) -> Response:
        city.demand_shown(Alert)
        identifier = request.params["name"].removesuffix(".xml")
        for alert in of(await city.find(Alert)):
            for revision in alert.revisions or []:
                if revision["identifier"] == identifier:
                    return Response(200, to_cap(message_of(alert, revision)), CAP_XML)
        raise NotFound(f"There is no message {identifier!r}; {address} lists them", identifier=identifier)

    return show


def feed(alerts: Sequence[Alert], address: str, town: str) -> bytes:
    """The last messages, newest first, as an Atom feed (RFC 4287)."""
    sent = [(row, alert) for alert in alerts for row in alert.revisions or []]
    sent.sort(key=lambda pair: str(pair[0]["sent"]), reverse=True)
    root = ElementTree.Element("feed", {"xmlns": ATOM})
    _put(root, "id", address)
    _put(root, "title", town)
    _put(root, "updated", str(sent[0][0]["sent"]) if sent else BEGINNING)
    ElementTree.SubElement(root, "link", {"rel": "self", "href": address})
    for row, alert in sent[:FEED_LENGTH]:
        entry = ElementTree.SubElement(root, "entry")
        link = f"{address}/{row['identifier']}.xml"
        _put(entry, "id", link)
        _put(entry, "title", alert.headline.get("ja", "") if alert.headline else "")
        _put(entry, "updated", datetime.fromisoformat(str(row["sent"])).isoformat(timespec="seconds"))
        author = ElementTree.SubElement(entry, "author")
        _put(author, "name", alert.alert_source or "")
        _put(entry, "summary", str(row["kind"]))
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": CAP_XML.decode(), "href": link})
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _put(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
