"""Which keys do programs and devices have, and who answers for them? As a page and as JSON."""

from datetime import datetime

import orjson

from machinami.apis.identity import openapi
from machinami.apis.identity.pages import Page, Pages, status_of
from machinami.apis.identity.shapes import certificate_digest, key_document, read_wanted
from machinami.broker.identity import programs
from machinami.broker.identity.identity import KEY_MARK
from machinami.broker.identity.people import demand_administrator
from machinami.foundation.errors import BadRequestData, CredentialRefused, MachinamiError
from machinami.kit.bodies import json_object
from machinami.kit.frame import see_other
from machinami.kit.http import JSON, Handler, Request, Response, Route
from machinami.model.identity.key import PROGRAM_ROLES, Use, Wanted, topics_of
from machinami.model.principal import Role

KEYS = "/keys"
API = "/identity/keys"
ROLES = tuple(role.value for role in Role if role in PROGRAM_ROLES)


def routes(pages: Pages) -> list[Route]:
    """The addresses of keys."""
    page = pages.frame.page
    return [
        page("GET", KEYS, _show(pages), "The keys of programs and devices"),
        page("POST", KEYS, _make(pages), "Make a key"),
        page("POST", f"{KEYS}/{{id}}/rotation", _rotate(pages), "A fresh secret for a key"),
        page("POST", f"{KEYS}/{{id}}/revocation", _revoke(pages), "Take a key away"),
        page("POST", f"{KEYS}/{{id}}/certificates", _certify(pages), "Have a certificate stand for a key"),
        page("POST", f"{KEYS}/{{id}}/certificates/removal", _decertify(pages), "Have a certificate stand for nobody"),
        openapi.route("GET", API, _list(pages)),
        openapi.route("POST", API, _create(pages)),
        openapi.route("POST", f"{API}/{{id}}/rotation", _renew(pages)),
        openapi.route("DELETE", f"{API}/{{id}}", _delete(pages)),
        openapi.route("POST", "/identity/devices/check", _check(pages)),
    ]


def _shown(
    pages: Pages, request: Request, status: int = 200, fault: str = "", secret: str = "", made: object = None
) -> Response:
    pages.administrator(request)
    registry = pages.registry(request)
    owners = {one.id: one.display for one in registry.accounts.values.values()}
    keys = sorted(registry.keys.values.values(), key=lambda one: (one.use.value, one.name))
    now: datetime = pages.identity.supplies.clock()
    return pages.show(
        request, "keys", status, keys=keys, owners=owners, roles=ROLES, uses=tuple(use.value for use in Use),
        fault=fault, secret=secret, made=made, now=now, topics_of=topics_of, said=request.arguments.get("done", ""),
    )  # fmt: skip


def _show(pages: Pages) -> Page:
    async def show(request: Request) -> Response:
        return _shown(pages, request)

    return show


def _wanted(form: dict[str, str]) -> Wanted:
    days = form.get("days", "")
    return Wanted(
        form.get("name", ""),
        Use(form.get("use", "key")) if form.get("use", "key") in set(Use) else Use.KEY,
        frozenset(role for role in ROLES if form.get(f"role-{role}")),
        int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
        frozenset(form["scopes"].split()) if form.get("scopes", "").strip() else None,
        tuple(form.get("addresses", "").replace(",", " ").split()),
        tuple(form.get("origins", "").replace(",", " ").split()),
        tuple(form.get("topics", "").replace(",", " ").split()),
    )


def _make(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by = pages.form(request), pages.administrator(request)
        account, _ = pages.asking.person(request)
        try:
            made, secret = await programs.make_key(
                pages.identity, pages.registry(request), _wanted(form), account.id, by
            )
        except MachinamiError as error:
            return _shown(pages, request, status_of(error), pages.fault(request, error))
        return _shown(pages, request, secret=secret, made=made)

    return take


def _rotate(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        pages.form(request)
        by = pages.administrator(request)
        made, secret = await programs.rotate_key(pages.identity, pages.registry(request), request.params["id"], by)
        return _shown(pages, request, secret=secret, made=made)

    return take


def _revoke(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        pages.form(request)
        by = pages.administrator(request)
        await programs.revoke_key(pages.identity, pages.registry(request), request.params["id"], by)
        return see_other(f"{KEYS}?done=revoked")

    return take


def _certify(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        try:
            digest = certificate_digest(form.get("certificate", ""))
            await programs.certify(pages.identity, registry, request.params["id"], digest, by)
        except BadRequestData as error:
            return _shown(pages, request, status_of(error), pages.fault(request, error))
        return see_other(f"{KEYS}?done=certified")

    return take


def _decertify(pages: Pages) -> Page:
    async def take(request: Request) -> Response:
        form, by, registry = pages.form(request), pages.administrator(request), pages.registry(request)
        await programs.decertify(pages.identity, registry, form.get("digest", ""), by)
        return see_other(f"{KEYS}?done=decertified")

    return take


# for programs


def _list(pages: Pages) -> Handler:
    def tell(request: Request) -> Response:
        demand_administrator(pages.asking.principal(request))
        return answer([key_document(key) for key in pages.registry(request).keys.values.values()])

    return tell


def _create(pages: Pages) -> Handler:
    async def make(request: Request) -> Response:
        by = pages.asking.principal(request)
        demand_administrator(by)
        owner, _ = pages.asking.person(request)
        wanted = read_wanted(json_object(request.body))
        made, secret = await programs.make_key(pages.identity, pages.registry(request), wanted, owner.id, by)
        return answer({**key_document(made), "secret": secret}, 201)

    return make


def _renew(pages: Pages) -> Handler:
    async def renew(request: Request) -> Response:
        by = pages.asking.principal(request)
        made, secret = await programs.rotate_key(pages.identity, pages.registry(request), request.params["id"], by)
        return answer({**key_document(made), "secret": secret})

    return renew


def _delete(pages: Pages) -> Handler:
    async def revoke(request: Request) -> Response:
        by = pages.asking.principal(request)
        await programs.revoke_key(pages.identity, pages.registry(request), request.params["id"], by)
        return Response(204)

    return revoke


def _check(pages: Pages) -> Handler:
    """What MQTT brokers ask that have an authenticator by HTTP (EMQX, mosquitto-go-auth): both read this answer."""

    def check(request: Request) -> Response:
        asked, registry = json_object(request.body), pages.registry(request)
        user, password = str(asked.get("username", "")), str(asked.get("password", ""))
        try:
            right = password.startswith(KEY_MARK) and pages.identity.key(registry, password, Use.DEVICE).id == user
        except CredentialRefused:
            right = False
        return answer({"result": "allow" if right else "deny", "ok": right, "error": "" if right else "unknown"})

    return check


def answer(document: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, orjson.dumps(document), JSON)
