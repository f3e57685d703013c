"""Runs the WebAssembly that circom makes of a circuit: named inputs in, all wires out.

Source: circom 2's `witness_calculator.js`. Input signals are named by the 64-bit FNV-1a hash of their names; field
elements pass through a window of 32-bit words. The program comes with a circuit from anybody, so it gets no files, no
clock and no network, a bound on memory, and fuel.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from compute.circom.errors import CircomMissing, InputRefused, NoWitness
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.r1cs.circuit import Witness

Value = Any  # an integer, a decimal string, or a sequence of such, as deep as the signal's array
Inputs = Mapping[str, Value]

MAX_MEMORY: Final = 2 * 2**30
FUEL: Final = 200 * 10**9  # instructions: minutes
_WORDS: Final = FIELD_BYTES // 4
_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1
_CODES: Final = {
    1: "signal not found",
    2: "too many signals are set",
    3: "a signal is set already",
    4: "an assertion of the circuit fails",
    5: "not enough memory",
    6: "an input array is accessed beyond its size",
}


class WitnessCalculator:
    """A circuit's witness program. Compiled once; each witness has an instance of its own."""

    def __init__(self, wasm: bytes) -> None:
        """Raises CircomMissing, NoWitness for what is no program of circom 2 on BN254."""
        try:
            import wasmtime
        except ImportError as error:
            raise CircomMissing from error
        self._wasmtime: Any = wasmtime
        config = wasmtime.Config()
        config.consume_fuel = True
        config.cranelift_opt_level = "none"  # a circuit's program is long, and each part of it runs once
        self._engine = wasmtime.Engine(config)
        try:
            self._module = wasmtime.Module(self._engine, wasm)
        except wasmtime.WasmtimeError as error:
            raise NoWitness(f"the program is no WebAssembly ({str(error)[:120]})") from error

    def solve(self, inputs: Inputs, public_count: int) -> Witness:
        """The witness for these inputs: signals by name, arrays as lists, integers or decimal strings below r.

        Raises InputRefused, NoWitness.
        """
        run = _Run(self._wasmtime, self._engine, self._module)
        try:
            run.start()
            given = 0
            for name, value in inputs.items():
                given += run.set_input(name, _flatten(name, value))
            if given != (wanted := run.call("getInputSize")):
                raise InputRefused(", ".join(inputs), f"the circuit takes {wanted} values in all, {given} were given")
            cells = run.witness()
        except (self._wasmtime.Trap, self._wasmtime.WasmtimeError, self._wasmtime.ExitTrap) as error:
            raise NoWitness(run.reason(str(error))) from error
        if len(cells) <= public_count or cells[0] != 1:
            raise NoWitness(f"the program computes {len(cells)} wires, which is not this circuit")
        return Witness(cells, public_count)


class _Run:
    """One instance of the program."""

    def __init__(self, wasmtime: Any, engine: Any, module: Any) -> None:
        self._code: int | None = None
        self._text: list[str] = []
        self._line: list[str] = []
        self._store = wasmtime.Store(engine)
        self._store.set_limits(memory_size=MAX_MEMORY)
        self._store.set_fuel(FUEL)
        handlers = {
            "exceptionHandler": self._failed,
            "printErrorMessage": lambda *_: self._print(),
            "writeBufferMessage": lambda *_: self._print(),
        }
        linker = wasmtime.Linker(engine)
        for wanted in module.imports:
            if isinstance(wanted.type, wasmtime.FuncType):
                handler = handlers.get(wanted.name, _ignore)
                linker.define(self._store, wanted.module, wanted.name, wasmtime.Func(self._store, wanted.type, handler))
        self._exports = linker.instantiate(self._store, module).exports(self._store)

    def start(self) -> None:
        if self.call("getFieldNumLen32") != _WORDS:
            raise NoWitness("the program computes in another field")
        self.call("getRawPrime")
        if self._read() != SCALAR_FIELD:
            raise NoWitness("the program computes in another field; compile it with -p bn128")
        self.call("init", 0)

    def set_input(self, name: str, values: Sequence[int]) -> int:
        """How many values the signal takes, which are now set."""
        high, low = _signed(_fnv(name) >> 32), _signed(_fnv(name) & 0xFFFFFFFF)
        size = self.call("getInputSignalSize", high, low)
        if size <= 0:
            raise InputRefused(name, "the circuit has no such input")
        if size != len(values):
            raise InputRefused(name, f"it takes {size} values, {len(values)} were given")
        for place, value in enumerate(values):
            for word in range(_WORDS):
                self.call("writeSharedRWMemory", word, _signed(value >> 32 * word & 0xFFFFFFFF))
            self.call("setInputSignal", high, low, place)
        return size

    def witness(self) -> tuple[int, ...]:
        cells = []
        for cell in range(self.call("getWitnessSize")):
            self.call("getWitness", cell)
            cells.append(self._read())
        return tuple(cells)

    def call(self, name: str, *arguments: int) -> int:
        try:
            function = self._exports[name]
        except KeyError:
            raise NoWitness(f"the program has no {name}: it is not of circom 2") from None
        return int(function(self._store, *arguments) or 0)

    def reason(self, fallback: str) -> str:
        """Why the program stopped."""
        said = "; ".join(line for line in self._text if line)[:300]
        lines = [line.strip() for line in fallback.splitlines() if line.strip()] or ["it failed"]
        known = _CODES.get(self._code or 0, lines[-1][:200])  # a trap's last line is its cause
        return f"{known} ({said})" if said else known

    def _read(self) -> int:
        return sum((self.call("readSharedRWMemory", word) & 0xFFFFFFFF) << 32 * word for word in range(_WORDS))

    def _failed(self, code: int) -> None:
        """The program expects this not to return."""
        self._code = code
        raise NoWitness(self.reason("it failed"))

    def _print(self) -> None:
        characters: list[str] = []
        while (character := self.call("getMessageChar")) != 0 and len(characters) < 1_000:
            characters.append(chr(character & 0xFF))
        if len(self._text) < 20:
            self._text.append("".join(characters).strip())


def _ignore(*_: int) -> None:
    """What a circuit logs is nobody's business."""


def _flatten(name: str, value: Value) -> list[int]:
    if isinstance(value, str):
        if not value.isascii() or not value.isdigit() or len(value) > 78:
            raise InputRefused(name, f"{value!r:.40} is no decimal number")
        return _flatten(name, int(value))
    if isinstance(value, bool) or not isinstance(value, (int, list, tuple)):
        raise InputRefused(name, f"{value!r:.40} is no integer")
    if isinstance(value, int):
        if not 0 <= value < SCALAR_FIELD:
            raise InputRefused(name, f"{value} is no field element: write -x as r - x")
        return [value]
    return [number for part in value for number in _flatten(name, part)]


def _fnv(name: str) -> int:
    digest = _OFFSET
    for byte in name.encode():
        digest = (digest ^ byte) * _PRIME & _MASK
    return digest


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
