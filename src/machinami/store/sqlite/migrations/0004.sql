-- The log keeps the entity before a change as the state had it (`was`, JSONB), so that nobody writes it anew. In the
-- old form it was the member `b` of `doc`, in which 0 stood for an attribute that is the same in `a`.
ALTER TABLE log ADD COLUMN was BLOB;

UPDATE log SET was = (
    SELECT jsonb_set(jsonb(text -> '$.b'), '$.a', jsonb((
        SELECT json_group_object(old.key, json(iif(old.type = 'integer', new.value, old.value)))
        FROM json_each(text, '$.b.a') old LEFT JOIN json_each(text, '$.a.a') new ON new.key = old.key
    )))
    FROM (SELECT CAST(log.doc AS TEXT) AS text)
)
WHERE CAST(doc AS TEXT) -> '$.b' IS NOT NULL;

UPDATE log SET doc = CAST(json_remove(CAST(doc AS TEXT), '$.b') AS BLOB) WHERE was IS NOT NULL;
