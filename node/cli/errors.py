"""What the command line itself refuses; everything else it shows are other rooms' errors."""

from node.errors import NodeError


class CliError(NodeError):
    """Root of the command line's own errors. Code 7300 is also that of a Python that cannot run the program."""

    code = 7300


class SystemRefused(CliError):
    """The operating system refused something: a file, a folder, a port."""

    code = 7301

    def __init__(self, path: str | None, reason: str) -> None:
        what = f"{path}: {reason}" if path else reason
        super().__init__(f"the system refused: {what}. Check the path, its owner and the disk.")
        self.path, self.reason = path, reason


class BadArgument(CliError):
    """An argument has a form that the command cannot use."""

    code = 7302

    def __init__(self, argument: str, expected: str, got: str) -> None:
        super().__init__(f"{argument}: expected {expected}, got {got[:120]!r}.")
        self.argument, self.expected, self.got = argument, expected, got[:120]


class MonikerShared(CliError):
    """A moniker is named that several validators have: anybody may take any."""

    code = 7305

    def __init__(self, moniker: str, validators: tuple[str, ...]) -> None:
        listed = ", ".join(validators)
        super().__init__(
            f"{len(validators)} validators are called {moniker!r}; name the one you mean by its address: {listed}. "
            "`cluster validator show ADDRESS` names its operator."
        )
        self.moniker, self.validators = moniker, validators


class KeyNotFound(CliError):
    """No key file goes by a name."""

    code = 7303

    def __init__(self, name: str, looked_in: tuple[str, ...], devnet: bool) -> None:
        accounts = "" if devnet else " Accounts such as account0 come with a development network: `cluster devnet up`."
        super().__init__(
            f"no key {name!r}: it is no file, and there is no {name}.json in {' or '.join(looked_in)}. "
            f"Make one with `cluster keys new`, or name a key file.{accounts}"
        )
        self.name, self.looked_in, self.devnet = name, looked_in, devnet


class CircuitCodeFailed(CliError):
    """The code that `cluster zk audit` was told to call raised an exception, so that nothing could be judged."""

    code = 7304

    def __init__(self, subject: str, error: BaseException) -> None:
        super().__init__(
            f"{subject} ended with {type(error).__name__}: {str(error)[:200]}. "
            "Nothing was judged: mend that code, which is called here as it is."
        )
        self.subject, self.error, self.reason = subject, type(error).__name__, str(error)[:200]
