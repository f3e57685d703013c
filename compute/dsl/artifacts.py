"""What a contract's class is written out as: files for tools, for people, and for whoever checks a proof by hand."""

from compute.dsl.abi import abi_bytes
from compute.dsl.compiled import Compiled
from compute.dsl.readme import readme
from compute.dsl.statement_code import statement_code


def artifacts(compiled: Compiled) -> dict[str, bytes]:
    """By file name: abi.json, README.md, statement.py. Raises AbiTooLarge."""
    return {
        "abi.json": abi_bytes(compiled),
        "README.md": readme(compiled).encode(),
        "statement.py": statement_code(compiled).encode(),
    }
