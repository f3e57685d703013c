"""The root of the errors of room compute. Each folder keeps its rules' errors itself."""

from crypto.errors import ClusterError


class ComputeError(ClusterError):
    """Root of this room's errors."""

    code = 6000


class ProverCrashed(ComputeError):
    """The process that made a proof died, and so did a second one with the same job."""

    code = 6010

    def __init__(self, prover: str, exit_code: int | None) -> None:
        why = "most likely the machine ran out of memory" if exit_code == -9 else "see its traceback on stderr"
        super().__init__(
            f"Two processes died while proving {prover}, the last with exit code {exit_code}: {why}. Expected an "
            f"answer; use fewer provers or a machine with more memory, or report the fault."
        )
        self.prover, self.exit_code = prover, exit_code


class ProvingPoolFull(ComputeError):
    """More jobs wait for a prover than the pool keeps."""

    code = 6011

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} jobs wait for a prover already, the most that may. Let some end, then try again.")
        self.limit = limit


class ProvingPoolClosed(ComputeError):
    """The provers were shut down before the job was done."""

    code = 6012

    def __init__(self) -> None:
        super().__init__("The provers were shut down before this job was done. Start the worker again; it resumes.")


class KeysNotKept(ComputeError):
    """A model is to be handed on with keys that live in memory only."""

    code = 6014

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The keys of {name} live in this process's memory only; expected a .zkey file that can be handed on. "
            "Name a folder: setup(folder) keeps them there."
        )
        self.name = name
