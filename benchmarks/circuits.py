"""What do circuits cost before they are proven? Prints one JSON line per shape and size; each in a process of its own.

Shapes as inference has them: `dense` layers with constant weights and 20-bit ReLUs, `convolution` with 75 terms an
output, `private` weights times inputs, `commit` (a Poseidon commitment). Seconds of CPU; memory is the
peak resident set of the whole process.

    python -m benchmarks.circuits [EXPONENT ...]        sizes 2**EXPONENT, by default 10 14 17
"""

import json
import multiprocessing
import random
import resource
import sys
from collections.abc import Callable
from hashlib import sha256
from time import process_time

from crypto import domains
from crypto.r1cs.builder import Builder
from crypto.r1cs.circuit import Circuit, Inputs
from crypto.r1cs.gadgets.bits import assert_range
from crypto.r1cs.gadgets.dense import dense
from crypto.r1cs.gadgets.poseidon import commit_vector
from crypto.r1cs.gadgets.products import products
from crypto.r1cs.gadgets.relu import relu_shift
from crypto.r1cs.r1cs_file import write_r1cs
from crypto.r1cs.wire import Wire, linear
from crypto.r1cs.wtns_file import write_wtns

SIZES = (10, 14, 17)
BITS, SHIFT = 20, 13  # of the ReLUs: 22 constraints, results of 7 bits

Shape = Callable[[Builder, random.Random, int], None]


def main(exponents: list[int]) -> None:
    for exponent in exponents:
        for name in SHAPES:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(json.dumps(pool.apply(measure, (name, 1 << exponent))), flush=True)


def measure(name: str, constraints: int) -> dict[str, object]:
    """One row: a circuit of about that many constraints, built, written, solved and checked."""
    at = [process_time()]
    circuit = build(name, constraints)
    at.append(process_time())
    size, digest = _written(circuit)
    at.append(process_time())
    witness = circuit.solve(inputs_of(circuit))
    at.append(process_time())
    write_wtns(witness)
    at.append(process_time())
    circuit.check(witness)
    at.append(process_time())
    steps = ("build_s", "r1cs_s", "solve_s", "wtns_s", "check_s")
    terms = sum(len(m.cells) for m in (circuit.constraints.a, circuit.constraints.b, circuit.constraints.c))
    return {
        "shape": name,
        "constraints": len(circuit.constraints),
        "terms": terms,
        **{step: round(end - start, 3) for step, start, end in zip(steps, at, at[1:], strict=False)},
        "estimated_prove_s": round(circuit.estimated_prove_microseconds() / 1e6, 3),
        "r1cs_mb": round(size / 1e6, 1),
        "r1cs_sha256": digest,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _written(circuit: Circuit) -> tuple[int, str]:
    data = write_r1cs(circuit)
    return len(data), sha256(data).hexdigest()[:16]


def build(name: str, constraints: int) -> Circuit:
    """The circuit of a shape, bound to a public ctx; the same each time."""
    cs, dice = Builder(), random.Random(7)
    ctx = cs.public("ctx")
    SHAPES[name](cs, dice, constraints)
    cs.bind(ctx)
    return cs.build()


def inputs_of(circuit: Circuit) -> Inputs:
    """Some inputs of 7 bits."""
    dice = random.Random(11)
    return {name: [dice.randrange(128) for _ in place.cells] for name, place in circuit.inputs.items()}


def _dense(cs: Builder, dice: random.Random, constraints: int) -> None:
    """Layers of 64 to 800 neurons, each on all of the layer before."""
    width = 64 if constraints < 1 << 14 else 256 if constraints < 1 << 20 else 800
    values = [assert_range(cs, wire, 7) for wire in cs.private_array("row", min(width, constraints // 16))]
    while cs.constraint_count < constraints:
        count = min(width, -(-(constraints - cs.constraint_count) // (BITS + 2)))
        weights = [dice.choices(range(-8, 9), k=len(values)) for _ in range(count)]
        values = _relu(cs, dense(weights, values, [dice.randrange(-999, 999) for _ in weights]))


def _convolution(cs: Builder, dice: random.Random, constraints: int) -> None:
    """5 x 5 windows of 3 channels on a square picture, 8 channels out, one layer after another."""
    side = max(6, min(48, int((constraints / (22 * 8 * 3)) ** 0.5)))
    picture = [assert_range(cs, wire, 7) for wire in cs.private_array("row", 3 * side * side)]
    while cs.constraint_count < constraints:
        kernels = [dice.choices(range(-16, 17), k=75) for _ in range(8)]
        places = [(y, x) for y in range(side - 4) for x in range(side - 4)]
        windows = [
            [picture[c * side * side + (y + i) * side + x + j] for c in range(3) for i in range(5) for j in range(5)]
            for y, x in places
        ]
        for window in windows:
            _relu(cs, dense(kernels, window, [5] * 8))
            if cs.constraint_count >= constraints:
                break


def _private(cs: Builder, dice: random.Random, constraints: int) -> None:
    """Private signed 8-bit weights, offset, times 7-bit values; 100 weights an output."""
    row = [assert_range(cs, wire, 7) for wire in cs.private_array("row", 100)]
    number = 0
    while cs.constraint_count < constraints:
        number += 1
        count = min(64, 1 + (constraints - cs.constraint_count) // 930)
        weights = [assert_range(cs, w + 128, 8) - 128 for w in cs.private_array(f"w{number}", 100 * count, -128)]
        bias = [assert_range(cs, w, 8) for w in cs.private_array(f"b{number}", count)]
        made = products(cs, weights, row * count)
        _relu(cs, [linear([*((1, w) for w in made[i * 100 : i * 100 + 100]), (1, bias[i])]) for i in range(count)])


def _commit(cs: Builder, dice: random.Random, constraints: int) -> None:
    """One commitment of field elements, 15 or 16 to a permutation."""
    commitment, salt = cs.output("commitment"), cs.private("salt")
    elements = cs.private_array("row", max(1, constraints // 40))
    cs.define(commitment, commit_vector(cs, domains.INPUT, salt, elements))


def _relu(cs: Builder, values: list[Wire]) -> list[Wire]:
    return [relu_shift(cs, value.bounded(1 - 2**BITS, 2**BITS - 1), BITS, SHIFT) for value in values]


SHAPES: dict[str, Shape] = {"dense": _dense, "convolution": _convolution, "private": _private, "commit": _commit}


if __name__ == "__main__":
    main([int(exponent) for exponent in sys.argv[1:]] or list(SIZES))
