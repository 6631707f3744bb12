"""How many points is a day worth, and which bookings bring the journal to that? Late and corrected days included."""

from datetime import date, timedelta

from machinami.services.health_points.logic.ledger import Command, Journal
from machinami.services.health_points.model import DayState, Settings


def points_due(steps: int, state: DayState, goal: int | None, settings: Settings) -> int:
    """The points of a day: one for every so many steps up to the daily most, and a bonus where the personal goal was
    reached. A day that is asked about, refused or contested is worth nothing as long as it is."""
    if state != "accepted":
        return 0
    bonus = settings.goal_bonus if goal is not None and steps >= goal else 0
    return min(steps // settings.steps_per_point, settings.points_per_day) + bonus


def settling(journal: Journal, day: date, due: int, today: date, valid_days: int) -> Command | None:
    """The booking that makes a day worth `due`: the rest is issued, or what is too much taken back as far as it was
    not spent; None where nothing is to be done.

    Its key names the day and what was booked for it so far: handed in twice at once, it is booked once.
    """
    about = day.isoformat()
    booked = journal.earned.get(about, 0)
    key = f"day:{about}:{journal.count}:{booked}>{due}"
    if due > booked:
        return Command("issue", key, about, today, due - booked, expires=today + timedelta(days=valid_days))
    left = sum(lot.left for lot in journal.lots.values() if lot.about == about)
    if due < booked and left:
        return Command("reverse", key, about, today, booked - due)
    return None


def is_open_to_change(day: date, today: date, late_days: int) -> bool:
    """Whether a day may still be handed in or corrected: not ahead of today, nor longer ago than the town allows."""
    return timedelta() <= today - day <= timedelta(days=late_days)
