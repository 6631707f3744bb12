"""How shall a store behave? The values that a town's operator may choose."""

from dataclasses import dataclass, field

MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Settings of a store; every bound is per town.

    durability: "normal" survives a killed process, "full" also a power cut (one sync per group of writes).
    cache_entities, cache_bytes: how many decoded entities stay in memory (bytes are estimated).
    page_cache_bytes: SQLite's page cache of the writing connection; each reader has an eighth of it.
    log_bytes: how much of the end of the log stays in memory for who follows it (bytes are estimated).
    mapped_bytes: how much of the file is mapped into memory (given back by the system under pressure).
    max_bytes: the largest size of the town's file; writes beyond it are refused. None: the disk is the bound.
    slice_seconds: how long one group of writes may hold the event loop before reads get their turn.
    readers: threads for long reads; waiting_reads: how many may wait for one, and read_seconds: how long a query may
        take there. waiting_works: how many writes may wait for their commit.
    step_limit, loop_candidates: how many SQLite steps a query may take (about; up to three times as many), and how
        many entities it may look at, on the event loop before it moves to such a thread.
    loop_readings: how many plain readings may be read on the event loop (about a microsecond each).
    checkpoint_bytes: the size of the write-ahead log at which it is moved into the file in the background.
    indexed: attributes (expanded) whose values are indexed from the start.
    index_after: entities that a query has to look at in vain before the attribute it asks for is indexed.
    max_indexed: how many attributes may be indexed without being asked for in `indexed`.
    log_past: whether what comes into the history alone (a late reading) stands in the log, too, for who delivers it.
    key: with which the town's file is encrypted; None: it is not.
    """

    durability: str = "normal"
    cache_entities: int = 100_000
    cache_bytes: int = 256 * MEBI
    page_cache_bytes: int = 64 * MEBI
    log_bytes: int = 16 * MEBI
    mapped_bytes: int = 256 * MEBI
    max_bytes: int | None = None
    slice_seconds: float = 0.005
    readers: int = 2
    waiting_reads: int = 256
    read_seconds: float = 30.0
    waiting_works: int = 20_000
    step_limit: int = 40_000
    loop_candidates: int = 256
    loop_readings: int = 2_500
    checkpoint_bytes: int = 32 * MEBI
    indexed: tuple[str, ...] = ()
    index_after: int = 2_000
    max_indexed: int = 32
    log_past: bool = False
    key: bytes | None = field(default=None, repr=False)
