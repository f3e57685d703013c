"""What can go wrong with a network of processes on this machine."""

from pathlib import Path

from node.errors import NodeError


class DevnetError(NodeError):
    """Root of the errors of development networks."""

    code = 7350


class NoDevnet(DevnetError):
    """A folder holds no development network."""

    code = 7351

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"{root} holds no development network; make one with `cluster devnet up`, or name its folder with --dir."
        )
        self.root = str(root)


class DevnetRunning(DevnetError):
    """Something was asked that needs the network stopped, or `up` of one that is up."""

    code = 7352

    def __init__(self, root: Path, running: tuple[str, ...]) -> None:
        super().__init__(f"{', '.join(running)} of {root} run already; stop them with `cluster devnet down` first.")
        self.root, self.running = str(root), running


class DevnetStopped(DevnetError):
    """Something was asked that needs a running network."""

    code = 7353

    def __init__(self, root: Path) -> None:
        super().__init__(f"no validator of {root} runs; start them with `cluster devnet up`.")
        self.root = str(root)


class DevnetDiffers(DevnetError):
    """`up` names another shape than the existing network has."""

    code = 7354

    def __init__(self, root: Path, what: str, existing: object, wanted: object) -> None:
        super().__init__(
            f"the network in {root} has {what} {existing}, not {wanted}; leave the option out, name another --dir, or "
            "wipe it with `cluster devnet reset`."
        )
        self.root, self.what, self.existing, self.wanted = str(root), what, str(existing), str(wanted)


class PortsTaken(DevnetError):
    """An address that a new network would listen on is in use."""

    code = 7355

    def __init__(self, port: int, base_port: int) -> None:
        super().__init__(
            f"port {port} is in use by another program; stop it, or choose other ports than {base_port} and following "
            "with --base-port."
        )
        self.port, self.base_port = port, base_port


class NodeDied(DevnetError):
    """A validator process ended while it was to come up."""

    code = 7356

    def __init__(self, name: str, log_file: Path, last_line: str) -> None:
        super().__init__(f"{name} ended before it was ready; the end of {log_file}: {last_line}")
        self.name, self.log_file, self.last_line = name, str(log_file), last_line


class NotReady(DevnetError):
    """The network made no first block in the time that `up` waits."""

    code = 7357

    def __init__(self, seconds: float, logs: Path) -> None:
        super().__init__(f"no block came within {seconds:.0f} s; see the logs in {logs}, then `cluster devnet down`.")
        self.seconds, self.logs = seconds, str(logs)


class SnapshotExists(DevnetError):
    """A snapshot goes by this name already."""

    code = 7358

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a snapshot {name!r} already; choose another name.")
        self.name = name


class NoSnapshot(DevnetError):
    """No snapshot goes by this name."""

    code = 7359

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no snapshot {name!r}; known are: {', '.join(known) or 'none'}.")
        self.name, self.known = name, known


class NetworkUnreadable(DevnetError):
    """devnet.json or accounts.json is damaged or of another version."""

    code = 7360

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}. Wipe the network with `cluster devnet reset --force`.")
        self.path, self.reason = str(path), reason
