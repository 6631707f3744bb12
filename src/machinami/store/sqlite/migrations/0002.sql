-- An entity with several values of an indexed attribute is marked as such, under the negative number of the
-- attribute: only of the others it is known that one value satisfies every condition on the attribute.
INSERT OR IGNORE INTO value (attribute, value, key)
SELECT -attribute, 0.0, key FROM value WHERE attribute > 0 GROUP BY attribute, key HAVING count(*) > 1;

-- The number of the attribute becomes a third dimension of the boxes: a further column is kept outside of the tree,
-- and to look at it took ten times as long as to find the box.
CREATE VIRTUAL TABLE box USING rtree(id, west, east, south, north, first, last);
INSERT INTO box SELECT id, west, east, south, north, attribute, attribute FROM place;
DROP TABLE place;
ALTER TABLE box RENAME TO place;
