"""Which operations may a Context Source offer, one by one and in groups? (ETSI GS CIM 009, 4.20)"""

from collections.abc import Iterable, Mapping

_CONSUMPTION = """
    retrieveEntity queryEntity queryBatch retrieveEntityTypes retrieveEntityTypeDetails retrieveEntityTypeInfo
    retrieveAttrTypes retrieveAttrTypeDetails retrieveAttrTypeInfo
"""
_TEMPORAL_PROVISION = """
    upsertTemporal appendAttrsTemporal deleteAttrsTemporal updateAttrInstanceTemporal deleteAttrInstanceTemporal
    deleteTemporal
"""
_SUBSCRIPTION = "createSubscription updateSubscription retrieveSubscription querySubscription deleteSubscription"
_MAPS = "retrieveEntityMap updateEntityMap deleteEntityMap createEntityMapQueryEntity"
_SINGLE = """
    createEntity updateEntity appendAttrs updateAttrs deleteAttrs deleteEntity mergeEntity replaceEntity replaceAttrs
    purgeEntity
"""
_BATCH = "createBatch upsertBatch updateBatch deleteBatch mergeBatch"
_IDENTITY = "retrieveContextSourceIdentity"

OPERATIONS = frozenset(
    f"{_CONSUMPTION} {_TEMPORAL_PROVISION} {_SUBSCRIPTION} {_MAPS} {_SINGLE} {_BATCH} {_IDENTITY} "
    "retrieveTemporal queryTemporal createEntityMapQueryTemporal".split()
)
GROUPS: Mapping[str, frozenset[str]] = {
    "federationOps": frozenset(f"{_CONSUMPTION} {_SUBSCRIPTION} {_MAPS} {_IDENTITY}".split()),
    "associationOps": frozenset(f"{_CONSUMPTION} {_SUBSCRIPTION} {_IDENTITY}".split()),
    "updateOps": frozenset("updateEntity updateAttrs replaceEntity replaceAttrs".split()),
    "retrieveOps": frozenset(("retrieveEntity", "queryEntity")),
    "redirectionOps": frozenset(f"{_CONSUMPTION} {_MAPS} {_SINGLE} {_IDENTITY}".split()) - {"queryBatch"},
}
DEFAULT = GROUPS["federationOps"]
AUXILIARY = frozenset(("retrieveOps", "retrieveEntity", "queryEntity"))  # all that an auxiliary one may name (5.9.2.4)


def is_known(name: object) -> bool:
    """Whether the text names an operation or a group of operations."""
    return isinstance(name, str) and (name in OPERATIONS or name in GROUPS)


def all_of(names: Iterable[str]) -> frozenset[str]:
    """The operations that names of operations and groups stand for."""
    return frozenset(operation for name in names for operation in GROUPS.get(name, (name,)))
