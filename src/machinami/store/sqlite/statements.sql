-- begin: one transaction holds the writes of many works; immediate, so that a busy file is known at once
BEGIN IMMEDIATE
-- commit
COMMIT
-- rollback
ROLLBACK
-- savepoint: a work that looks at the history is set apart from the others of its group
SAVEPOINT work
-- undo
ROLLBACK TO work
-- release
RELEASE work

-- add_name
INSERT INTO name (id, text) VALUES (?, ?)
-- all_names
SELECT id, text FROM name
-- add_shape
INSERT INTO shape (id, text) VALUES (?, ?)
-- all_shapes
SELECT id, text FROM shape
-- shape_text
SELECT text FROM shape WHERE id = ?

-- entity_by_id
SELECT key, subject, gone, CAST(json(doc) AS BLOB) FROM entity WHERE id = ?
-- subject_of
SELECT subject FROM entity WHERE id = ?
-- entity_by_key
SELECT id, subject, CAST(json(doc) AS BLOB) FROM entity WHERE key = ?
-- entities_by_key: a group of entities at once; the array is bound as one value
SELECT entity.key, id, subject, CAST(json(doc) AS BLOB) FROM carray(?) JOIN entity ON entity.key = value
-- ids_by_key: as above, where the ids alone are wanted
SELECT id FROM carray(?) JOIN entity ON entity.key = value ORDER BY value
-- last_key
SELECT coalesce(max(key), 0) FROM entity
-- add_entity
INSERT INTO entity (key, id, subject, gone, doc) VALUES (?, ?, ?, ?, jsonb(?))
-- set_entity
UPDATE entity SET doc = jsonb(?2), gone = ?3 WHERE key = ?1
-- patch_entity: a merge patch (RFC 7396)
UPDATE entity SET doc = jsonb_patch(doc, ?2) WHERE key = ?1
-- drop_entity
DELETE FROM entity WHERE key = ?
-- tallies: type, attribute, kind and how many entities; see migrations/0007.sql
SELECT type, attribute, kind, count FROM tally WHERE count > 0
-- add_tally
INSERT INTO tally (type, attribute, kind, count) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count
-- tallies_of_types: the entities of each type, and of all
SELECT type, kind, count FROM tally WHERE attribute = 0
-- tallies_made_again: what the table should hold, by one pass over all entities
SELECT t.type, n.id, i.value ->> '$.k', count(DISTINCT t.key)
FROM entity_type t JOIN entity e ON e.key = t.key, json_each(e.doc, '$.a') a, json_each(a.value) i
JOIN name n ON n.text = a.key
WHERE t.gone = 0 GROUP BY 1, 2, 3
UNION ALL SELECT type, 0, iif(gone, 'gone', 'live'), count(*) FROM entity_type GROUP BY type, gone
UNION ALL SELECT 0, 0, 'live', count(*) FROM entity WHERE gone = 0 HAVING count(*) > 0

-- add_type
INSERT OR IGNORE INTO entity_type (type, gone, key) VALUES (?, ?, ?)
-- drop_type
DELETE FROM entity_type WHERE type = ? AND gone = ? AND key = ?

