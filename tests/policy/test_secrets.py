"""Where are secrets seen that a town was shown, or gave? In no log, refusal, account, figure or file.

A whole town goes through every operation that bears a secret; each is one of a kind, and looked for everywhere.
"""

import hmac
import logging
import re
import stat
import time
from base64 import b64encode
from pathlib import Path

import pytest
from tests.policy.inhabited import Crowd, Told, inhabited
from tests.policy.towns import PEOPLE

from machinami.broker.identity.codes import draw_seed
from machinami.model.identity.totp import code_at, written

NEW, WRONG = "eleven otters under the bridge", "a guess that nobody would guess 7431"
KEY_FILE = "identity.key"
SUBSCRIPTION = "/ngsi-ld/v1/subscriptions"


class Gathered:
    """The secrets met so far, and the refusals in which none of them may be. kept: those that a town must keep as they
    are, as it shows them to others (a receiver's password)."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.secrets: dict[str, str] = {}
        self.kept: dict[str, str] = {}
        self.refusals: list[str] = []

    def met(self, name: str, secret: str) -> str:
        """Remember a secret."""
        assert len(secret) >= 6, name
        self.secrets[name] = secret
        return secret

    async def ask(self, who: str, method: str, path: str, **more: object) -> Told:
        """Ask, and remember what was refused: all but the address that was asked, and the token of the next form."""
        token = self.crowd.token(who)
        told = await self.crowd.ask(who, method, path, **more)  # type: ignore[arg-type]  # as `ask` has them
        if told.status >= 400:
            text = told.text.replace(token, "")
            code = dict(more.get("form", {})).get("code")  # type: ignore[call-overload]  # a form's fields
            if code is not None:  # the form that was refused is shown again, to who sent it, with what it says
                text = text.replace(f'name="code" value="{code}"', "")
            for part in re.split("[?&]", path):
                text = text.replace(part, "")
            self.refusals.append(f"{told.status} {told.headers} {text}")
        return told


async def _people(found: Gathered) -> None:
    crowd = found.crowd
    for who in crowd.cookies:
        found.met(f"cookie of {who}", crowd.cookies[who].partition("=")[2])
        found.met(f"form token of {who}", crowd.token(who))
    invited = await found.ask("administrator", "POST", "/people", form={"name": "ken", "role-officer": "1"})
    code = found.met("invitation", re.findall(r"/invitation#([0-9a-f]{48})", invited.text)[0])
    found.met("password", NEW)
    found.met("wrong password", WRONG)
    await found.ask("nobody", "POST", "/invitation", form={"code": code, "password": WRONG, "again": NEW})
    accepted = await found.ask("nobody", "POST", "/invitation", form={"code": code, "password": NEW, "again": NEW})
    crowd.cookies["ken"] = accepted.headers["Set-Cookie"].partition(";")[0]
    found.met("cookie of ken", crowd.cookies["ken"].partition("=")[2])
    await found.ask("nobody", "POST", "/invitation", form={"code": code})  # used already
    await found.ask("nobody", "POST", "/sign-in", form={"name": "ken", "password": WRONG})
    await crowd.ask("nobody", "POST", "/sign-in", form={"name": WRONG, "password": NEW})  # the field filled in wrongly
    longer = found.met("changed password", NEW + " again")
    form = {"old": NEW, "password": longer, "again": longer}
    assert (await found.ask("ken", "POST", "/account/password", form={**form, "old": WRONG})).status == 422
    assert (await found.ask("ken", "POST", "/account/password", form=form)).status == 303
    code = found.met("first code", crowd.town.identity.first_code)
    await found.ask("nobody", "POST", "/first", form={"code": code})
    await found.ask("nobody", "GET", f"/account?session={crowd.cookies['ken'].partition('=')[2]}")


async def _codes(found: Gathered) -> None:
    seed = draw_seed(found.crowd.town.identity)
    text = found.met("seed", written(seed))
    began = await found.ask("ken", "POST", "/account/totp/begin", form={"password": NEW + " again"})
    assert began.status == 200
    wrong = await found.crowd.ask("ken", "POST", "/account/totp", form={"seed": text, "code": "000000"})
    assert text in wrong.text  # the same seed, for another try of who was just given it
    window = int(time.time()) // 30  # of this moment, as a code holds for half a minute
    code = found.met("one-time code", code_at(hmac.digest(seed, window.to_bytes(8, "big"), "sha1")))
    used = await found.ask("ken", "POST", "/account/totp", form={"seed": text, "code": code})
    assert used.status == 200, used.text
    found.crowd.cookies["ken"] = used.headers["Set-Cookie"].partition(";")[0]
    for n, recovery in enumerate(re.findall(r"[0-9a-f]{4}(?:-[0-9a-f]{4}){3,}", used.text)):
        found.met(f"recovery code {n}", recovery)
    assert "recovery code 0" in found.secrets
    await found.ask("nobody", "POST", "/sign-in/code", form={"code": found.secrets["recovery code 0"]})


async def _programs(found: Gathered) -> None:
    wanted = {"name": "p", "roles": ["service"], "days": 3}
    secrets = {}
    for use in ("key", "client", "device"):
        made = await found.ask("administrator", "POST", "/identity/keys", body={**wanted, "use": use})
        key_id, secret = (re.findall(rf'"{name}":"([^"]+)"', made.text)[0] for name in ("id", "secret"))
        secrets[use] = key_id, found.met(use, secret)
        await found.ask("nobody", "GET", "/ngsi-ld/v1/types", Authorization=f"Bearer {secret}", Accept="*/*")
        await found.ask("nobody", "GET", "/ngsi-ld/v1/types", X_API_Key=found.met(f"bad {use}", f"{secret}0"))
    renewed = await found.ask("administrator", "POST", f"/identity/keys/{secrets['key'][0]}/rotation", body={})
    found.met("rotated key", re.findall(r'"secret":"([^"]+)"', renewed.text)[0])
    client, secret = secrets["client"]
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    given = await found.ask("nobody", "POST", "/oauth/token", form=form)
    token = found.met("token", re.findall(r'"access_token":"([^"]+)"', given.text)[0])
    await found.ask("nobody", "GET", "/ngsi-ld/v1/types", Authorization=f"Bearer {token}", Accept="*/*")
    await found.ask("nobody", "GET", "/ngsi-ld/v1/types", Authorization=f"Bearer {token[:-9]}AAAAAAAAA")
    await found.ask("nobody", "POST", "/oauth/token", form={**form, "client_secret": WRONG})
    await found.ask("nobody", "POST", "/oauth/token", form={**form, "scope": "administer"})
    basic = found.met("basic", b64encode(f"{client}:{secret}".encode()).decode())
    await found.ask("nobody", "GET", "/ngsi-ld/v1/types", Authorization=f"Basic {basic}")
    device = {"username": secrets["device"][0], "password": secrets["device"][1]}
    for said in (device, {**device, "password": WRONG}, {**device, "username": WRONG}):
        assert (await found.ask("nobody", "POST", "/identity/devices/check", body=said)).status == 200


async def _others(found: Gathered) -> None:
    """Secrets of others that are kept to be shown to them: receivers, sources, the city's provider."""
    found.kept |= {"header": "hush-receiver-1597", "address": "hush-address-2584", "source": "hush-source-4181"}
    endpoint = {
        "uri": f"http://bot:{found.kept['address']}@127.0.0.1:9/told",
        "receiverInfo": [{"key": "Authorization", "value": f"Bearer {found.kept['header']}"}],
    }
    subscription = {
        "id": "urn:x:s", "type": "Subscription", "entities": [{"type": "Case"}], "notification": {"endpoint": endpoint},
    }  # fmt: skip
    made = await found.ask("administrator", "POST", SUBSCRIPTION, body=subscription, Accept="*/*")
    assert made.status == 201, made.text
    await found.ask("administrator", "POST", SUBSCRIPTION, body=subscription, Accept="*/*")
    await found.ask("administrator", "POST", SUBSCRIPTION, body={**subscription, "q": "(("}, Accept="*/*")
    await found.ask("officer", "DELETE", f"{SUBSCRIPTION}/urn:x:s", Accept="*/*")
    source = {
        "id": "urn:x:r", "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9",
        "information": [{"entities": [{"type": "Case"}]}],
        "contextSourceInfo": [{"key": "Authorization", "value": f"Bearer {found.kept['source']}"}],
    }  # fmt: skip
    for _ in range(2):
        await found.ask("administrator", "POST", "/ngsi-ld/v1/csourceRegistrations", body=source, Accept="*/*")
    case = {"id": "urn:x:case2", "type": "Case"}
    await found.ask("administrator", "POST", "/ngsi-ld/v1/entities?local=true", body=case, Accept="*/*")
    await found.ask("administrator", "GET", "/ngsi-ld/v1/entities?type=Case", Accept="*/*")
    found.kept["provider"] = "a secret of the client"
    await found.ask("nobody", "GET", "/sign-in/provider")
    await found.ask(
        "nobody", "GET", f"/sign-in/provider/return?code={found.met('OpenID code', 'hush-code-6765')}&state=x"
    )


