"""Which short names does the town itself use, and what do they stand for?

The town's own context, built in like the core: types and attributes of Smart Data Models where they exist,
own names where they do not. Matched by URL, served at /contexts/machinami.jsonld, never fetched.
"""

URL = "https://w3id.org/machinami/context.jsonld"
NAMESPACE = "https://w3id.org/machinami/"
CORRECTION = NAMESPACE + "correction"
"""The sub-attribute of a reading that was corrected: what it was, why, by whom and when."""

# our own terms: the IRI is the namespace plus the name
OWN = """
    RiverGauge RainGauge RainForecast WaterLevelForecast FloodProposal FloodDecision Shelter District Town
    ModelScore
    river waterLevel precipitation attentionLevel evacuationJudgementLevel dangerLevel bankLevel
    refGauge refProposal issuedAt horizons rainfall warningLevel reasons state decidedBy decidedAt role
    simulated capacity population quality absent correction text withdrawnAt effectiveFrom model scores
    trainedAt baseline usesRain catchmentArea hourlyPrecipitation
    headline instruction event urgency certainty areaName radius sender status revisions transitions
    refAlert subject reason before after watch rows unit inUse
    Walker StepCount WalkingSurvey WalkingKpi WalkingEffect PointsAudit
    refWalker ageBand sex district joinedOn goal day steps minutes metHours findings answer answers claims exercises
    version pointsDue persons stepsLow stepsHigh minutesLow minutesHigh suppressed periodFrom periodTo effect low high
    participants compared stepsEffect medicalCost journals entries issued open held redeemed expired breaches daysAsked
    daysRefused walkers

    CityNeed isGoal field origin raisedOn voices refGroup refVision Vision adoptedOn Initiative service needs kpis
    stages lead roles refCase ActionPlan chapters initiatives approvedBy publishedAt KeyPerformanceIndicator level kind
    direction formula counting baselineYear target targetYears current leadsTo Pilot hypothesis verify notNeeded
    comparison successRule operator payer acceptance privacyCheck startedOn endedOn lessons refInitiative refIndicator
    GateDecision gate verdict dissent refPilot CostItem year task duty amount IncomeItem conditions sure Proposal
    author supports handedInAt dueOn reply repliedBy repliedAt changed refNeed refPlan

    least most terms basis CashPlan worth worthLow worthHigh payback risk rate CostShare rule members total build
    operation prefecture years key works size shares MoneyChange
    Consortium quorum ConsortiumMember leftOn WorkingGroup ConsortiumMeeting heldOn place agenda present minutes
    Resolution votes refMeeting refGroup DataRule RuleAgreement refRule refMember agreedAt SolutionSeed provider
    maturity SolutionMatch refSeed steps MatchingDay pairs PartnershipChange endedFor
    evidence fromState retracted PlanAccount stagesDue stagesDone spent earned pilotsFailed offPath overdue
    standing fromKpi retiredOn PlanReview raisedAt IndicatorRevision improvement
    NeedNote NeedDecision refSource adoptedBy refReplaced
    PlanDraft PlanComment PlanDecision keptBy keptAt remark record withdrawn chapter refDraft
    verified unverified moderation ProposalComment postedAt BudgetRound budget closesOn projects ballots outcome
    WellBeingSurvey frame results figures ParticipationStep number digest
    ReferenceCase place size stage theme problem aim outcome failed money partners indicators keywords page sources
    edition GuideAnswer question StageDiagnosis reached total MenuChoice

    WbgtObserved wbgt globeTemperature windHeight refStation WbgtForecast refObserved

    PlanAnswer refReview EffectEstimate method step began treated others series
    TownService refShare worthMiddle DisasterMode

    condensed

    TransitFeed TransitPattern TransitDelay TransitKpi TransitNotice RoutePunctuality ArrivalScore TimetableProposal
    startsOn endsOn shownFrom transfers leftOut stops profiles trips sequences calendar trip currentStop stopSequence
    delays reportedAt refPattern refVehicle delay medianDelay onTime waiting calls toldAt error naive covered
    people counted vehicles gains moves platform routes cause about spans

    BuildingShape refBuilding triangles height groundHeight usage lod
    CameraPole WatchTarget PrivacyZone CameraPlan CameraRemark FootageHandover weight wishes chosen districts fault
    computedAt refSubject mayLook keptDays contact seenArea masked refPole receiver ground purpose
    WarningProposal WarningDecision sourceService grade capCategory response audience area parameters refSubject web
    groups CoolingShelter openingHours closedOn firstDay lastDay Walkway HeatRisk highest highestAt watches
    CoolingPlan people nearer reached reachable existing radius sites WayShade hours centre
    group
    IssueIntake IssueReporter IssueStep IssueCategory IssueRule IssueFigures
    requestedAt updatedAt expectedAt closedAt inTime daysToMend media details refDuplicate removal
    refReport refDistrict photos lookedAt alike contact refAbout days questions retired endedAt
    mended medianDays inTimeShare waiting late

    TownMessage template speech districts topic hours holdout writtenBy Broadcast what roads people sent opened
    firstSentAt minutesToFirst reachedShare MessageSubscriber road language topics EvacuationRoute refDistrict
    refShelter distance farthest climb Footway heights HazardZone hazard depth
    occupancy occupancyDeviation openedAt openedBy facilities accessible pets floodProne
    ShelterReport refPlace at toldBy receivedAt inward outward profile item quantity expiresOn refOrder voids
    ReliefDepot trucks drones boats ReliefStock lots daily daysLow daysMiddle daysHigh
    ReliefOrder askedAt arrivedAt hoursTaken given refAllocation ReliefAllocation madeAt orders trips remarks worst
    worstByNeed needMet NoFlyArea
""".split()

