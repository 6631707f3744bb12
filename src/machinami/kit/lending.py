"""As whom does a service, or a source of data, read and write, and what does the policy let it do?"""

from machinami.broker.contexts import town_context
from machinami.broker.policy import Policy, demand, demand_whole
from machinami.foundation.errors import Forbidden, SignInRequired
from machinami.kit.manifest import ANY_TYPE, Manifest
from machinami.model.policy import WRITING, Deed, Row, Whom
from machinami.model.principal import Principal, Role


def service_principal(manifest: Manifest) -> Principal:
    """Who a service, or a source of data, is: a program of the town."""
    kind = "service" if manifest.kind == "service" else "source"
    return Principal(f"urn:machinami:{kind}:{manifest.id}", frozenset({Role.SERVICE}))


def manifest_rows(manifest: Manifest) -> list[Row]:
    """What the policy allows a service, or a source of data: what its manifest declares, and no more."""
    expand, by = town_context().expand, service_principal(manifest)
    rows: list[Row] = []
    for use in (*manifest.reads, *manifest.writes, *manifest.triggers):
        deeds = WRITING | {Deed.READ} if use in manifest.writes else frozenset({Deed.READ})
        types = () if use.type == ANY_TYPE else (expand(use.type),)
        note = f"its manifest says so: {manifest.id}"
        row_id = f"{by.id}#{len(rows)}"
        rows.append(Row(row_id, Whom.PROGRAM, by.id, deeds, types, note=note, derived=True))
    return rows


def demand_author(policy: Policy, by: Principal, manifest: Manifest) -> None:
    """Raise SignInRequired or Forbidden unless somebody may create and change all that a manifest says is written."""
    expand = town_context().expand
    written = [expand(use.type) for use in manifest.writes if use.type != ANY_TYPE]
    for deed in (Deed.CREATE, Deed.CHANGE):
        demand_whole(policy, by, deed, written)
    if not written:
        demand(policy, by, Deed.ADMINISTER)


def is_author(policy: Policy, by: Principal, manifest: Manifest) -> bool:
    """Whether somebody may create and change all that a manifest says is written."""
    try:
        demand_author(policy, by, manifest)
    except (SignInRequired, Forbidden):
        return False
    return True
