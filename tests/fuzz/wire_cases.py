"""Every wire type, many times: what is encoded comes back, and what is bent is refused or is another canonical value.

    python -m tests.fuzz.wire_cases                   # 65,536 cases of each type, on all cores: minutes
    python -m tests.fuzz.wire_cases --cases 256

The last line is JSON: types, cases, round trips, bent and refused, bent and still canonical, seconds.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
import zlib
from dataclasses import asdict, dataclass
from typing import Final

from chain.codec import decode, encode, from_json, to_json
from chain.errors import CodecError
from tests.fuzz.wire_values import Maker, bent, known_types

CASES: Final = 65_536
JSON_EVERY: Final = 8  # cases: the JSON form is slower to try
NO_JSON: Final = "node.consensus_log"  # its records are never shown
LIMIT: Final = 4 * 2**20


class NotHeld(Exception):
    """The codec broke its promise: which type, which seed, what."""


@dataclass
class Tally:
    """cases: round trips; refused and canonical: what became of bent bytes."""

    types: int = 0
    cases: int = 0
    refused: int = 0
    canonical: int = 0

    def add(self, other: "Tally") -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def try_type(cls: type, cases: int, seed: int = 0) -> Tally:
    """Raises NotHeld."""
    maker = Maker(zlib.crc32(cls.__qualname__.encode()) + seed)
    tally = Tally(types=1)
    for case in range(cases):
        value = maker.struct(cls)
        data = encode(value)
        where = f"{cls.__qualname__}, case {case}, seed {seed}: {data.hex()}"
        if decode(cls, data, unions=maker.unions, limit=LIMIT) != value:
            raise NotHeld(f"another value came back from {where}")
        if (
            case % JSON_EVERY == 0
            and cls.__module__ != NO_JSON
            and from_json(cls, to_json(value), unions=maker.unions) != value
        ):
            raise NotHeld(f"another value came back from the JSON of {where}")
        tally.cases += 1
        other = bent(data, maker.random)
        try:
            read: object = decode(cls, other, unions=maker.unions, limit=LIMIT)
        except CodecError:
            tally.refused += 1
            continue
        if encode(read) != other:
            raise NotHeld(f"bytes that are not canonical were taken: {other.hex()}, bent from {where}")
        tally.canonical += 1
    return tally


def _named(name: str, cases: int, seed: int) -> Tally:
    [cls] = [each for each in known_types() if f"{each.__module__}.{each.__qualname__}" == name]
    return try_type(cls, cases, seed)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=CASES, help=f"of each type (default: {CASES:,})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    names = [f"{cls.__module__}.{cls.__qualname__}" for cls in known_types()]
    started, whole = time.monotonic(), Tally()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        jobs = [pool.apply_async(_named, (name, options.cases, options.seed)) for name in names]
        for done, job in enumerate(jobs, 1):
            whole.add(job.get())
            print(f"\r{done} of {len(names)} types", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(json.dumps({**asdict(whole), "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main(sys.argv[1:])
