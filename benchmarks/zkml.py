"""What do proofs about models cost, beside EZKL, snarkjs and the prototype's calls in the same run?

Prints one JSON line per row.

    python -m benchmarks.zkml                   # all rows, then batches: twenty minutes
    python -m benchmarks.zkml digits-mlp        # rows by name
    python -m benchmarks.zkml --quick           # without the certificate, the federated update, batches of 1,024 rows
    python -m benchmarks.zkml --batches         # batches alone
    python -m benchmarks.zkml --large           # a CNN of about 2**20 constraints: minutes, 5 GB
    --no-peers                                  # ours alone

Each row in a process of its own, one after the other; the peers' in theirs. CPU seconds of all threads, medians. Fields
are explained in benchmarks/README.md. Peers come from tests/peers/setup.sh: without them `peer` is null.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.proofs.case import Row, measured
from benchmarks.proofs.peers import ezkl_installed, peers_of
from benchmarks.proofs.prototype import PUBLISHED
from tests.support import snarkjs

MODELS: Final = ("digits-logistic", "digits-mlp", "digits-mlp-private", "tumour-trees", "mnist-cnn")
TRAINING: Final = ("sgd-logistic", "certificate-logistic", "federated-update")
QUICK: Final = (*MODELS, "sgd-logistic")
BATCHES: Final = (1, 64, 1024)
ROUNDS, PEER_ROUNDS = 5, 2


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    peers = not options.no_peers
    if peers:
        _say_which()
    for name in options.rows:
        print(json.dumps(row(name, peers=peers)), flush=True)
    for rows in options.batches:
        print(json.dumps(isolated(_batch, rows)), flush=True)
    if options.large:
        print(json.dumps(isolated(_large)), flush=True)


def row(name: str, *, peers: bool, rounds: int = ROUNDS) -> Row:
    """One row of the table, and its ratio to the peer where there is one."""
    with TemporaryDirectory() as room:
        found, request = isolated(_measured, name, Path(room), rounds)
        if peers:
            found |= peers_of(request, Path(room), PEER_ROUNDS)
    if found["peer"] is not None:
        found["peer_ratio"] = round(found["peer_prove_cpu_s"] / found["prove_cpu_s"], 1)
    result: Row = found
    return result


def isolated(function: Callable[..., Any], *arguments: object) -> Any:
    """What a function returns in a process of its own, whose memory goes with it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def _measured(name: str, folder: Path, rounds: int) -> tuple[Row, Row | None]:
    if name in MODELS:
        from benchmarks.proofs.models import CASES
    else:
        from benchmarks.zkml_training import CASES
    case = CASES[name]()
    return measured(case, folder, rounds, PUBLISHED[name]), case.ezkl


def _batch(rows: int) -> Row:
    from benchmarks.proofs.batches import batch

    return batch(rows)


def _large() -> Row:
    from benchmarks.proofs.large import large

    return large()


def _say_which() -> None:
    missing = [name for name, there in (("EZKL", ezkl_installed()), ("snarkjs", snarkjs.installed())) if not there]
    if missing:
        print(f"{' and '.join(missing)} not installed (tests/peers/setup.sh): rows go without", file=sys.stderr)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zkml")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join((*MODELS, *TRAINING)))
    parser.add_argument("--quick", action="store_true", help="without what takes minutes")
    parser.add_argument("--batches", action="store_true", help="batches, and rows only if named")
    parser.add_argument("--large", action="store_true", help="2**20 constraints, and rows only if named")
    parser.add_argument("--no-peers", action="store_true", help="without EZKL and snarkjs")
    options = parser.parse_args(arguments)
    for name in options.rows:
        if name not in (*MODELS, *TRAINING):
            parser.error(f"no row is named {name!r}; there are {', '.join((*MODELS, *TRAINING))}")
    everything = not (options.rows or options.batches or options.large)
    options.batches = [rows for rows in BATCHES if rows < BATCHES[-1] or not options.quick]
    if not (everything or "--batches" in arguments):
        options.batches = []
    if everything:
        options.rows = QUICK if options.quick else (*MODELS, *TRAINING)
    return options


if __name__ == "__main__":
    main(sys.argv[1:])