def _without_own(crowd: Crowd, who: str, text: str) -> str:
    """A page without the hidden field of its own forms, where the token of who looks at it belongs."""
    return text.replace(f'name="form_token" value="{crowd.token(who)}"', "")


async def test_no_secret_is_seen_where_it_does_not_belong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with inhabited(tmp_path) as crowd:
        found = Gathered(crowd)
        for part in (_people, _codes, _programs, _others):
            await part(found)
        house = await crowd.town.broker.town(None)
        account = await crowd.town.broker.audit(house).batches(0, 10_000, PEOPLE["administrator"])
        told = {"the account": repr(account)}
        for path in ("/metrics", "/health", "/about", "/openapi.json", "/services"):
            told[path] = _without_own(crowd, "administrator", (await crowd.ask("administrator", "GET", path)).text)
    seal = (tmp_path / KEY_FILE).read_bytes()
    said = capfd.readouterr()
    told |= {"the log": caplog.text, "stderr": said.err, "stdout": said.out, "refusals": "\n".join(found.refusals)}
    assert "signed in by password" in caplog.text or "wrong password" in caplog.text.lower()
    assert len(found.refusals) > 12
    for name, secret in {**found.secrets, **found.kept}.items():
        for where, text in told.items():
            assert secret not in text, f"{name} is in {where}"
    files = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    del files[KEY_FILE]
    for file, kept in files.items():
        assert seal not in kept, file
        for name, secret in found.secrets.items():
            assert secret.encode() not in kept, f"{name} is in {file}"