# terms of Smart Data Models (CC BY 4.0): term -> IRI
SMART_DATA_MODELS = {
    "Alert": "https://smartdatamodels.org/dataModel.Alert/Alert",
    "alertSource": "https://smartdatamodels.org/alertSource",
    "category": "https://smartdatamodels.org/dataModel.Alert/category",
    "subCategory": "https://smartdatamodels.org/dataModel.Alert/subCategory",
    "severity": "https://smartdatamodels.org/dataModel.Alert/severity",
    "validFrom": "https://smartdatamodels.org/dataModel.Alert/validFrom",
    "validTo": "https://smartdatamodels.org/dataModel.Alert/validTo",
    "dateIssued": "https://smartdatamodels.org/dateIssued",
    "FloodMonitoring": "https://smartdatamodels.org/dataModel.Environment/FloodMonitoring",
    "WeatherObserved": "https://smartdatamodels.org/dataModel.Weather/WeatherObserved",
    "temperature": "https://smartdatamodels.org/dataModel.Weather/temperature",
    "relativeHumidity": "https://smartdatamodels.org/dataModel.Weather/relativeHumidity",
    "windSpeed": "https://smartdatamodels.org/dataModel.Weather/windSpeed",
    "solarRadiation": "https://smartdatamodels.org/dataModel.Weather/solarRadiation",
    "atmosphericPressure": "https://smartdatamodels.org/dataModel.Weather/atmosphericPressure",
    "RoadSegment": "https://smartdatamodels.org/dataModel.Transportation/RoadSegment",
    "Building": "https://smartdatamodels.org/dataModel.Building/Building",
    "floorsAboveGround": "https://smartdatamodels.org/dataModel.Building/floorsAboveGround",
    "Streetlight": "https://smartdatamodels.org/dataModel.Streetlighting/Streetlight",
    "lanternHeight": "https://smartdatamodels.org/dataModel.Streetlighting/lanternHeight",
    "Camera": "https://smartdatamodels.org/dataModel.Device/Camera",
    "cameraUsage": "https://smartdatamodels.org/dataModel.Device/cameraUsage",
    "cameraOrientation": "https://smartdatamodels.org/dataModel.Device/cameraOrientation",
    "IssueReporting": "https://smartdatamodels.org/dataModel.IssueTracking/IssueReporting",
    "reportId": "https://smartdatamodels.org/dataModel.IssueTracking/reportId",
    "categoryCode": "https://smartdatamodels.org/dataModel.IssueTracking/categoryCode",
    "departmentId": "https://smartdatamodels.org/dataModel.IssueTracking/departmentId",
    "landmark": "https://smartdatamodels.org/dataModel.IssueTracking/landmark",
    "MLModel": "https://smartdatamodels.org/dataModel.MachineLearning/MLModel",
    "GtfsAgency": "https://smartdatamodels.org/dataModel.UrbanMobility/GtfsAgency",
    "GtfsStop": "https://smartdatamodels.org/dataModel.UrbanMobility/GtfsStop",
    "GtfsRoute": "https://smartdatamodels.org/dataModel.UrbanMobility/GtfsRoute",
    "GtfsService": "https://smartdatamodels.org/dataModel.UrbanMobility/GtfsService",
    "GtfsShape": "https://smartdatamodels.org/dataModel.UrbanMobility/GtfsShape",
    "ArrivalEstimation": "https://smartdatamodels.org/dataModel.UrbanMobility/ArrivalEstimation",
    "agencyName": "https://smartdatamodels.org/dataModel.UrbanMobility/agencyName",
    "timezone": "https://smartdatamodels.org/dataModel.UrbanMobility/timezone",
    "code": "https://smartdatamodels.org/dataModel.UrbanMobility/code",
    "hasParentStation": "https://smartdatamodels.org/dataModel.UrbanMobility/hasParentStation",
    "shortName": "https://smartdatamodels.org/dataModel.UrbanMobility/shortName",
    "routeType": "https://smartdatamodels.org/dataModel.UrbanMobility/routeType",
    "routeColor": "https://smartdatamodels.org/dataModel.UrbanMobility/routeColor",
    "operatedBy": "https://smartdatamodels.org/dataModel.UrbanMobility/operatedBy",
    "hasRoute": "https://smartdatamodels.org/dataModel.UrbanMobility/hasRoute",
    "hasStop": "https://smartdatamodels.org/dataModel.UrbanMobility/hasStop",
    "hasTrip": "https://smartdatamodels.org/dataModel.UrbanMobility/hasTrip",
    "hasShape": "https://smartdatamodels.org/dataModel.UrbanMobility/hasShape",
    "Vehicle": "https://smartdatamodels.org/dataModel.Transportation/Vehicle",
    "OriginDestinationFlow": "https://smartdatamodels.org/dataModel.Transportation/OriginDestinationFlow",
    "serviceStatus": "https://smartdatamodels.org/dataModel.Transportation/serviceStatus",
    "originLocation": "https://smartdatamodels.org/dataModel.Transportation/originLocation",
    "destinationLocation": "https://smartdatamodels.org/dataModel.Transportation/destinationLocation",
    "hour": "https://smartdatamodels.org/dataModel.Transportation/hour",
    "flowCount": "https://smartdatamodels.org/dataModel.Transportation/flowCount",
    "name": "https://smartdatamodels.org/name",
    "alternateName": "https://smartdatamodels.org/alternateName",
    "address": "https://smartdatamodels.org/address",
    "dataProvider": "https://smartdatamodels.org/dataProvider",
    "source": "https://smartdatamodels.org/source",
    "owner": "https://smartdatamodels.org/owner",
}

TERMS = {**{name: NAMESPACE + name for name in OWN}, **SMART_DATA_MODELS}
