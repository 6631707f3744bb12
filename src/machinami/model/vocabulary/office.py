"""Who decides in the town: the name and the office of a person, as they stand beside a decision."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Officer:
    """Who decides: their name, and the office or role in which they do."""

    who: str
    role: str

    def __str__(self) -> str:
        return f"{self.who} ({self.role})"
