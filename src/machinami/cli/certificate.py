"""`machinami certificate`: an authority of one's own for a closed network, and what it vouches for."""

import argparse
import asyncio
import os
import socket
from pathlib import Path
from typing import Any

from machinami.app.authority import AUTHORITY, FOLDER, SERVER, SERVER_KEY, Authority, Issued, make_authority
from machinami.app.clock import utc_now
from machinami.app.configuration import read
from machinami.app.console import CERTIFICATES, KEYS
from machinami.app.governing import governed
from machinami.app.ground import data_folder
from machinami.cli.guide import guide
from machinami.foundation.errors import NotFound
from machinami.foundation.instant import parse_instant


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "certificate", help="certificates for a closed network / 証明書", **guide("certificate")
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    founding = acts.add_parser("authority", help="make the town's own authority / 認証局をつくる")
    founding.add_argument("--name", help="what computers call it (default: the name of the town)")
    founding.add_argument("--domain", action="append", default=[], help="may vouch for names below this, too")
    founding.add_argument("--network", action="append", default=[], help="may vouch for addresses in this, too")
    issuing = acts.add_parser("issue", help="a certificate for this server, or a device / 証明書を出す")
    issuing.add_argument("subject", metavar="NAME", nargs="*", help="names and addresses at which browsers find it")
    issuing.add_argument("--key", metavar="ID", help="for the program or device with this key instead")
    acts.add_parser("renew", help="a fresh certificate for this server / サーバーの証明書を更新する")
    revoking = acts.add_parser("revoke", help="take a certificate back / 証明書を取り消す")
    revoking.add_argument("which", metavar="WHICH", help="its serial number, its name, or the id of its key")
    acts.add_parser("list", help="every certificate that was given out / 一覧")
    for act in acts.choices.values():
        act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
    for act in (issuing, revoking):
        act.add_argument("--town", help="another town of this installation (NGSILD-Tenant)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    match arguments.act:
        case "authority":
            _found(arguments)
        case "issue" if arguments.key:
            asyncio.run(_issue_device(arguments))
        case "issue":
            made = Authority(arguments.data).issue_server(arguments.subject or _own_names(), utc_now())
            _tell_server(made)
        case "renew":
            _tell_server(Authority(arguments.data).renew_server(utc_now()))
        case "revoke":
            asyncio.run(_revoke(arguments))
        case _:
            for one in Authority(arguments.data).issued():
                print(_line(one))
    return 0


def _found(arguments: argparse.Namespace) -> None:
    folder = data_folder(arguments.data)
    names = read(folder).town_name
    name = arguments.name or f"{names.get('en') or names['ja']} (Machinami)"
    authority = make_authority(folder, name, arguments.domain, arguments.network, utc_now())
    print(f"{folder / FOLDER / AUTHORITY}")
    print(f"  {authority.certificate.not_valid_after_utc:%Y-%m-%d} まで / until")
    print("  庁内のパソコンに、信頼する認証局として入れてください / install it on the office's computers as trusted")


def _own_names() -> list[str]:
    name = socket.gethostname().lower()
    return ["localhost", "127.0.0.1", *([f"{name}.local"] if "." not in name else [])]


def _tell_server(made: Issued) -> None:
    print(f"{', '.join(made.subject)}  {made.until[:10]} まで / until")
    print("machinami.toml:")
    print("  [server]")
    print(f'  certificate = "{FOLDER}/{SERVER}"')
    print(f'  certificate_key = "{FOLDER}/{SERVER_KEY}"')


async def _issue_device(arguments: argparse.Namespace) -> None:
    authority = Authority(arguments.data)
    async with governed(arguments.data, arguments.town) as town:
        keys: list[dict[str, Any]] = (await town.ask("GET", KEYS))[0]
        key = next((one for one in keys if one["id"] == arguments.key), None)
        if key is None:
            raise NotFound(f"This town has no key {arguments.key!r}; make one with machinami admin key")
        until = None if key["until"] is None else parse_instant(key["until"])
        made, certificate, secret = authority.issue_device(key["id"], until, utc_now())
        await town.ask("POST", CERTIFICATES, {"key": key["id"], "digest": made.digest})
    print(f"{key['name']} ({key['id']})  {made.until[:10]} まで / until")
    print(f"  {certificate}{os.linesep}  {secret}")


async def _revoke(arguments: argparse.Namespace) -> None:
    gone = Authority(arguments.data).revoke(arguments.which, utc_now())
    devices = [one for one in gone if one.kind == "device"]
    if devices:
        async with governed(arguments.data, arguments.town) as town:
            for one in devices:
                await town.ask("DELETE", f"{CERTIFICATES}/{one.digest}")
    for one in gone:
        print(f"取り消しました / revoked: {_line(one)}")


def _line(one: Issued) -> str:
    revoked = f"  取り消し / revoked {one.revoked[:10]}" if one.revoked else ""
    return f"{one.serial}  {one.kind:7} {', '.join(one.subject)}  {one.until[:10]}{revoked}"
