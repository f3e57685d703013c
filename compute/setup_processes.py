"""Spreads the points of a development setup over processes: each runs this module and takes its part of every job.

Over standard input and output: u32 jobs, then for each job a byte (1 for the twist), u32 scalars, 32 bytes a scalar
little-endian; back come the points, job by job. Not multiprocessing, whose workers run the caller's script again.
"""

import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from crypto.field import FIELD_BYTES
from crypto.groth16.dev_setup import Job, encoded_multiples
from crypto.groth16.errors import SetupRefused
from crypto.groth16.montgomery import G1_BYTES, G2_BYTES

ALONE: Final = 20_000  # scalars that one process does in the second that starting others would take
_COUNT: Final = struct.Struct("<I")
_JOB: Final = struct.Struct("<?I")


def multiply(jobs: Sequence[Job], processes: int | None = None) -> list[bytes]:
    """The points of each job, as `encoded_multiples`; processes: as many as cores, one for a small setup.

    Raises SetupRefused when a process dies.
    """
    count = processes or (os.cpu_count() or 1 if sum(len(scalars) for _, scalars in jobs) > ALONE else 1)
    if count == 1:
        return [encoded_multiples(twist, scalars) for twist, scalars in jobs]
    parts = [[(twist, _part(scalars, i, count)) for twist, scalars in jobs] for i in range(count)]
    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(_run, parts))
    return [b"".join(points[job] for points in done) for job in range(len(jobs))]


def _part(scalars: Sequence[int], number: int, count: int) -> Sequence[int]:
    return scalars[number * len(scalars) // count : (number + 1) * len(scalars) // count]


def _run(jobs: Sequence[Job]) -> list[bytes]:
    request = [_COUNT.pack(len(jobs))]
    for twist, scalars in jobs:
        request += [
            _JOB.pack(twist, len(scalars)),
            *(int(scalar).to_bytes(FIELD_BYTES, "little") for scalar in scalars),
        ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "compute.setup_processes"]
    ended = subprocess.run(command, input=b"".join(request), capture_output=True, env=environment, check=False)
    sizes = [len(scalars) * (G2_BYTES if twist else G1_BYTES) for twist, scalars in jobs]
    if ended.returncode or len(ended.stdout) != sum(sizes):
        raise SetupRefused(f"a process of the setup ended with status {ended.returncode}: {ended.stderr[-200:]!r}")
    points, at = [], 0
    for size in sizes:
        points.append(ended.stdout[at : at + size])
        at += size
    return points


def main() -> int:
    """One process of `multiply`."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    for _ in range(_COUNT.unpack(source.read(_COUNT.size))[0]):
        twist, count = _JOB.unpack(source.read(_JOB.size))
        data = source.read(count * FIELD_BYTES)
        scalars = [int.from_bytes(data[i : i + FIELD_BYTES], "little") for i in range(0, len(data), FIELD_BYTES)]
        target.write(encoded_multiples(twist, scalars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
