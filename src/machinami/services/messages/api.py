"""What do other programs read: CAP, what a browser needs for notifications, and officers' files: proof and speech?"""

from machinami.kit.cap_feed import cap_routes
from machinami.kit.city import City
from machinami.kit.desk import Desk
from machinami.kit.http import Request, Response, Route
from machinami.model.vocabulary.alerts import Alert
from machinami.services.messages.book import residents, state
from machinami.services.messages.logic.job import ADDRESS
from machinami.services.messages.logic.ledger import proof
from machinami.services.messages.logic.people import PURPOSE
from machinami.services.messages.logic.speech import kana, ssml
from machinami.services.messages.logic.writing import said
from machinami.services.messages.service import OPENED, broadcast_of, ledger_of

TEXT, CSV, SSML = b"text/plain; charset=utf-8", b"text/csv; charset=utf-8", b"application/ssml+xml"
SCRIPT = b"text/javascript; charset=utf-8"
TAG = "Messages"
WORKER = """\
self.addEventListener("push", event => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification(told.title || "", {
    body: told.body || "", tag: told.tag || undefined, data: told.address || "/services/messages",
    renotify: Boolean(told.tag), requireInteraction: true
  }));
});
self.addEventListener("notificationclick", event => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
"""


def routes(city: City, desk: Desk) -> list[Route]:
    """The feed, the key, the worker, and the files of officers."""
    way = Files(city)
    return [
        *cap_routes(city, desk, f"{ADDRESS}/cap", "Everything the town tells its people, as an Atom feed of CAP", list),
        Route("GET", f"{ADDRESS}/proof/{{name}}", way.proof, "Proof of what was sent, as CSV", TAG),
        Route("GET", f"{ADDRESS}/speech/{{name}}", way.speech, "What is read aloud", TAG),
        Route("GET", f"{ADDRESS}/worker.js", way.worker, "What shows notifications in a browser", TAG),
        Route("GET", f"{ADDRESS}/push-key", way.push_key, "By what browsers know the town (VAPID)", TAG),
    ]


class Files:
    """The files of one town's messages."""

    def __init__(self, city: City) -> None:
        self.city = city

    async def proof(self, request: Request) -> Response:
        """What can be shown to have been sent: pseudonyms, no address."""
        self.city.demand_author()
        own = self.city.for_purpose(PURPOSE)
        name = request.params["name"].removesuffix(".csv")
        broadcast = await broadcast_of(own, f"urn:ngsi-ld:Broadcast:{name}")
        alert = await self.city.get(Alert, str(broadcast.ref_alert))
        head = {
            "broadcast": broadcast.id, "what": broadcast.what or "", "status": broadcast.status or "",
            "approved_at": broadcast.issued_at.isoformat(), "alert": str(broadcast.ref_alert or ""),
            "approved_by": f"{alert.decided_by} ({alert.role})" if alert else "",
            "headline": said(broadcast.headline, "ja"),
        }  # fmt: skip
        opened = {
            person: str(row["at"]) for person, row in (await own.private_rows(f"{OPENED}/{broadcast.id}")).items()
        }
        body = proof(head, await ledger_of(own, broadcast.id), opened)
        headers = [(b"content-disposition", f'attachment; filename="proof-{_plain(name)}.csv"'.encode())]
        return Response(200, body, CSV, headers)

    async def speech(self, request: Request) -> Response:
        """What is read aloud, in kana: `NAME.loudspeaker.txt`, `NAME.telephone.txt` or `NAME.telephone.ssml`."""
        self.city.demand_author()
        name_of = request.params["name"]
        name, _, road = name_of.removesuffix(".txt").removesuffix(".ssml").rpartition(".")
        broadcast = await broadcast_of(self.city, f"urn:ngsi-ld:Broadcast:{name}")
        found = await state.spoken(self.city, broadcast, road)
        if name_of.endswith(".ssml"):
            return Response(200, ssml(found).encode("utf-8"), SSML)
        return Response(200, kana(found.marked).encode("utf-8"), TEXT)

    async def worker(self, request: Request) -> Response:
        """What shows a notification, in the browser's background."""
        return Response(200, WORKER.encode("utf-8"), SCRIPT)

    async def push_key(self, request: Request) -> Response:
        """The town's public key."""
        return Response(200, (await residents.public_key(self.city)).encode("ascii"), TEXT)


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum() or letter in "-_")[:80]
