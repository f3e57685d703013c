"""What the commands of `cluster contract` refuse. Codes 7330-7339, without 7336."""

from node.cli.errors import CliError


class NoContractThere(CliError):
    """A file has no contract of the language, or several where one is meant."""

    code = 7330

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"no contract in {file}: {problem}. Name one as FILE.py:Class, or begin with `contract new`.")
        self.file, self.problem = file, problem


class ContractCodeFailed(CliError):
    """A contract's file raised an exception when it was run."""

    code = 7331

    def __init__(self, file: str, error: BaseException, line: int | None, remedy: str) -> None:
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where} ended with {type(error).__name__}: {str(error)[:200]}. {remedy}")
        self.file, self.line, self.error, self.reason = file, line, type(error).__name__, str(error)[:200]


class ContractUnknown(CliError):
    """No deployed contract goes by a label here."""

    code = 7332

    def __init__(self, label: str, folder: str) -> None:
        super().__init__(
            f"no contract was deployed from here as {label!r} (there is no {label}.json in {folder}); "
            f"name its id in 0x-hex with --source."
        )
        self.label, self.folder = label, folder


class OtherChainsContract(CliError):
    """A label is of a contract on another chain than the node's."""

    code = 7333

    def __init__(self, label: str, deployed: str, chain: str) -> None:
        super().__init__(f"{label!r} was deployed on chain {deployed}; this node follows {chain}. Deploy it here too.")
        self.label, self.deployed, self.chain = label, deployed, chain


class FolderTaken(CliError):
    """A folder for a new contract exists already and is not empty."""

    code = 7334

    def __init__(self, folder: str) -> None:
        super().__init__(f"{folder} exists and is not empty; nothing was written. Choose another name, or --into.")
        self.folder = folder


class PytestMissing(CliError):
    """A contract's tests cannot run, as pytest is not installed."""

    code = 7335

    def __init__(self) -> None:
        super().__init__("pytest is not installed; run `pip install pytest` in the environment of `cluster`.")


class CallUnsettled(CliError):
    """A node says that a call came too late, and nothing proves that it was not applied: no second one is signed."""

    code = 7337

    def __init__(self, told: str, proves: bool) -> None:
        why = (
            "what validators signed does not show that"
            if proves
            else "that is the node's word alone (`--genesis` asks for validators' signatures)"
        )
        super().__init__(
            f"the node says: {told} But {why}, and a second call could be applied beside the first, so none was "
            "signed. See with `cluster contract read` and `cluster keys show`, best at another node, whether it was "
            "applied; if not, run the same command again."
        )
        self.told, self.proves = told, proves
