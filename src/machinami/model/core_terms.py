"""Which terms does the NGSI-LD core @context define, since which version, and what do they stand for?

Facts of the ETSI core contexts v1.3 to v1.9 (https://uri.etsi.org/ngsi-ld/v1/), written down as our own table,
so that nothing is ever fetched for the core. v1.5 is served as v1.6. A term stands for the NGSI-LD namespace
plus its own name unless OTHER_IRIS says otherwise.
"""

NAMESPACE = "https://uri.etsi.org/ngsi-ld/"
DEFAULT_VOCAB = "https://uri.etsi.org/ngsi-ld/default-context/"
GEOJSON = "https://purl.org/geojson/vocab#"
VERSIONS = ("1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9")

# version -> the terms that are new in it
SINCE = {
    "1.3": """
        Attribute AttributeList ContextSourceNotification ContextSourceRegistration Date DateTime
        EntityType EntityTypeInfo EntityTypeList Feature FeatureCollection GeoProperty
        GeometryCollection LineString MultiLineString MultiPoint MultiPolygon Notification Point
        Polygon Property Relationship Subscription TemporalProperty Time accept attributeCount
        attributeDetails attributeList attributeName attributeNames attributeTypes attributes bbox
        coordinates createdAt csf data datasetId description detail endAt endTimeAt endpoint
        entities entityCount entityId error errors expiresAt features format geoQ geometry
        geoproperty georel idPattern information instanceId isActive lastFailure lastNotification
        lastSuccess location managementInterval modifiedAt notification notifiedAt object objects
        observationInterval observationSpace observedAt operationSpace properties propertyNames q
        reason registrationName relationshipNames startAt status subscriptionId subscriptionName
        success temporalQ throttling timeAt timeInterval timeproperty timerel timesSent title
        triggerReason typeList typeName typeNames unchanged unitCode updated uri value values
        watchedAttributes
    """.split(),
    "1.4": """
        avg distinctCount max min stddev sum sumsq totalCount
    """.split(),
    "1.6": """
        LanguageProperty attrs cacheDuration contextSourceInfo cooldown deletedAt key lang
        languageMap languageMaps localOnly management mode notUpdated notificationTrigger
        notifierInfo operations previousLanguageMap previousObject previousValue receiverInfo
        refreshRate registrationId scope scopeQ showChanges sysAttrs tenant timeout timesFailed
    """.split(),
    "1.7": """
        VocabularyProperty dataset previousVocab vocab vocabs
    """.split(),
    "1.8": """
        ContextSourceIdentity JsonProperty ListProperty ListRelationship VocabProperty containedBy
        contextSourceAlias contextSourceExtras contextSourceTimeAt contextSourceUptime entity
        entityList entityMap join joinLevel json jsons linkedMaps objectList objectType objectsLists
        previousJson previousObjectList previousValueList valueList valueLists
    """.split(),
    "1.9": """
        EntityMap ExecutionResultDetails Snapshot SnapshotNotification aggrMethods aggrParams
        aggrPeriodDuration collation entityMapLifetime expandValues jsonKeys jsonldContext
        langString lastN lastUsedAt ngsildConformance ngsildproof objectLists omit orderBy ordering
        pick problemDetails resultStatus snapshotId snapshotLifetime snapshotPriority
        snapshotQueries snapshotQueriesDetails snapshotStatus snapshotTemporalQueries
        snapshotTemporalQueriesDetails splitEntities valueType
    """.split(),
}

# term -> the last version that has it
GONE = {"VocabularyProperty": "1.7", "objectsLists": "1.8"}

# term -> the last version in which it stood for a name of the default vocabulary, by a slip
UNQUALIFIED_UNTIL = {"attributeCount": "1.8", "attributeDetails": "1.8"}

# terms whose IRI is not the namespace plus the name (prefixes ngsi-ld: and geojson:)
OTHER_IRIS = {
    "Feature": "geojson:Feature",
    "FeatureCollection": "geojson:FeatureCollection",
    "GeometryCollection": "geojson:GeometryCollection",
    "LineString": "geojson:LineString",
    "MultiLineString": "geojson:MultiLineString",
    "MultiPoint": "geojson:MultiPoint",
    "MultiPolygon": "geojson:MultiPolygon",
    "Point": "geojson:Point",
    "Polygon": "geojson:Polygon",
    "bbox": "geojson:bbox",
    "containedBy": "ngsi-ld:isContainedBy",
    "coordinates": "geojson:coordinates",
    "dataset": "ngsi-ld:hasDataset",
    "description": "http://purl.org/dc/terms/description",
    "entityMap": "ngsi-ld:hasEntityMap",
    "entityMapLifetime": "ngsi-ld:hasEntityMapLifetime",
    "features": "geojson:features",
    "geometry": "geojson:geometry",
    "joinLevel": "ngsi-ld:hasJoinLevel",
    "json": "ngsi-ld:hasJSON",
    "key": "ngsi-ld:hasKey",
    "langString": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
    "languageMap": "ngsi-ld:hasLanguageMap",
    "languageMaps": "ngsi-ld:hasLanguageMaps",
    "object": "ngsi-ld:hasObject",
    "objectList": "ngsi-ld:hasObjectList",
    "objectLists": "ngsi-ld:hasObjectLists",
    "objectType": "ngsi-ld:hasObjectType",
    "objects": "ngsi-ld:hasObjects",
    "objectsLists": "ngsi-ld:hasObjectsLists",
    "previousJson": "ngsi-ld:hasPreviousJson",
    "previousLanguageMap": "ngsi-ld:hasPreviousLanguageMap",
    "previousObject": "ngsi-ld:hasPreviousObject",
    "previousObjectList": "ngsi-ld:hasPreviousObjectList",
    "previousValue": "ngsi-ld:hasPreviousValue",
    "previousValueList": "ngsi-ld:hasPreviousValueList",
    "previousVocab": "ngsi-ld:hasPreviousVocab",
    "properties": "geojson:properties",
    "splitEntities": "ngsi-ld:hasSplitEntities",
    "title": "http://purl.org/dc/terms/title",
    "value": "ngsi-ld:hasValue",
    "valueList": "ngsi-ld:hasValueList",
    "valueLists": "ngsi-ld:hasValueLists",
    "valueType": "ngsi-ld:hasValueType",
    "values": "ngsi-ld:hasValues",
    "vocab": "ngsi-ld:hasVocab",
    "vocabs": "ngsi-ld:hasVocabs",
}

# @type coercions and @containers of the terms that have one
