"""How is a selection of types written, so that reading it gives the same again? (ETSI GS CIM 009, 4.17)"""

from machinami.model.context import Context
from machinami.model.query import TypeAll, TypeAny, TypeIs, TypeSelection


def format_types(selection: TypeSelection, context: Context) -> str:
    """The text of a type selection in the words of a context."""
    if isinstance(selection, TypeIs):
        return context.compact(selection.type)
    joint = ";" if isinstance(selection, TypeAll) else ","
    return joint.join(
        f"({format_types(part, context)})" if isinstance(part, TypeAll | TypeAny) else format_types(part, context)
        for part in selection.parts
    )
