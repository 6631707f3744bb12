-- The history follows the log at a distance: `seq` is the last change whose instances it holds.
CREATE TABLE settled (
    seq INTEGER NOT NULL
);

INSERT INTO settled (seq) SELECT coalesce(max(seq), 0) FROM log;
