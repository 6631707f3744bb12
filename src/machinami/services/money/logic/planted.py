"""Do the rules of sharing say what is known of games that have a closed form? Invented games, and their truth.

An airport (Littlechild & Owen 1973, doi:10.1287/mnsc.20.3.370): a runway costs what the longest of those who use it
needs, and each part of it is shared by those who need it. A bankruptcy (Aumann & Maschler 1985,
doi:10.1016/0022-0531(85)90102-4): the nucleolus of an estate that is too small is the rule of the Talmud.
"""

from dataclasses import dataclass

import numpy as np

from machinami.methods.cooperative_games import greatest_excess, nucleolus, shapley
from machinami.methods.series import Floats
from machinami.services.money.logic.sharing import compare, group_costs
from machinami.services.money.model import Member, Sharing

MOST_USERS = 10
MOST_CLAIMANTS = 7


@dataclass(frozen=True, slots=True)
class Missed:
    """How far some games were from what is known. shapley, talmud: the worst share of any game, relative to what is
    shared; unstable: in how many some group would have gone alone though a sharing exists at which none would;
    inexact: how many sharings in yen did not sum to the whole, of so many sharings."""

    games: int
    shapley: float = 0.0
    talmud: float = 0.0
    unstable: int = 0
    inexact: int = 0
    sharings: int = 0


def play_airports(seed: int, games: int) -> Missed:
    """Airports of 2 to 10 users whose needs are drawn by chance, as the service shares them (the size is set by the
    largest need)."""
    draws = np.random.default_rng(seed)
    worst, unstable, inexact, sharings = 0.0, 0, 0, 0
    for _ in range(games):
        needs = draws.integers(1, 10**9, draws.integers(2, MOST_USERS + 1))
        members = tuple(Member(str(n), use=int(need), alone=int(need)) for n, need in enumerate(needs))
        sharing = Sharing(members, build=int(needs.max()), size="largest", key="use")
        costs = group_costs(sharing)
        if costs is None:
            continue
        worst = max(worst, float(np.max(np.abs(shapley(costs) - airport_shares(needs.astype(float)))) / needs.max()))
        if len(needs) <= MOST_CLAIMANTS:
            unstable += greatest_excess(costs, nucleolus(costs)) > 1e-7 * needs.max()
            found = compare(sharing)
            said = [one for one in found if not one.missing]
            inexact += sum(sum(one.shares) + one.prefecture != sharing.total for one in said)
            sharings += len(said)
    return Missed(games, shapley=worst, unstable=unstable, inexact=inexact, sharings=sharings)


def airport_shares(needs: Floats) -> Floats:
    """What each user of a runway pays: of every part of it that it needs, an equal share with all others that do."""
    order = np.argsort(needs, kind="stable")
    steps = np.diff(np.concatenate([[0.0], needs[order]]))
    shares = np.empty(len(needs))
    shares[order] = np.cumsum(steps / np.arange(len(needs), 0, -1))
    return shares


def play_bankruptcies(seed: int, games: int) -> Missed:
    """Estates that 2 to 7 claimants share. What each could do alone is the whole claim; together the estate is all
    that there is: the same game as a common work that is cheaper than the works of all."""
    draws = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(games):
        claims = draws.integers(1, 10**9, draws.integers(2, MOST_CLAIMANTS + 1))
        estate = int(draws.integers(1, claims.sum() + 1))
        members = tuple(Member(str(n), alone=int(claim)) for n, claim in enumerate(claims))
        costs = group_costs(Sharing(members, build=estate))
        if costs is not None:
            truth = talmud_shares(float(estate), claims.astype(float))
            worst = max(worst, float(np.max(np.abs(nucleolus(costs) - truth)) / estate))
    return Missed(games, talmud=worst)


def talmud_shares(estate: float, claims: Floats) -> Floats:
    """The rule of the Talmud: as far as half of all claims, equal gains up to half of each; beyond it, equal losses."""
    halves = claims / 2
    if estate <= halves.sum():
        return _equal_up_to(estate, halves)
    return np.asarray(claims - _equal_up_to(float(claims.sum()) - estate, halves))


def _equal_up_to(amount: float, most: Floats) -> Floats:
    order, shares, left = np.argsort(most), np.zeros(len(most)), amount
    for rank, i in enumerate(order):
        shares[i] = min(most[i], left / (len(most) - rank))
        left -= shares[i]
    return shares
