"""How is a value made that is never changed, and made many thousand times a second?"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(kind: type[T]) -> type[T]:
    """A slotted dataclass that is frozen for whoever checks the types, and open when it runs.

    A frozen dataclass fills every slot by a call of object.__setattr__, which takes four times as long as filling
    it. For the values of which one write makes dozens, that is more than all that is done with them.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)
