-- What most changes say goes into the log as values: types, names, kinds and units are written once for all entities of
-- the same shape, as the JSON [[types], [[name, kind, unit, whether it tells when it was observed], ...]].
CREATE TABLE shape (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);
