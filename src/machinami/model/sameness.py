"""Do two instances of an attribute say the same? What a client said counts, not when it was written (5.8.6)."""

from typing import Any

from machinami.model.attribute import Attribute, Attributes


def says_the_same(one: Attribute, other: Attribute) -> bool:
    """Whether all members are alike, children too, but for the times and the id that the broker gave them."""
    return (
        _alike(one.value, other.value)
        and one.observed_at == other.observed_at
        and one.kind is other.kind
        and one.dataset_id == other.dataset_id
        and one.unit_code == other.unit_code
        and one.expires_at == other.expires_at
        and one.object_type == other.object_type
        and one.value_type == other.value_type
        and _all_the_same(one.attributes, other.attributes)
    )


def _alike(one: Any, other: Any) -> bool:
    """Equal, and true is not one."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _all_the_same(ones: Attributes, others: Attributes) -> bool:
    if not ones and not others:
        return True
    if ones.keys() != others.keys():
        return False
    return all(len(every) == len(others[name]) and _paired(every, others[name]) for name, every in ones.items())


def _paired(ones: tuple[Attribute, ...], others: tuple[Attribute, ...]) -> bool:
    by_dataset = {one.dataset_id: one for one in ones}
    return all(one.dataset_id in by_dataset and says_the_same(by_dataset[one.dataset_id], one) for one in others)
