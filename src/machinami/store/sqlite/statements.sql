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

-- entity_by_id
SELECT key, subject, gone, json(doc) FROM entity WHERE id = ?
-- entity_by_key
SELECT id, subject, json(doc) FROM entity WHERE key = ?
-- entities_by_key: a group of entities at once; the array is bound as one value
SELECT entity.key, subject, json(doc) FROM carray(?) JOIN entity ON entity.key = value
-- last_key
SELECT coalesce(max(key), 0) FROM entity
-- add_entity
INSERT INTO entity (key, id, subject, gone, doc) VALUES (?, ?, ?, ?, jsonb(?))
-- set_entity
UPDATE entity SET doc = jsonb(?2), gone = ?3 WHERE key = ?1
-- drop_entity
DELETE FROM entity WHERE key = ?
-- entity_counts
SELECT type, gone, count(*) FROM entity_type GROUP BY type, gone
-- count_entities
SELECT count(*) FROM entity WHERE gone = 0

-- add_type
INSERT OR IGNORE INTO entity_type (type, gone, key) VALUES (?, ?, ?)
-- drop_type
DELETE FROM entity_type WHERE type = ? AND gone = ? AND key = ?

-- add_place
INSERT INTO place (id, west, east, south, north, attribute) VALUES (?, ?, ?, ?, ?, ?)
-- drop_place
DELETE FROM place WHERE id = ?

-- add_value
INSERT OR IGNORE INTO value (attribute, value, key) VALUES (?, ?, ?)
-- drop_value
DELETE FROM value WHERE attribute = ? AND value = ? AND key = ?
-- indexes
SELECT attribute, ready, done FROM indexed
-- set_index
INSERT INTO indexed (attribute, ready, done) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET ready = excluded.ready, done = excluded.done
-- entities_after: the next stretch of entities while an index is being built
SELECT key, json(doc) FROM entity WHERE key > ? AND gone = 0 ORDER BY key LIMIT ?

-- add_log
INSERT INTO log (seq, doc) VALUES (?, ?)
-- last_seq
SELECT coalesce(max(seq), 0) FROM log
-- log_after
SELECT seq, doc FROM log WHERE seq > ? ORDER BY seq LIMIT ?
-- trim_log: the last row stays, so that numbers are never given twice
DELETE FROM log WHERE seq < ? AND seq < (SELECT max(seq) FROM log)
-- log_length
SELECT coalesce(max(seq) - min(seq) + 1, 0) FROM log

-- add_history
INSERT INTO history (subject, attribute, time, serial, observed, deleted, created, modified, number, doc)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- put_record
INSERT INTO record (kind, key, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc
-- drop_record
DELETE FROM record WHERE kind = ? AND key = ?
-- get_record
SELECT doc FROM record WHERE kind = ? AND key = ?
-- records
SELECT key, doc FROM record WHERE kind = ? ORDER BY key
