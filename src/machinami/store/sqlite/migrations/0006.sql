-- Attribute instances that expire stand beside the entities that do, so that both are deleted in time.
INSERT OR IGNORE INTO expiring (at, key)
SELECT CAST(strftime('%s', substr(at, 1, 19)) AS INTEGER) * 1000000 + CAST(substr(at, 21, 6) AS INTEGER), key
FROM (
    SELECT instance.value ->> '$.x' AS at, entity.key AS key
    FROM entity, json_each(entity.doc, '$.a') attribute, json_each(attribute.value) instance
    WHERE entity.gone = 0
)
WHERE at IS NOT NULL;
