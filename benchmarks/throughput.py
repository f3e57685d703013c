"""Four validators and a load generator on one machine: transfers, then proven task settlements, each for some seconds.

Prints one JSON line; benchmarks/README.md says what its fields mean. Everything is signed and proven before the clock
starts. What is counted is counted over RPC alone.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.chain import BASE_PORT, RunningChain, running_chain
from benchmarks.load.sender import Acknowledged, Ready, send
from benchmarks.load.settlements import prepare_settlements, staff_needed
from benchmarks.load.transfers import sign_transfers
from benchmarks.load.watcher import Seen, drained, failed, in_blocks, watching
from compute.zkml.example_models import breast_cancer, digits

MODELS = {"logistic": breast_cancer, "digits": digits}
DRAIN_SECONDS = 120.0
SETTLE_SECONDS = 0.5  # until the last notification of a block has arrived


@dataclass(frozen=True, slots=True)
class Phase:
    """What came of one kind of transaction. Rates per second; finality in seconds, sorted."""

    per_s: float
    finality: list[float]
    admitted: int
    refused: dict[str, int]
    lost: int
    failed: int
    cpu_ms: float  # user and system time of all validators together, per transaction


async def run_phase(chain: RunningChain, ready: Sequence[Ready], rate: float, seconds: float) -> Phase:
    """Send at a rate, and count what is seen committed within the time; then wait until everything is."""
    first = (await chain.status()).height
    async with watching([client.url for client in chain.clients]) as seen:
        await seen.began()
        started, cpu = time.monotonic(), chain.cpu_seconds()
        acknowledged = await send(ready, rate, seconds)
        await drained(chain.clients, DRAIN_SECONDS)
        spent = chain.cpu_seconds() - cpu
        await asyncio.sleep(SETTLE_SECONDS)
    return await count(chain, seen, acknowledged, first, started + seconds, seconds, spent)


async def count(
    chain: RunningChain, seen: Seen, acknowledged: Acknowledged, first: int, end: float, seconds: float, spent: float
) -> Phase:
    """The figures of a phase, from what was seen and from what the blocks hold."""
    admitted = set(acknowledged.at)
    final = await in_blocks(chain.clients[0], first) & admitted
    return Phase(
        per_s=seen.committed_by(end, admitted) / seconds,
        finality=seen.finality(acknowledged),
        admitted=len(admitted),
        refused=dict(acknowledged.refused),
        lost=len(admitted - final),
        failed=len(await failed(chain.clients[0], sorted(final))),
        cpu_ms=1_000 * spent / max(1, len(final)),
    )


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Both phases on a fresh chain, and its memory."""
    settlements = round(options.settle_rate * options.settle_seconds)
    staff = staff_needed(settlements)
    async with running_chain(folder / "net", 4, options.accounts, staff, options.base_port) as chain:
        tell(f"chain of {options.accounts} accounts is up")
        example = MODELS[options.model]()
        proven = await prepare_settlements(chain, example, settlements, folder, options.provers)
        transfers = await sign_transfers(chain, round(options.rate * options.seconds))
        tell(f"{len(transfers)} transfers signed, {len(proven)} settlements proven")
        paying = await run_phase(chain, transfers, options.rate, options.seconds)
        tell(f"transfers: {paying.admitted} admitted, refused {paying.refused}")
        settling = await run_phase(chain, proven, options.settle_rate, options.settle_seconds)
        tell(f"settlements: {settling.admitted} admitted, refused {settling.refused}")
        return figures(paying, settling, chain.peak_mb())


def figures(paying: Phase, settling: Phase, rss_mb: int) -> dict[str, object]:
    """What is printed."""
    finality = sorted(paying.finality + settling.finality)
    return {
        "transfers_per_s": round(paying.per_s, 1),
        "proofs_per_s": round(settling.per_s, 1),
        "finality_p50_s": round(percentile(finality, 50), 3),
        "finality_p95_s": round(percentile(finality, 95), 3),
        "rss_mb": rss_mb,
        "lost": paying.lost + settling.lost,
        "cores": len(os.sched_getaffinity(0)),
        "failed": paying.failed + settling.failed,
        "refused": sum(paying.refused.values()) + sum(settling.refused.values()),
        "transfer_cpu_ms": round(paying.cpu_ms, 2),
        "proof_cpu_ms": round(settling.cpu_ms, 2),
    }


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that `percent` of the ordered ones do not exceed; 0 of none."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def tell(text: str) -> None:
    """Progress, beside the one line that is the result."""
    sys.stderr.write(f"{text}\n")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of transfers (60)")
    parser.add_argument("--rate", type=float, default=350, help="transfers offered a second (350)")
    parser.add_argument("--accounts", type=int, default=100_000, help="funded accounts that pay each other (100000)")
    parser.add_argument("--settle-seconds", type=float, default=20, help="of settlements (20)")
    parser.add_argument("--settle-rate", type=float, default=70, help="settlements offered a second (70)")
    parser.add_argument("--model", choices=sorted(MODELS), default="logistic", help="whose results are proven")
    parser.add_argument("--provers", type=int, default=len(os.sched_getaffinity(0)), help="processes that prove")
    parser.add_argument("--base-port", type=int, default=BASE_PORT, help="and the seven after it must be free")
    return parser.parse_args(arguments)


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(options, Path(folder)))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
