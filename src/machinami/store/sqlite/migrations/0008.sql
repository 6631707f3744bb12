-- The state follows the log at a distance, as the history does: `state` is the last change that it shows.
ALTER TABLE settled ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
UPDATE settled SET state = (SELECT coalesce(max(seq), 0) FROM log);

-- The entity before a change is what the change before made of it: `prev` is the number of that one, if it is in the
-- log. Where it is not, `was` holds the entity.
ALTER TABLE log ADD COLUMN prev INTEGER;
