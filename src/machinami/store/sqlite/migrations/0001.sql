-- One log, two views: what a town keeps.

-- Long names (types, attributes) are written once and meant by a number everywhere else.
CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

-- The log: one row a change, in order. `doc` is the JSON of model/document.py with the entity before and after,
-- so that a reader that comes late (subscriptions, services, audit) sees what a reader at the time saw.
CREATE TABLE log (
    seq INTEGER PRIMARY KEY,
    doc BLOB NOT NULL
);

-- First view: the current state. `key` rises with every creation, so the order of keys is the order of creation.
-- An entity that was deleted stays as a husk (gone = 1: id and types), because its history does; if it is
-- created anew it gets a new key but keeps its `subject`, the number under which its history is kept.
-- `doc` is JSONB: 2.4 us more a write than text, but a scan looks into it three times as fast.
CREATE TABLE entity (
    key     INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    subject INTEGER NOT NULL,
    gone    INTEGER NOT NULL,
    doc     BLOB NOT NULL
);

-- The few husks, so that the entities can be counted as all rows but these.
CREATE INDEX husk ON entity (key) WHERE gone = 1;

-- Entities by type in order of creation: a page of a type is one range of this table, however many there are.
CREATE TABLE entity_type (
    type INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    key  INTEGER NOT NULL,
    PRIMARY KEY (type, gone, key)
) WITHOUT ROWID;

-- The box around each instance of each GeoProperty; id = key * 256 + number of the instance, so that the boxes
-- of an entity are found without an index.
CREATE VIRTUAL TABLE place USING rtree(
    id, west, east, south, north, +attribute INTEGER
);

-- Values of the indexed attributes, every one by which a comparison of q could find the entity.
CREATE TABLE value (
    attribute INTEGER NOT NULL,
    value     NOT NULL,
    key       INTEGER NOT NULL,
    PRIMARY KEY (attribute, value, key)
) WITHOUT ROWID;

-- Entities that will expire, soonest first: while none has, a page of a type need not look into its entities.
CREATE TABLE expiring (
    at  INTEGER NOT NULL,
    key INTEGER NOT NULL,
    PRIMARY KEY (at, key)
) WITHOUT ROWID;

-- Which attributes `value` holds; built up to and with key `done`, for all entities when `ready`.
CREATE TABLE indexed (
    attribute INTEGER PRIMARY KEY,
    ready     INTEGER NOT NULL,
    done      INTEGER NOT NULL
);


-- Second view: the history, clustered so that a series in a time range is one stretch of the file.
-- time: observedAt, else (observed = 0) modifiedAt or createdAt; deletedAt of the mark of a deletion (deleted = 1);
-- all in microseconds since 1970. serial tells instances of one time apart. A plain reading needs no text at all:
-- number holds its value, and doc is what is left of its JSON, or NULL if it is no more than a Property.
CREATE TABLE history (
    subject   INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    serial    INTEGER NOT NULL,
    observed  INTEGER NOT NULL,
    deleted   INTEGER NOT NULL,
    created   INTEGER,
    modified  INTEGER,
    number,
    doc       BLOB,
    PRIMARY KEY (subject, attribute, time, serial)
) WITHOUT ROWID;

-- Small records: subscriptions, registrations, contexts, settings.
CREATE TABLE record (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    doc  BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
