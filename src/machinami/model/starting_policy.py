"""What may whom in a new town? The rows with which a protected town begins; people change them as they like.

The platform operator has no row: who runs the machine cannot read the city's data, and no row can be made that says
otherwise. Nothing is open to everyone: what is, a city says by a row of its own.
"""

from machinami.model.core_terms import NAMESPACE
from machinami.model.policy import ALL_DEEDS, ON_DATA, Deed, Row, Whom
from machinami.model.principal import Role
from machinami.model.town_terms import TERMS

REGISTRATION = NAMESPACE + "ContextSourceRegistration"  # a row about this type is about who the neighbours are
PUBLIC = tuple(
    TERMS[name]
    for name in (
        *("RiverGauge", "RainGauge", "RainForecast", "FloodMonitoring", "Shelter", "District", "Town", "Alert"),
        *("CityNeed", "Vision", "Initiative", "ActionPlan", "KeyPerformanceIndicator", "Pilot", "GateDecision"),
        *("CostItem", "IncomeItem", "Proposal", "PlanReview", "PlanAnswer", "EffectEstimate"),
        *("CashPlan", "CostShare"),
        *("TransitFeed", "GtfsAgency", "GtfsStop", "GtfsRoute", "GtfsService", "GtfsShape", "TransitPattern"),
        *("Vehicle", "TransitDelay", "ArrivalEstimation", "RoutePunctuality", "TransitKpi"),
        "TransitNotice",
        *("WeatherObserved", "WbgtObserved", "CoolingShelter", "Walkway", "WayShade"),
        *("ProposalComment", "BudgetRound", "WellBeingSurvey", "ParticipationStep"),
        *("Consortium", "ConsortiumMember", "WorkingGroup", "ConsortiumMeeting", "Resolution", "DataRule"),
        *("RuleAgreement", "SolutionSeed"),
        *("ReferenceCase", "TownService", "DisasterMode"),
        *("EvacuationRoute", "Footway", "HazardZone", "Broadcast"),
        *("IssueReporting", "IssueCategory", "IssueFigures"),
        *("Building", "Streetlight", "Camera", "CameraPlan", "CameraPole", "WatchTarget", "FootageHandover"),
    )
)
_READ = frozenset({Deed.READ})


def starting_rows() -> tuple[Row, ...]:
    """The rows of a new town."""
    return (
        _row(Role.RESIDENT, "resident-reads", _READ, PUBLIC, note="what a resident sees: the map, and the town's plan"),
        _row(
            Role.OFFICER,
            "officer-works",
            frozenset({Deed.READ, Deed.CREATE, Deed.CHANGE, Deed.SUBSCRIBE}),
            assurance=1,
            note="officers work with the data",
        ),
        _row(Role.DEPARTMENT_HEAD, "head-works", ON_DATA, assurance=1, note="and may let data go"),
        _row(
            Role.MAYOR,
            "mayor-decides",
            frozenset({Deed.READ, Deed.CHANGE, Deed.SUBSCRIBE}),
            assurance=1,
            note="the mayor sees everything and decides on what stands",
        ),
        _row(Role.ADMINISTRATOR, "administrator-runs", ALL_DEEDS, assurance=1, note="the city's own administrator"),
        _row(Role.NEIGHBOUR, "neighbour-reads", _READ, PUBLIC, note="what a neighbouring town may ask"),
    )


def _row(
    role: Role, row_id: str, deeds: frozenset[Deed], types: tuple[str, ...] = (), assurance: int = 0, note: str = ""
) -> Row:
    return Row(
        row_id,
        Whom.ROLE,
        role,
        deeds,
        types,
        identity_assurance=assurance,
        authentication_assurance=assurance,
        note=note,
    )