-- add_place
INSERT INTO place (id, west, south, east, north, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
-- drop_place
DELETE FROM place WHERE id = ?

-- add_expiry
INSERT OR IGNORE INTO expiring (at, key) VALUES (?, ?)
-- drop_expiry
DELETE FROM expiring WHERE at = ? AND key = ?
-- first_expiry
SELECT min(at) FROM expiring
-- expired
SELECT id FROM expiring JOIN entity USING (key) WHERE at <= ? AND gone = 0 GROUP BY key ORDER BY min(at), id LIMIT ?

-- keys_of_type
SELECT key FROM entity_type WHERE type = ? AND gone = ? AND key > ? AND key <= ?
-- keys_of_all
SELECT key FROM entity WHERE gone = ? AND key > ? AND key <= ?
-- keys_of_value
SELECT key FROM value WHERE attribute = ? AND value >= ? AND value <= ? AND key > ? AND key <= ?
-- keys_of_place: 8 bits of the id number the boxes of one entity; single precision rounds boxes outwards
SELECT id >> 8 AS key FROM place
WHERE west <= ? AND east >= ? AND south <= ? AND north >= ? AND first <= ? AND last >= ?
AND id >= (? + 1) << 8 AND id < (? + 1) << 8
-- count_of_value: no further than needed to see whether the index is worth its while
SELECT count(*) FROM (SELECT 1 FROM value WHERE attribute = ? AND value >= ? AND value <= ? LIMIT ?)

-- add_value
INSERT OR IGNORE INTO value (attribute, value, key) VALUES (?, ?, ?)
-- drop_value
DELETE FROM value WHERE attribute = ? AND value = ? AND key = ?
-- indexes
SELECT attribute, ready, done FROM indexed
-- set_index
INSERT INTO indexed (attribute, ready, done) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET ready = excluded.ready, done = excluded.done
-- instances_after: the attribute of the next stretch of entities while an index is being built
SELECT key, doc -> ?2 FROM entity WHERE key > ?1 AND gone = 0 ORDER BY key LIMIT ?3

-- add_log: with what tells the entity before the change, if there was one: its key in the table, or the number of an
-- earlier change, or its JSON
INSERT INTO log (seq, doc, was, prev)
VALUES (?1, ?2, coalesce(jsonb(?5), (SELECT doc FROM entity WHERE key = ?3)), ?4)
-- last_seq
SELECT coalesce(max(seq), 0) FROM log
-- log_after
SELECT seq, doc, json(was), prev FROM log WHERE seq > ? ORDER BY seq LIMIT ?
-- log_at
SELECT doc, json(was), prev FROM log WHERE seq = ?
-- leaning: changes of a stretch that lean on one before it
SELECT seq, prev FROM log WHERE seq >= ? AND seq <= ? AND prev < ?
-- stand_alone
UPDATE log SET was = jsonb(?2), prev = NULL WHERE seq = ?1
-- trim_log
DELETE FROM log WHERE seq < ?
-- log_length
SELECT coalesce(max(seq) - min(seq) + 1, 0) FROM log

-- add_history
INSERT INTO history (subject, attribute, time, serial, observed, deleted, created, modified, number, doc)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- settled: the last change whose instances are in the history; those of later ones are only in the log
SELECT seq FROM settled
-- set_settled
UPDATE settled SET seq = ?
-- settled_state: the last change that the state shows
SELECT state FROM settled
-- set_state
UPDATE settled SET state = ?

-- attributes_of: from one attribute of the subject to the next, without reading the instances between them
WITH RECURSIVE next (attribute) AS (
    SELECT min(attribute) FROM history WHERE subject = ?1
    UNION ALL
    SELECT (SELECT min(h.attribute) FROM history h WHERE h.subject = ?1 AND h.attribute > next.attribute)
    FROM next WHERE next.attribute IS NOT NULL
)
SELECT attribute FROM next WHERE attribute IS NOT NULL

-- instances_of_change: the serial of an instance begins with the number of its change
SELECT count(*) FROM history
WHERE subject = (SELECT subject FROM entity WHERE id = ?1) AND serial >= ?2 << 20 AND serial < (?2 + 1) << 20

-- instance_at
SELECT time, serial FROM history WHERE subject = ? AND attribute = ? AND time = ? AND serial = ?
-- instance_named: an instance that was given its name elsewhere, or was moved to another time
SELECT time, serial FROM history
WHERE subject = ? AND attribute = ? AND doc IS NOT NULL AND CAST(doc AS TEXT) ->> '$.n' = ?
-- drop_instance
DELETE FROM history WHERE subject = ? AND attribute = ? AND time = ? AND serial = ?
-- last_serial
SELECT coalesce(max(serial), 0) FROM history WHERE subject = ? AND attribute = ? AND time = ?
-- forget_subject
DELETE FROM history WHERE subject = ?
-- forget_attribute
DELETE FROM history WHERE subject = ? AND attribute = ?
-- forget_dataset: @none is the dataset of the instances that name none
DELETE FROM history WHERE subject = ? AND attribute = ? AND coalesce(CAST(doc AS TEXT) ->> '$.d', '@none') = ?
-- forget_dataset_everywhere
DELETE FROM history WHERE subject = ? AND coalesce(CAST(doc AS TEXT) ->> '$.d', '@none') = ?

-- count_history
SELECT count(*) FROM history
-- count_records
SELECT kind, count(*) FROM record GROUP BY kind ORDER BY kind
-- pages
PRAGMA page_count
-- free_pages
PRAGMA freelist_count

-- put_record
INSERT INTO record (kind, key, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc
-- drop_record
DELETE FROM record WHERE kind = ? AND key = ?
-- get_record
SELECT doc FROM record WHERE kind = ? AND key = ?
-- trim_edits: notes about changes that the log does not have any more
DELETE FROM record WHERE kind = 'past-edited' AND CAST(doc AS TEXT) ->> '$.seq' < ?

-- records
SELECT key, doc FROM record WHERE kind = ? ORDER BY key

-- checkpoint_some: moves what it can without waiting for anyone
PRAGMA wal_checkpoint(PASSIVE)
-- checkpoint_all
PRAGMA wal_checkpoint(TRUNCATE)
