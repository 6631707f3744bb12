"""Who takes part, on what terms, and what does leaving mean? The port to the town's consents, and what is asked."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from machinami.foundation.errors import BadRequestData, Forbidden
from machinami.services.health_points.model import AGE_BANDS, SEXES, Walker

PURPOSE = "health-points"
LONGEST_DISTRICT = 40


class NotTakingPart(Forbidden):
    """Nobody takes part under this key."""


class Consents(Protocol):
    """What the service asks of the town's consents to PURPOSE: record one, does one hold, end it."""

    async def give(self, subject: str, language: str) -> str:
        """Record that a person consents, shown the newest published text in this language; the id of the consent."""
        ...

    def holds(self, subject: str) -> bool:
        """Whether a consent of the person holds now."""
        ...

    async def withdraw(self, subject: str) -> None:
        """End the person's consent."""
        ...


class OpenTown:
    """The port in a town without any administrator, which keeps no consents: a town for trying things out."""

    async def give(self, subject: str, language: str) -> str:
        """Nothing is recorded."""
        return ""

    def holds(self, subject: str) -> bool:
        """Who takes part has a profile; more is not asked."""
        return True

    async def withdraw(self, subject: str) -> None:
        """Nothing is recorded; the profile is erased."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person says when joining; all of it may stay unsaid ("" or "unsaid")."""

    age_band: str = ""
    sex: str = "unsaid"
    district: str = ""


def checked(profile: Profile) -> Profile:
    """The profile, if it fits. Raises BadRequestData naming the field and what would do."""
    if profile.age_band not in ("", *AGE_BANDS):
        raise BadRequestData(f"The age band must be one of {', '.join(AGE_BANDS)}, or left out", field="age_band")
    if profile.sex not in SEXES:
        raise BadRequestData(f"The sex must be one of {', '.join(SEXES)}", field="sex")
    if len(profile.district) > LONGEST_DISTRICT or not profile.district.isprintable():
        raise BadRequestData(f"The district is no name of at most {LONGEST_DISTRICT} characters", field="district")
    return profile


def joined(walker_id: str, profile: Profile, today: date) -> Walker:
    """One who joins today: age band, sex and district as said, nothing else."""
    said = checked(profile)
    return Walker(
        walker_id,
        age_band=said.age_band or None,
        sex=None if said.sex == "unsaid" else said.sex,
        district=said.district or None,
        joined_on=today.isoformat(),
    )


def checked_code(code: str) -> str:
    """A voucher's code, as its owner's device made it. Raises BadRequestData."""
    if not (8 <= len(code) <= 40 and code.isalnum() and code.isascii()):
        raise BadRequestData("A voucher's code is 8 to 40 letters and digits, made by chance", field="code")
    return code
