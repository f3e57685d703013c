"""What a block costs in state: 600 changed keys over 100,000 accounts, committed to disk, sealed and plain.

Prints one JSON line. Times are wall-clock microseconds per key, the median over blocks after a warm-up; the synced
write is included. Reads are timed on the reopened database. `rss_mb` is this process's peak, with genesis in one batch.
"""

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from chain.execution.block import Tip
from chain.state import keys
from chain.state.keys import Key
from chain.types.scalars import AccountId, BlockId, Hash, Height, Timestamp, VrfOutput
from node.storage.database import BlockBatch, Database
from node.storage.storage_key import StorageKey

ACCOUNTS = 100_000
KEYS = 600
WARM_UP = 20
BLOCKS = 20
VALUE_BYTES = 40
Changes = list[tuple[Key, bytes | None]]


def main() -> None:
    random = Random(1)
    accounts = [keys.account(AccountId(random.randbytes(32))) for _ in range(ACCOUNTS)]
    figures: dict[str, float | int] = {"accounts": ACCOUNTS, "keys": KEYS, "blocks": BLOCKS}
    for name, key in (("plain", None), ("sealed", StorageKey(random.randbytes(32), unprotected=True))):
        with tempfile.TemporaryDirectory() as folder:
            database = Database.create(Path(folder) / "db", key, Hash(bytes(32)))
            measured = measure_commits(database, accounts)
            database.close()
            database = Database.open(Path(folder) / "db", key, Hash(bytes(32)))
            measured |= measure_reads(database, accounts)
            database.close()
            figures |= {f"{name}_{what}": round(value, 2) for what, value in measured.items()}
    figures["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write(json.dumps(figures) + "\n")


def measure_commits(database: Database, accounts: list[Key]) -> dict[str, float]:
    """Microseconds per key: root ahead of the prevote, commit, both together; genesis in seconds."""
    random = Random(2)
    start = time.perf_counter()
    _commit(database, [(key, random.randbytes(VALUE_BYTES)) for key in accounts])
    genesis = time.perf_counter() - start
    roots, commits = [], []
    for _ in range(WARM_UP + BLOCKS):
        changes: Changes = [(key, random.randbytes(VALUE_BYTES)) for key in random.sample(accounts, KEYS)]
        root, commit = _commit(database, changes)
        roots.append(root / KEYS * 1e6)
        commits.append(commit / KEYS * 1e6)
    return {
        "genesis_s": genesis,
        "root_us_per_key": statistics.median(roots[WARM_UP:]),
        "commit_us_per_key": statistics.median(commits[WARM_UP:]),
        "us_per_key": statistics.median(map(sum, list(zip(roots, commits, strict=True))[WARM_UP:])),
    }


def measure_reads(database: Database, accounts: list[Key]) -> dict[str, float]:
    """Microseconds per read: from disk, from the cache, of absent keys."""
    random = Random(3)
    snapshot = database.snapshot()
    unread = random.sample(accounts, 5000)
    absent = [keys.account(AccountId(random.randbytes(32))) for _ in unread]
    return {
        "get_disk_us": _time_reads(snapshot.get, unread),
        "get_cached_us": _time_reads(snapshot.get, unread),
        "get_absent_us": _time_reads(snapshot.get, absent),
    }


def _time_reads(get: Callable[[Key], bytes | None], wanted: list[Key]) -> float:
    start = time.perf_counter()
    for key in wanted:
        get(key)
    return (time.perf_counter() - start) / len(wanted) * 1e6


def _commit(database: Database, changes: Changes) -> tuple[float, float]:
    """Seconds for the root ahead of the prevote, and for the synced batch after the decision."""
    height = Height(0 if database.tip is None else database.tip.height + 1)
    changes.sort()
    start = time.perf_counter()
    update = database.update_tree(height, changes)
    computed = time.perf_counter()
    hash_ = BlockId(height.to_bytes(32, "big"))
    tip = Tip(height, hash_, Timestamp(height), VrfOutput(bytes(64)), Hash(update.root.hash), Hash(bytes(32)))
    database.commit_block(BlockBatch(tip, changes, update, b"block", b"commit", b"receipts", ()))
    return computed - start, time.perf_counter() - computed


if __name__ == "__main__":
    main()
