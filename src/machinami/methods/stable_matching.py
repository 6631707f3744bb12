"""Who meets whom, when each side ranks the other and nobody has time for all? So that no two would rather swap.

Two sides, called askers and hosts, each numbered from 0. wishes[i] are the partners that i would meet, the best first;
whom it does not name it does not meet. places[i] is how many it can meet. With one place for each asker these are
hospitals and residents; with several on both sides each is taken to rank groups by their members (responsive).
"""

from collections.abc import Sequence

from machinami.foundation.errors import InputError

Wishes = Sequence[Sequence[int]]
Pair = tuple[int, int]


def match(askers: Wishes, ask_places: Sequence[int], hosts: Wishes, host_places: Sequence[int]) -> list[Pair]:
    """A stable matching as pairs (asker, host), in order: of all stable ones the best for every asker, and the worst
    for every host.

    Askers ask down their lists as long as they have places; a host keeps the best that asked. Gale & Shapley 1962,
    doi:10.1080/00029890.1962.11989827; several places on both sides: Roth 1984, doi:10.2307/1911272. Raises InputError.
    """
    _check(askers, ask_places, hosts, host_places)
    ranks = _ranks(hosts)
    next_wish = [0] * len(askers)
    held: list[set[int]] = [set() for _ in hosts]
    taken = [0] * len(askers)
    waiting = [i for i, places in enumerate(ask_places) if places and askers[i]]
    while waiting:
        i = waiting.pop()
        while taken[i] < ask_places[i] and next_wish[i] < len(askers[i]):
            host = askers[i][next_wish[i]]
            next_wish[i] += 1
            if i not in ranks[host] or not host_places[host]:
                continue
            held[host].add(i)
            taken[i] += 1
            if len(held[host]) > host_places[host]:
                worst = max(held[host], key=ranks[host].__getitem__)
                held[host].remove(worst)
                taken[worst] -= 1
                if worst != i:
                    waiting.append(worst)
    return sorted((i, host) for host, kept in enumerate(held) for i in kept)


def blocking_pairs(
    pairs: Sequence[Pair], askers: Wishes, ask_places: Sequence[int], hosts: Wishes, host_places: Sequence[int]
) -> list[Pair]:
    """The pairs that are not met though both would rather: each has a place left, or likes the other better than
    somebody it meets. None: the matching is stable."""
    _check(askers, ask_places, hosts, host_places)
    ask_ranks, host_ranks = _ranks(askers), _ranks(hosts)
    met = set(pairs)
    ask_worst = [_worst_rank([h for a, h in pairs if a == i], ask_ranks[i], n) for i, n in enumerate(ask_places)]
    host_worst = [_worst_rank([a for a, h in pairs if h == j], host_ranks[j], n) for j, n in enumerate(host_places)]
    both = ((i, host) for i, wished in enumerate(askers) for host in wished if i in host_ranks[host])
    return [
        (i, host)
        for i, host in both
        if (i, host) not in met and ask_ranks[i][host] < ask_worst[i] and host_ranks[host][i] < host_worst[host]
    ]


def _worst_rank(partners: Sequence[int], ranks: dict[int, int], places: int) -> float:
    """The rank that another must beat to be met: that of the worst partner, or any where there is a place left."""
    if len(partners) < places:
        return float("inf")
    return max((ranks[partner] for partner in partners), default=-1)


def _ranks(wishes: Wishes) -> list[dict[int, int]]:
    return [{partner: rank for rank, partner in enumerate(wished)} for wished in wishes]


def _check(askers: Wishes, ask_places: Sequence[int], hosts: Wishes, host_places: Sequence[int]) -> None:
    for side, wishes, places, others in (
        ("asker", askers, ask_places, len(hosts)),
        ("host", hosts, host_places, len(askers)),
    ):
        if len(wishes) != len(places) or any(number < 0 for number in places):
            raise InputError(f"Each {side} has wishes and a number of places from 0 on")
        for i, wished in enumerate(wishes):
            if len(set(wished)) < len(wished) or any(not 0 <= partner < others for partner in wished):
                raise InputError(f"The wishes of {side} {i} name each partner once, by numbers from 0 to {others - 1}")
