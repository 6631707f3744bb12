-- An entity with several values of an indexed attribute is marked as such, under the negative number of the
-- attribute: only of the others it is known that one value satisfies every condition on the attribute.
INSERT OR IGNORE INTO value (attribute, value, key)
SELECT -attribute, 0.0, key FROM value WHERE attribute > 0 GROUP BY attribute, key HAVING count(*) > 1;
