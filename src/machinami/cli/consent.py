"""`machinami consent`: for what people may be asked, what is personal, what is given without them, who consented."""

import argparse
import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from machinami.apis.ethics.programs import APPLICATIONS, BOARD
from machinami.app.governing import Governed, governed
from machinami.cli.guide import guide
from machinami.foundation.errors import InputError, NotFound
from machinami.model.legal import Basis, LegalClass
from machinami.model.purpose import LANGUAGES

Acts: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Do = Callable[[Governed, argparse.Namespace], Awaitable[None]]


def add(subparsers: Acts) -> None:
    """Add the command."""
    parser = subparsers.add_parser("consent", help="what people are asked, and what holds / 同意", **guide("consent"))
    parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True)
    for name, words, build in (
        ("purposes", "what people may be asked for / 目的", _add_purposes),
        ("marks", "what is personal / 個人情報の印", _add_marks),
        ("grounds", "what is given without consent, and why / 根拠", _add_grounds),
        ("given", "who consented to what / 同意", _add_given),
        ("board", "who decides on purposes / だれが目的を決めるか", _add_board),
        ("applications", "what was applied for / 審査の申請", _add_applications),
    ):
        acts = parts.add_parser(name, help=words).add_subparsers(dest="act", metavar="ACT", required=True)
        build(acts)
        for act in acts.choices.values():
            act.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the town")
            act.add_argument("--town", metavar="NAME", help="one of several towns (tenant)")
            act.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    asyncio.run(_run(arguments))
    return 0


async def _run(arguments: argparse.Namespace) -> None:
    async with governed(arguments.data, arguments.town) as found:
        do: Do = arguments.do
        await do(found, arguments)


def _say(arguments: argparse.Namespace, told: Any, lines: Sequence[str], none: str) -> None:
    """Print what was told: as JSON, or in lines; `none` where there is nothing."""
    print(json.dumps(told, ensure_ascii=False, indent=1) if arguments.json else "\n".join(lines) or none)


# purposes


def _add_purposes(acts: Acts) -> None:
    acts.add_parser("list", help="every purpose / すべての目的").set_defaults(do=_list_purposes)
    publishing = acts.add_parser("publish", help="publish one that was approved / 公表する")
    publishing.add_argument("purpose", metavar="ID")
    publishing.add_argument(
        "--texts", type=Path, metavar="FILE", help="TOML with ja, en and easy; default: the text that was approved"
    )
    publishing.set_defaults(do=_publish)
    closing = acts.add_parser("close", help="end all that was given for it / 閉じる")
    closing.add_argument("purpose", metavar="ID")
    closing.set_defaults(do=_close)


