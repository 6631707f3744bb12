-- How many entities of each type have each attribute in each kind, so that what is in use is known without reading the
-- entities. Attribute 0 counts the entities of a type, of kind 'live' and 'gone'; type 0 counts all.
CREATE TABLE tally (
    type      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (type, attribute, kind)
) WITHOUT ROWID;

INSERT INTO tally SELECT 0, 0, 'live', count(*) FROM entity WHERE gone = 0;
INSERT INTO tally SELECT type, 0, iif(gone, 'gone', 'live'), count(*) FROM entity_type GROUP BY type, gone;
INSERT INTO tally
SELECT t.type, n.id, i.value ->> '$.k', count(DISTINCT t.key)
FROM entity_type t JOIN entity e ON e.key = t.key, json_each(e.doc, '$.a') a, json_each(a.value) i
JOIN name n ON n.text = a.key
WHERE t.gone = 0 GROUP BY 1, 2, 3;

-- It counted what is counted now.
DROP INDEX husk;
