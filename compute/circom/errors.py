"""What can be wrong with a circom program, its files or its inputs."""

from pathlib import Path

from compute.errors import ComputeError


class CircomError(ComputeError):
    """Root of the errors of circom programs."""

    code = 6200


class CircomMissing(CircomError):
    """Witnesses of circom circuits are computed by a WebAssembly engine that is an extra."""

    code = 6201

    def __init__(self) -> None:
        super().__init__("wasmtime is not installed; install the extra: pip install 'cluster-chain[circom]'.")


class NotCompiled(CircomError):
    """A circom source was refused by the compiler."""

    code = 6202

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} was not compiled: {reason}. Correct the source, or name the folders of its includes.")
        self.path, self.reason = str(path), reason


class CircomFileUnusable(CircomError):
    """A file of a circom program is missing, malformed, or does not belong to the others."""

    code = 6203

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}. Compile the circuit again, or get its files again.")
        self.path, self.reason = str(path), reason


class InputRefused(CircomError):
    """An input signal is unknown, missing, too long or too short, or no field element."""

    code = 6204

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"input signal {name!r:.80}: {reason}. Give every input of the main component, as integers.")
        self.name, self.reason = name, reason


class NoWitness(CircomError):
    """The circuit's own assertions do not hold for these inputs, or its program failed."""

    code = 6205

    def __init__(self, reason: str) -> None:
        super().__init__(f"these inputs have no witness: {reason}. Check the inputs against the circuit's assertions.")
        self.reason = reason


class WrongSignals(CircomError):
    """A bound program's public signals are not those that its task asks for."""

    code = 6206

    def __init__(self, what: str, found: int, expected: int) -> None:
        super().__init__(
            f"public signal {what} of the circuit is {found}; {expected} was expected. "
            "Write the main component with ClusterTask of cluster.circom, or publish the program as unbound."
        )
        self.what, self.found, self.expected = what, found, expected


class NotBound(CircomError):
    """A task was to be posted to an unbound program, whose inputs travel in a way that only its maker knows."""

    code = 6290

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model:.80} is an unbound circom circuit: no worker proves its tasks, and its outputs are plain. Post "
            "the task with contracts.tasks.actions.Open and agree with a provider, whose action "
            "compute.circom.program.prove_unbound makes; or ask its publisher to write it with ClusterTask of "
            "cluster.circom: then this command buys its results."
        )
        self.model = model
