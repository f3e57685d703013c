"""A contract on plain integers: state, calls and refusals of a test that needs no chain, no keys and no proofs.

    counter = Counter.plain()
    counter.increment(5)
    assert counter.count == 5
    with raises(RequirementFailed): counter.increment(0)

Every call is also put to the circuit, unless checked=False: a circuit that says something else is a mistake of the
language, and raises Disagreement.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chain.execution.statement import id_element
from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.errors import DslError
from compute.dsl.execution import Found, Numbers, Outcome, Situation, circuit_inputs, execute, signals
from compute.dsl.refusals import CallRefused, WrongArguments
from compute.dsl.scalars import Address
from compute.dsl.values import Value
from contracts.confidential.sealing import INITIAL_BLINDING, INITIAL_VERSION
from crypto import domains
from crypto.hashing import tagged_hash
from crypto.r1cs.errors import CircuitError

OWNER: Final = bytes(32)  # who sends where a test does not say
_CONTRACT: Final = id_element(bytes(range(32)))
_CTX: Final = 1


class Disagreement(DslError):
    """A circuit does not say what the plain execution of its method says."""

    code = 6432

    def __init__(self, method: str, problem: str) -> None:
        super().__init__(f"{method}: {problem}. This is a mistake in the language; please report the contract.")
        self.method, self.problem = method, problem


class Plain:
    """A contract's state in the open. Methods are called with Python's values; registers read as attributes."""

    def __init__(self, compiled: Compiled, initial: Mapping[str, object], *, checked: bool = True) -> None:
        """initial: first content of public registers; what is not given begins with zeros. Raises ArgumentRefused."""
        self.compiled, self.checked = compiled, checked
        self.calls = 0
        self.registers = initial_registers(compiled, initial)

    def __getattr__(self, name: str) -> Any:
        compiled = self.__dict__["compiled"]
        for declared in compiled.declaration.registers:
            if declared.name == name:
                return declared.kind.lifted(iter(self.registers[name].numbers))
        for method in compiled.methods:
            if method.name == name:
                return _caller(self, method)
        raise AttributeError(f"{compiled.name} has no register or method {name!r}")

    def situation(self, method: CompiledMethod, arguments: Mapping[str, Numbers], **said: Any) -> Situation:
        """What a call of the method would find now. said: sender (an account), height, period."""
        height = said.get("height", 0)
        self.calls += 1
        blindings = {d.name: _drawn(self.calls, place) for place, d in enumerate(self.compiled.declaration.registers)}
        return Situation(
            contract=_CONTRACT,
            registers=dict(self.registers),
            arguments=arguments,
            epoch=1,
            data_key=_drawn(0, 0),
            blindings=blindings,
            caller=Address.lowered(said.get("sender", OWNER), "sender")[0],
            period=said.get("period", (height, height)),
        )

    def call(self, name: str, *positional: object, **named: Any) -> object:
        """Calls a method. named: arguments by name, and sender, height, period. Raises a CallRefused."""
        method = self.compiled.method(name)
        said = {key: named.pop(key) for key in ("sender", "height", "period") if key in named}
        situation = self.situation(method, arguments_of(method, positional, named), **said)
        outcome = run(method, situation, checked=self.checked)
        self.registers.update(outcome.registers)
        result = method.declaration.result
        return None if result is None else result.kind.lifted(iter(outcome.result))


def _caller(contract: Plain, method: CompiledMethod) -> Callable[..., object]:
    def call(*positional: object, **named: Any) -> object:
        return contract.call(method.name, *positional, **named)

    return call


def run(method: CompiledMethod, situation: Situation, *, checked: bool = True) -> Outcome:
    """The call in plain integers and, if checked, in the circuit. Raises a CallRefused, and Disagreement."""
    try:
        outcome = execute(method, situation)
    except CallRefused:
        if checked and proven_signals(method, situation) is not None:
            raise Disagreement(method.name, "the circuit accepts what plain execution refuses") from None
        raise
    if checked:
        computed = proven_signals(method, situation)
        if computed is None:
            raise Disagreement(method.name, "the circuit refuses what plain execution accepts")
        if computed != signals(method, situation, outcome, _CTX):
            raise Disagreement(method.name, "circuit and plain execution make different values public")
    return outcome


def proven_signals(method: CompiledMethod, situation: Situation) -> Numbers | None:
    """The public signals that the circuit computes for a call, None if it has no witness."""
    try:
        witness = method.circuit.solve(circuit_inputs(method, situation, _CTX))
        method.circuit.check(witness)
    except CircuitError:
        return None
    return witness.public


def initial_registers(compiled: Compiled, initial: Mapping[str, object]) -> dict[str, Found]:
    """Every register before its first write. Raises ArgumentRefused, WrongArguments for what is no public register."""
    public = {declared.name: declared for declared in compiled.declaration.registers if not declared.sealed}
    if not initial.keys() <= public.keys():
        raise WrongArguments(compiled.name, tuple(public), tuple(initial))
    found = {}
    for declared in compiled.declaration.registers:
        name, kind = declared.name, declared.kind
        numbers = kind.lowered(initial[name], name) if name in initial else (0,) * len(declared.leaves)
        found[name] = Found(INITIAL_VERSION, numbers, INITIAL_BLINDING)
    return found


def arguments_of(
    method: CompiledMethod, positional: tuple[object, ...], named: Mapping[str, object]
) -> dict[str, Numbers]:
    """The numbers of a call's arguments. Raises WrongArguments, ArgumentRefused."""
    parameters = method.declaration.parameters
    expected = tuple(parameter.name for parameter in parameters)
    given = {**dict(zip(expected, positional, strict=False)), **named}
    doubled = set(expected[: len(positional)]) & named.keys()
    if tuple(sorted(given)) != tuple(sorted(expected)) or len(positional) > len(expected) or doubled:
        raise WrongArguments(method.name, expected, (*map(type_said, positional), *named))
    return {parameter.name: parameter.kind.lowered(given[parameter.name], parameter.name) for parameter in parameters}


def type_said(value: object) -> str:
    """An argument in a message: its type, never the value."""
    return value.type_name if isinstance(value, Value) else type(value).__name__


def _drawn(call: int, place: int) -> int:
    """Stands for randomness, the same in every run of a test."""
    return int.from_bytes(tagged_hash(domains.CONTRACT_CODE, bytes((call % 256, call // 256 % 256, place)))[:31], "big")
