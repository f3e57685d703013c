"""The public signals of a method's circuit by name, in the order of `statement.py`: what a circuit must declare."""

from collections.abc import Iterator, Sequence

from contracts.confidential.specs import Method, OutputSpec, RegisterSpec


def call_signals(method: Method, registers: Sequence[RegisterSpec]) -> tuple[str, ...]:
    """Names of all public inputs of a call, ctx first. The method's register indices must be the contract's."""
    return tuple(_signals(method, registers))


def call_size(method: Method, registers: Sequence[RegisterSpec]) -> int:
    """How many public inputs a method's circuit has, ctx included."""
    return len(call_signals(method, registers))


def _signals(method: Method, registers: Sequence[RegisterSpec]) -> Iterator[str]:
    yield from ("ctx", "contract")
    if method.uses_sealed(registers):
        yield from ("epoch", "kc")
    if method.caller:
        yield "caller"
    if method.period:
        yield from ("after", "before")
    yield from _row("argument", method.arguments)
    for index in method.reads:
        yield from _read(registers[index])
    for index in method.writes:
        yield from _write(registers[index])
    for index in method.counts:
        yield f"count.{registers[index].name}"
    if method.nullifiers:
        yield "root"
        yield from _row("nullifier", method.nullifiers)
    if method.outputs:
        yield from ("ephemeral.x", "ephemeral.y")
    for place, output in enumerate(method.outputs):
        yield from _output(place, output)
    for place in range(method.takes):
        yield from (f"take.{place}.asset", f"take.{place}.amount")
    for place in range(method.pays):
        yield from (f"pay.{place}.recipient", f"pay.{place}.asset", f"pay.{place}.amount")


def _read(spec: RegisterSpec) -> Iterator[str]:
    name = f"read.{spec.name}"
    if spec.sealed:
        yield from (f"{name}.version", f"{name}.commitment")
    else:
        yield from _row(f"{name}.value", spec.values)


def _write(spec: RegisterSpec) -> Iterator[str]:
    name = f"write.{spec.name}"
    if spec.sealed:
        yield from (f"{name}.version", f"{name}.before", f"{name}.after", f"{name}.nonce")
        yield from _row(f"{name}.ciphertext", spec.ciphertext_length)
    else:
        yield from _row(f"{name}.before", spec.values)
        yield from _row(f"{name}.after", spec.values)


def _output(place: int, output: OutputSpec) -> Iterator[str]:
    yield f"output.{place}.commitment"
    yield from _row(f"output.{place}.ciphertext", output.elements)


def _row(name: str, length: int) -> Iterator[str]:
    return (f"{name}.{index}" for index in range(length))
