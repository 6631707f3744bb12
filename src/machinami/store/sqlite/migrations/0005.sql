-- The third axis of the boxes tells, beside the attribute, when the entity was made (16 for each attribute, one for each
-- 2^20 keys): the first entities of a place are found without reading all that are there. An axis on which all boxes of an
-- attribute had no extent made every box of the tree empty, so that it could not tell a good place for a new one.
CREATE VIRTUAL TABLE box USING rtree(id, west, east, south, north, first, last);
INSERT INTO box
SELECT id, west, east, south, north, first * 16 + min((id >> 8) / 1048576.0, 16), first * 16 + min((id >> 8) / 1048576.0, 16)
FROM place ORDER BY id;
DROP TABLE place;
ALTER TABLE box RENAME TO place;
