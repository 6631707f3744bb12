"""Of which field of the town (分野) is something? The names by which manifests, needs, works and cases say so."""

FIELDS = (
    "disaster", "facilities", "environment", "energy", "transport", "welfare", "safety", "education", "tourism",
    "industry", "planning", "administration",
)  # fmt: skip
MANAGEMENT = "management"
"""The field of what serves the management of the town itself, which answers no need of its people by itself."""
FIELDS_OR_OTHER = (*FIELDS, "other")
"""For whoever finds none that fits, or is not sure."""
FIELDS_OR_MANAGEMENT = (*FIELDS, MANAGEMENT)
