"""Is the way on foot the soonest one, is a push message what the standard says, how many are made ready in a second?

How many reach people in a second over real servers, and how the town answers meanwhile, is measured by a long test
(docs/messages.md): a service opens no connection of its own.
"""

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from machinami.foundation.errors import InputError
from machinami.methods.proportions import difference
from machinami.methods.scorecard import Argument, Check, Each, Progress, Report, Table
from machinami.methods.walking import Line, Network, by_relaxing, network, soonest, tobler
from machinami.model.letter import Letter, written
from machinami.model.push import Receiver, decrypted, encrypted, private_key, public_text
from machinami.services.messages.logic.letters import Sealing, sealed
from machinami.services.messages.logic.osm import streets_of

TABLE_OPTIONAL = True
ARGUMENTS = (
    Argument("networks", "text", "how many networks by chance are searched both ways", default="200"),
    Argument("people", "text", "for how many people messages are made ready", default="2000"),
    Argument("streets", "file", "an extract of OpenStreetMap (OSM XML, .bz2 as well), searched both ways too"),
)
# RFC 8291, section 5 and appendix A
SENDER, BROWSER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SALT, SECRET = "DGv6ra1nlYgDCS1FRnbzlw", "BTBZMqHH6r4Tts7J_aSIgg"
TEXT = b"When I grow up, I want to be a watermelon"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
NEWCOMBE = (((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0))
"""Newcombe 1998, table II, method 10: counts, and the interval of their difference."""
STARTS = 20
_MOMENT = datetime(2026, 6, 30, 9, tzinfo=UTC)


def evaluate(table: Table, options: Mapping[str, str], progress: Progress, each: Each = map) -> Report:
    """Score ways, push messages, intervals and pace."""
    networks, people = (_whole(options, name, most) for name, most in (("networks", 20_000), ("people", 100_000)))
    checks = [*_push(), _intervals()]
    equal = 0
    for seed in range(networks):
        equal += _same(*_by_chance(seed))
        progress(seed + 1, networks)
    checks.append(Check("ways_equal_to_trying_all", equal / networks, "1", 1.0))
    streets = table.documents.get("streets")
    if streets is not None:
        checks += _streets(streets_of(streets))
    checks += _pace(people)
    return Report("messages", tuple(checks), networks)


def _whole(options: Mapping[str, str], name: str, most: int) -> int:
    text = options.get(name) or next(one.default for one in ARGUMENTS if one.name == name)
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise InputError(f"--{name} is a whole number, 1 to {most}")
    return int(text)


def _push() -> list[Check]:
    key, salt = private_key(BROWSER), _read(SALT)
    receiver = Receiver("https://push.example", public_text(key), SECRET)
    made = encrypted(TEXT, receiver, private_key(SENDER), salt)
    again = decrypted(made, key, _read(SECRET)) == TEXT
    return [
        Check("push_message_equals_rfc8291", float(made == _read(MESSAGE)), "1", 1.0),
        Check("push_message_read_again", float(again), "1", 1.0),
    ]


def _intervals() -> Check:
    found = [difference(*counts) for counts, _, _ in NEWCOMBE]
    apart = [max(abs(one.low - low), abs(one.high - high)) for one, (_, low, high) in zip(found, NEWCOMBE, strict=True)]
    return Check("difference_from_newcombe_table", max(apart), "1", 1e-4, most=True)


def _by_chance(seed: int) -> tuple[Network, list[int], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    chance = np.random.default_rng(seed)
    corners = [(138.2 + 0.001 * (place % 8), 35.0 + 0.001 * (place // 8)) for place in range(64)]
    lines: list[Line] = [[corners[int(p)] for p in chance.integers(0, 64, chance.integers(2, 7))] for _ in range(40)]
    net = network(lines, [chance.uniform(0, 60, len(line)).tolist() for line in lines])
    goals = [int(goal) for goal in chance.integers(0, len(net.corners), 3)]
    return net, goals, chance.random(len(net.start)) < 0.15


def _same(net: Network, goals: list[int], closed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> bool:
    seconds = tobler(net.metres, net.rise)
    quick, slow = soonest(net, seconds, goals, closed).seconds, by_relaxing(net, seconds, goals, closed)
    return bool(np.allclose(quick, slow, rtol=1e-9, atol=1e-6))


def _streets(lines: list[Line]) -> list[Check]:
    net = network(lines)
    if not len(net.corners):
        raise InputError("the extract holds no street that people walk")
    chance = np.random.default_rng(1)
    equal = sum(
        _same(
            net, [int(goal) for goal in chance.integers(0, len(net.corners), 3)], chance.random(len(net.start)) < 0.05
        )
        for _ in range(STARTS)
    )
    return [
        Check("ways_on_real_streets_equal", equal / STARTS, "1", 1.0),
        Check("corners_of_real_streets", float(len(net.corners)), "1"),
    ]


def _pace(people: int) -> list[Check]:
    """How many messages one processor makes ready in a second: push messages encrypted, letters written."""
    receiver = Receiver("https://push.example", public_text(private_key(BROWSER)), SECRET)
    text = b"x" * 600
    tasks = [Sealing(str(n), receiver, text, n + 1, n.to_bytes(16, "big")) for n in range(people)]
    began = time.perf_counter()
    sealed(tasks)
    pushed = people / (time.perf_counter() - began)
    began = time.perf_counter()
    body = "避難してください。\n" * 30
    from_, at = "bosai@town.example", _MOMENT
    for number in range(people):
        written(Letter(f"p{number}@example.jp", "警戒レベル4 避難指示", body, str(number)), from_, "町役場", at)
    letters = people / (time.perf_counter() - began)
    return [
        Check("push_messages_made_in_a_second", pushed, "1/s"),
        Check("letters_made_in_a_second", letters, "1/s"),
    ]


def _read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
