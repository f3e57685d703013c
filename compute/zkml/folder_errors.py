"""What can be wrong with a compiled model's folder and what lies in it."""

from pathlib import Path

from compute.zkml.errors import ModelError


class FolderUnusable(ModelError):
    """A folder is not that of a compiled model, or lacks a part of it."""

    code = 6117

    def __init__(self, folder: Path, reason: str, remedy: str = "`cluster zk compile` makes one.") -> None:
        super().__init__(f"{folder} is no usable folder of a compiled model: {reason.rstrip('.')}. {remedy}")
        self.folder, self.reason = str(folder), reason


class FolderOccupied(ModelError):
    """A folder that should take a compiled model holds something else."""

    code = 6126

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is no empty folder and holds no compiled model; name another one with --out.")
        self.folder = str(folder)


class OpeningUnusable(ModelError):
    """A file that should open a proof's commitments does not hold rows and a salt."""

    code = 6127

    def __init__(self, reason: str) -> None:
        super().__init__(f"the opening cannot be used: {reason}. `cluster zk prove` writes it as opening.json.")
        self.reason = reason


class NothingToExport(ModelError):
    """A part of an export was asked for that the folder has not."""

    code = 6164

    def __init__(self, folder: Path, lacks: str, remedy: str) -> None:
        super().__init__(f"{folder} has {lacks}; {remedy}.")
        self.folder, self.lacks = str(folder), lacks