async def _list_purposes(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", "/purposes"))[0]
    lines = [
        f"{one['id']:24} {_standing(one):34} {one['versions'][-1]['texts'].get('ja', '').splitlines()[0][:60]}"
        for one in told
    ]
    _say(arguments, told, lines, "公表した目的はありません / no purpose is published")


def _standing(one: Mapping[str, Any]) -> str:
    if not one["open"]:
        return "閉じた / closed"
    if not one["approved"]:
        return "新しくお願いできない / not approved now"
    return f"承認 / approved until {one['reviewBy'][:10]}"


async def _publish(town: Governed, arguments: argparse.Namespace) -> None:
    texts = _read_texts(arguments.texts) if arguments.texts else await _approved_texts(town, arguments.purpose)
    told = (await town.ask("POST", "/purposes", {"id": arguments.purpose, "texts": texts}))[0]
    _say(arguments, told, [f"公表しました / published: {told['id']}, version {told['versions'][-1]['version']}"], "")


async def _approved_texts(town: Governed, purpose: str) -> dict[str, str]:
    for one in (await town.ask("GET", APPLICATIONS))[0]:
        if one["purpose"] == purpose and "approval" in one:
            texts: dict[str, str] = one["texts"]
            return texts
    raise NotFound(f"No application for {purpose!r} was approved; apply at /ethics, or see: consent applications list")


def _read_texts(file: Path) -> dict[str, str]:
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    if any(not isinstance(told.get(language), str) for language in LANGUAGES):
        raise InputError(f"{file} must hold the text as {', '.join(LANGUAGES)}")
    return told


async def _close(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("POST", f"/purposes/{quote(arguments.purpose, safe='')}/close"))[0]
    _say(arguments, told, [f"閉じました。だれにも渡しません / closed; nobody is given data for it: {told['id']}"], "")


# marks


def _add_marks(acts: Acts) -> None:
    acts.add_parser("list", help="every mark / すべての印").set_defaults(do=_list_marks)
    setting = acts.add_parser("set", help="say of which class something is / 印をつける")
    setting.add_argument("legal", metavar="CLASS", choices=list(LegalClass), help=", ".join(LegalClass))
    setting.add_argument("--subject", default="", help="the relationship that names the person; none: it is the person")
    setting.set_defaults(do=_mark)
    taking = acts.add_parser("take-off", help="say that it is of none any more / 印をはずす")
    taking.add_argument("--reason", required=True, help="why / なぜ")
    taking.set_defaults(do=_unmark)
    for act in (setting, taking):
        act.add_argument("--type", default="", help="the type / データの種類")
        act.add_argument("--attribute", default="", help="the attribute / 項目")


async def _list_marks(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", "/legal-classes"))[0]
    lines = [
        f"{one['class']:28} {one.get('type', '*')} {one.get('attribute', '')}".rstrip()
        + (f"  (about whom {one['subject']} names)" if "subject" in one else "")
        for one in told
    ]
    _say(arguments, told, lines, "印はありません / nothing is marked")


async def _mark(town: Governed, arguments: argparse.Namespace) -> None:
    document = {"class": arguments.legal, **_named(arguments), "subject": arguments.subject}
    told = (await town.ask("POST", "/legal-classes", document))[0]
    what = " ".join(told[name] for name in ("type", "attribute") if name in told)
    _say(arguments, told, [f"印をつけました / marked as {told['class']}: {what}"], "")


async def _unmark(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("POST", "/legal-classes/removal", {**_named(arguments), "reason": arguments.reason}))[0]
    _say(arguments, told, [f"印をはずしました / no mark any more: {told['id']}"], "")


def _named(arguments: argparse.Namespace) -> dict[str, str]:
    if not (arguments.type or arguments.attribute):
        raise InputError("say what is meant: --type, --attribute or both")
    return {"type": arguments.type, "attribute": arguments.attribute}


# grounds


def _add_grounds(acts: Acts) -> None:
    acts.add_parser("list", help="every ground / すべての根拠").set_defaults(do=_list_grounds)
    recording = acts.add_parser("record", help="record one / 記録する")
    recording.add_argument("ground", metavar="ID")
    recording.add_argument("basis", metavar="BASIS", choices=list(Basis), help=", ".join(Basis))
    recording.add_argument("who", metavar="WHO", help="role:officer, person:ID, program:ID or everyone")
    recording.add_argument("--reason", required=True, help="why, with the law or the contract / 法律や契約")
    recording.add_argument("--until", required=True, help="a moment such as 2027-03-31T15:00:00Z / いつまで")
    recording.add_argument("--type", action="append", default=[], help="only this type; may be repeated")
    recording.add_argument("--attribute", action="append", default=[], help="only this attribute; may be repeated")
    recording.add_argument("--purpose", default="", help="only for this purpose")
    recording.set_defaults(do=_ground)
    ending = acts.add_parser("end", help="end one before its time / 終わらせる")
    ending.add_argument("ground", metavar="ID")
    ending.set_defaults(do=_end)


async def _list_grounds(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", "/grounds"))[0]
    lines = [
        f"{one['id']:24} {'有効 / holds' if one['holds'] else '終わり / ended':16} {one['basis']} → {one['who']}, "
        f"until {one['until'][:10]}: {one['reason']}"
        for one in told
    ]
    _say(arguments, told, lines, "根拠は記録されていません / no ground is recorded")


async def _ground(town: Governed, arguments: argparse.Namespace) -> None:
    document = {
        "id": arguments.ground,
        "basis": arguments.basis,
        "who": arguments.who,
        "reason": arguments.reason,
        "until": arguments.until,
        "types": arguments.type,
        "attributes": arguments.attribute,
        **({"purpose": arguments.purpose} if arguments.purpose else {}),
    }
    told = (await town.ask("POST", "/grounds", document))[0]
    _say(arguments, told, [f"記録しました / recorded: {told['id']}, until {told['until']}"], "")


async def _end(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("POST", f"/grounds/{quote(arguments.ground, safe='')}/end"))[0]
    _say(arguments, told, [f"終わらせました / ended: {told['id']}"], "")


# consents


def _add_given(acts: Acts) -> None:
    acts.add_parser("count", help="how many, by purpose / 目的ごとの数").set_defaults(do=_count)
    showing = acts.add_parser("show", help="one with every step / 一つをくわしく")
    showing.add_argument("consent", metavar="ID")
    showing.set_defaults(do=_show)
    taking = acts.add_parser("withdraw", help="withdraw one on behalf of the person / 本人にかわって取り消す")
    taking.add_argument("consent", metavar="ID")
    taking.add_argument("--proof", required=True, help="how the person showed that it is their will / 本人の意思の確認")
    taking.set_defaults(do=_withdraw)


async def _count(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", "/consent-counts"))[0]
    lines = [
        f"{name:24} 有効 / in force: {one['inForce']:6}   終わり / ended: {one['ended']:6}"
        for name, one in told.items()
    ]
    _say(arguments, told, lines, "目的も同意もありません / there are neither purposes nor consents")


async def _show(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", f"/consents/{quote(arguments.consent, safe='')}"))[0]
    data = ", ".join((*told.get("types", ()), *told.get("attributes", ())))
    lines = [
        f"{told['id']}: {told['state']}, {told['purpose']}, until {told['until']}",
        f"  本人 / about     {told['subject']}",
        f"  渡す相手 / given to  {', '.join(told['recipients'])}",
        f"  データ / data    {data}",
        *(
            f"  {step['at']}  {step['step']} by {step['by']} {step.get('proof', '')}".rstrip()
            for step in told["events"]
        ),
    ]
    _say(arguments, told, lines, "")


async def _withdraw(town: Governed, arguments: argparse.Namespace) -> None:
    path = f"/consents/{quote(arguments.consent, safe='')}/withdraw"
    told = (await town.ask("POST", path, {"proof": arguments.proof}))[0]
    _say(arguments, told, [f"取り消しました / withdrawn: {told['id']}"], "")


# the board


def _add_board(acts: Acts) -> None:
    acts.add_parser("show", help="who decides / だれが決めるか").set_defaults(do=_show_board)
    appointing = acts.add_parser("appoint", help="a board, from a file / 審査会を記録する")
    appointing.add_argument("file", type=Path, metavar="FILE", help="JSON as `consent board show --json` prints it")
    appointing.set_defaults(do=_appoint)
    heading = acts.add_parser("head", help="one named person in its stead / かわりに一人の責任者")
    heading.add_argument("person", metavar="PERSON", help="the id of their account")
    heading.add_argument("name", metavar="NAME")
    heading.add_argument("field", metavar="OFFICE", help="which office they hold / 役職")
    heading.add_argument("--reason", required=True, help="why there is no board; residents read it / 住民に示す理由")
    heading.set_defaults(do=_head)


async def _show_board(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", BOARD))[0]
    _say(
        arguments, told, _board_lines(told),
        "だれが決めるか、まだ決まっていません。同意はお願いできません / nobody decides yet, so nobody can be asked",
    )  # fmt: skip


def _board_lines(told: Mapping[str, Any]) -> list[str]:
    if not told["members"]:
        return []
    what = "審査会 / a board" if told["office"] == "board" else f"一人の責任者 / one person: {told['reason']}"
    rule = f"{told['quorum']} votes, {told['rule']}, {told['votingDays']} days, again in {told['reviewMonths']} months"
    people = [f"  {one['name']} ({one['field']})  {one['person']}" for one in told["members"]]
    return [what, *people, f"  {rule}"]


async def _appoint(town: Governed, arguments: argparse.Namespace) -> None:
    try:
        document = json.loads(arguments.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{arguments.file} cannot be read as JSON: {error}") from error
    told = (await town.ask("POST", BOARD, document))[0]
    _say(arguments, told, ["記録しました / recorded:", *_board_lines(told)], "")


async def _head(town: Governed, arguments: argparse.Namespace) -> None:
    member = {name: getattr(arguments, name) for name in ("person", "name", "field")}
    told = (await town.ask("POST", BOARD, {"office": "head", "members": [member], "reason": arguments.reason}))[0]
    _say(arguments, told, ["記録しました / recorded:", *_board_lines(told)], "")


def _add_applications(acts: Acts) -> None:
    acts.add_parser("list", help="every application / すべての申請").set_defaults(do=_list_applications)
    showing = acts.add_parser("show", help="one, in full / 一つをくわしく")
    showing.add_argument("application", metavar="ID")
    showing.set_defaults(do=_show_application)


async def _list_applications(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", APPLICATIONS))[0]
    lines = [
        f"{one['id']}  {one['state']:14} {one['purpose']:24} {one['titles'].get('ja', '')}{_overdue(one)}"
        for one in told
    ]
    _say(arguments, told, lines, "申請はありません / nothing was applied for")


def _overdue(one: Mapping[str, Any]) -> str:
    overdue = one.get("approval", {}).get("overdue")
    return "  ! 見直しの期限切れ / its review is overdue" if overdue else ""


async def _show_application(town: Governed, arguments: argparse.Namespace) -> None:
    told = (await town.ask("GET", f"{APPLICATIONS}/{quote(arguments.application, safe='')}"))[0]
    _say(arguments, told, [json.dumps(told, ensure_ascii=False, indent=1)], "")
