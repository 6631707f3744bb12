"""Where do other systems read what the town has told its people? As CAP 1.2 messages, and an Atom feed of them."""

from datetime import datetime
from xml.etree import ElementTree

from machinami.foundation.errors import NotFound
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Handler, Request, Response, Route
from machinami.services.flood.logic.cap import message_of, to_cap
from machinami.services.flood.model import Alert

ADDRESS = "/services/flood/cap"
ATOM = "http://www.w3.org/2005/Atom"
CAP_XML, ATOM_XML = b"application/cap+xml", b"application/atom+xml; charset=utf-8"
FEED_LENGTH = 50
BEGINNING = "1970-01-01T00:00:00+00:00"


def routes(city: City, desk: Desk) -> list[Route]:
    """The feed and its messages."""
    return [
        Route("GET", ADDRESS, _feed(city, desk), "Warnings published for the rivers, as an Atom feed of CAP", "Alerts"),
        Route("GET", ADDRESS + "/{name}", _message(city), "One CAP 1.2 message", "Alerts"),
    ]


def _feed(city: City, desk: Desk) -> Handler:
    async def show(request: Request) -> Response:
        city.demand_shown(Alert)
        host = request.header(b"host") or ""
        base = f"http://{host}" if host else ""
        return Response(200, feed(await city.find(Alert), f"{base}{ADDRESS}", desk.town_name["ja"]), ATOM_XML)

    return show


def _message(city: City) -> Handler:
    async def show(request: Request) -> Response:
        city.demand_shown(Alert)
        identifier = request.params["name"].removesuffix(".xml")
        for alert in await city.find(Alert):
            for revision in alert.revisions or []:
                if revision["identifier"] == identifier:
                    return Response(200, to_cap(message_of(alert, revision)), CAP_XML)
        raise NotFound(f"There is no message {identifier!r}; {ADDRESS} lists them", identifier=identifier)

    return show


def feed(alerts: list[Alert], address: str, town: str) -> bytes:
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
