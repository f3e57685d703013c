"""What a contract's methods cost: constraints by part and by line, keys, seconds of proving, bytes and fees."""

from dataclasses import dataclass
from typing import Final

from chain.execution.fees import ENVELOPE_WRITES, base_cost
from chain.params import DEVNET, Params
from chain.types.scalars import Amount, VkId, WorkUnits
from compute.dsl.circuit import BODY
from compute.dsl.compiled import Compiled, CompiledMethod, register_spec
from contracts.confidential.call_sizes import call_cost
from crypto.r1cs.estimate import estimate

_ANY_KEY: Final = VkId(bytes(32))
_ENVELOPE_BUCKETS: Final = 2  # of 256 bytes, beside the call and with the signature


@dataclass(frozen=True, slots=True)
class MethodCost:
    """Of one method. parts: constraints by part of the statement, the body's in one; lines: of the body by line.

    Microseconds of CPU, bytes of keys and memory are estimates of crypto/r1cs/estimate.py; what the chain counts is
    exact. work: of a transaction with this one call, at most; fee: in nano-CLU, at a base fee, without a tip.
    """

    method: str
    constraints: int
    public_inputs: int
    parts: dict[str, int]
    lines: dict[str, int]
    key_bytes: int
    setup_microseconds: int
    prove_microseconds: int
    prove_peak_bytes: int
    call_bytes: int
    work: int
    fee: int


def costs(compiled: Compiled, params: Params = DEVNET, base_fee: Amount | None = None) -> tuple[MethodCost, ...]:
    """Of all methods, in the class's order. base_fee: nano-CLU per work unit, a new chain's where not given."""
    fee = params.initial_base_fee if base_fee is None else base_fee
    return tuple(_cost(compiled, method, params, fee) for method in compiled.methods)


def _cost(compiled: Compiled, method: CompiledMethod, params: Params, base_fee: Amount) -> MethodCost:
    circuit, spec = method.circuit, method.spec(_ANY_KEY)
    registers = [register_spec(declared) for declared in compiled.declaration.registers]
    taken, call, prices = estimate(circuit.size), call_cost(spec, registers, params.prices), params.prices
    envelope = _ENVELOPE_BUCKETS * prices.bytes_bucket + prices.signature + ENVELOPE_WRITES * prices.write
    work = WorkUnits(envelope + call.work)
    parts: dict[str, int] = {}
    lines: dict[str, int] = {}
    for scope, count in circuit.cost_by_scope().items():
        part, _, line = scope.partition("/")
        parts[part or "bind"] = parts.get(part or "bind", 0) + count
        if part == BODY:
            lines[line] = lines.get(line, 0) + count
    return MethodCost(
        method=method.name,
        constraints=len(circuit.constraints),
        public_inputs=circuit.public_count,
        parts=parts,
        lines=lines,
        key_bytes=taken.key_bytes,
        setup_microseconds=taken.setup_microseconds,
        prove_microseconds=taken.prove_microseconds,
        prove_peak_bytes=taken.prove_peak_bytes,
        call_bytes=call.bytes,
        work=work,
        fee=base_cost(work, base_fee),
    )
