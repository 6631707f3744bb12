"""`machinami town`: found, limit, move and delete the towns of one installation, whether it runs or not."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from machinami.apis.ngsild.subscription_documents import read_subscription
from machinami.app.overseeing import ask
from machinami.cli.guide import guide
from machinami.foundation.errors import BadRequestData, SettingsError
from machinami.model.departure import statements
from machinami.model.quota import KINDS

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subparsers.add_parser("town", help="several towns on one installation / 複数の街", **guide("town"))
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    acts.add_parser("list", help="every town, what it takes and may take / 街の一覧")
    acts.add_parser("record", help="what was done with towns, and is the record whole? / 街の履歴")
    _named(acts, "found", "make a town / 街をつくる")
    acts.choices["found"].add_argument("--administrator", metavar="NAME", help="invite who runs it")
    acts.choices["found"].add_argument("--host", help="the name by which browsers reach it (else NAME.localhost)")
    _named(acts, "invite", "a link for its first administrator / 管理者の招待")
    acts.choices["invite"].add_argument("person", metavar="PERSON")
    _named(acts, "host", "by which name browsers reach it / ブラウザから見た名前")
    acts.choices["host"].add_argument("host", metavar="HOST")
    _named(acts, "quota", "what it may take of the machine / 使える量")
    for act in ("found", "quota"):
        for kind in KINDS:
            acts.choices[act].add_argument(f"--{kind}", metavar="N", help="such as 500, 20k, 5G; none takes it away")
    _named(acts, "encrypt", "encrypt its file / ファイルを暗号化する")
    _add_moving(acts)
    _named(acts, "delete", "delete it for good, with a report / 完全に消す")
    acts.choices["delete"].add_argument("--yes", metavar="NAME", help="the name once more, instead of being asked")
    for one in acts.choices.values():
        one.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the towns")
        one.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def _named(acts: "argparse._SubParsersAction[argparse.ArgumentParser]", act: str, text: str) -> None:
    acts.add_parser(act, help=text).add_argument("town", metavar="NAME")


def _add_moving(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    _named(acts, "move", "have it go as a folder that can be served by itself / フォルダとして出す")
    moving = acts.choices["move"]
    moving.add_argument("folder", metavar="DIR", type=Path)
    moving.add_argument("--with-key", action="store_true", dest="key", help="its key goes along in the folder")
    moving.add_argument("--key-file", type=Path, metavar="FILE", help="the key of its key goes into this file instead")
    moving.add_argument("--copy", action="store_true", dest="stays", help="it stays here too")
    bringing = acts.add_parser("bring", help="have the town of another folder here / フォルダの街を入れる")
    bringing.add_argument("folder", metavar="DIR", type=Path)
    bringing.add_argument("town", metavar="NAME")
    bringing.add_argument("--key-file", type=Path, metavar="FILE", help="where the key of its key is")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked, and say what came of it."""
    answer = ask(arguments.data, arguments.act, _told(arguments), read_subscription)
    if arguments.json:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        _say(arguments.act, answer)
    return 1 if arguments.act == "record" and answer["faults"] else 0


def _told(arguments: argparse.Namespace) -> dict[str, Any]:
    """The request as JSON can say it: paths are whole ones, as who runs the folder stands elsewhere."""
    if arguments.act == "delete":
        _confirm(arguments.town, arguments.yes)
    told = {
        name: str(value.absolute()) if isinstance(value, Path) else value
        for name, value in vars(arguments).items()
        if name not in ("run", "data", "act", "command", "json", *KINDS)
    }
    if arguments.act in ("found", "quota"):
        said = {kind: _amount(getattr(arguments, kind)) for kind in KINDS if getattr(arguments, kind) is not None}
        if arguments.act == "quota" and not said:
            raise BadRequestData(f"Say what it may take: {', '.join(f'--{kind} N' for kind in KINDS)}")
        told["quota"] = said
    return told


def _confirm(name: str, said: str | None) -> None:
    if said is None and sys.stdin.isatty():
        said = input(f"街 {name} とそのデータをすべて消します。街の名前を入れてください / type its name to delete it: ")
    if said != name:
        raise SettingsError(f"Nothing was deleted; to delete the town for good say: --yes {name}")


def _amount(text: str) -> int | None:
    if text == "none":
        return None
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "")
    try:
        return int(float(number) * _UNITS[unit])
    except ValueError:
        raise BadRequestData(f"{text[:40]!r} is no amount; write 500, 20k, 5G or none") from None


def _say(act: str, answer: Any) -> None:
    match act:
        case "list":
            for town in answer:
                _say_town(town)
        case "record":
            for one in answer["entries"]:
                print(f"{one['at']}  {one['act']:8} {one['town']:16} {one['by']}")
            print("\n".join(answer["faults"]) or "○ この記録は書かれたままです / the record is as it was written")
        case "move":
            print(f"○ {answer['folder']}   machinami serve --data {answer['folder']}")
        case "delete":
            print(f"○ 消しました / deleted: {answer['town']}: {answer['entities']} entities, {answer['bytes']:,} bytes")
            said = statements(answer)
            print("\n".join(f"  {line}" for line in [*said["ja"], *said["en"]]))
            print(f"  platform/reports/{answer['id']}.html")
        case "invite":
            _say_link(answer)
        case _:
            _say_town(answer)
            if "link" in answer:
                _say_link(answer)


def _say_link(answer: Any) -> None:
    print(f"{answer['invited']}: このリンクで入れます（1回、7日間） / this link opens once, within 7 days:")
    print(f"  {answer['link']}")


def _say_town(town: Any) -> None:
    shown = []
    for kind in KINDS:
        bound, used = town["quota"][kind], town.get(kind)
        if used is not None or bound is not None:
            said = "" if used is None else f"{used:,}"
            shown.append(f"{said}{'' if bound is None else f' / {bound:,}'} {kind}".strip())
    lock = "  🔑 " + town["keyFingerprint"][:8] if town["keyFingerprint"] else ""
    print(f"{town['name']:16} {town['address']:36} {', '.join(shown)}{lock}")
