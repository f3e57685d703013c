"""Writes docs/errors.md: every error that goes to users, by its code, from the classes themselves.

python -m tests.support.make_errors_page             write the page
python -m tests.support.make_errors_page --check     exit status 1 if the page is out of date
"""

import inspect
import sys
from collections.abc import Iterator

from crypto.errors import ClusterError
from node.rpc.errors import INTERNAL, RpcError
from tests.support.rooms import ROOT, import_all

PAGE = ROOT / "docs" / "errors.md"

ROOMS = {
    "crypto": "Mathematics: encodings, keys, proofs",
    "p2p": "Links between nodes",
    "chain": "The chain: bytes, transactions, blocks, consensus, state",
    "contracts": "Contracts: token, staking, tasks, registry, confidential, governance",
    "client": "Clients",
    "compute": "Provers and workers",
    "node": "The node: files, keys, storage, JSON-RPC, command line",
}

HEAD = f"""# Errors

<!-- Written by tests/support/make_errors_page.py; a test fails when it is out of date. -->

Every error has a code that never changes its meaning. The command line ends with the sentence of an error; JSON-RPC
answers it as

    {{"code": CODE, "message": "a sentence that says what was wrong and what to do",
     "data": {{"name": "CLASS", "code": CODE, ...the compared values}}}}

where the outer code is JSON-RPC's own if its specification has one (last column), and `data.code` is the one below.
Code {INTERNAL} is a fault of the node itself: its log says more. A receipt with a code other than 0 names the rule that
an action broke. Errors marked *fatal* mean that what a node stands on has failed: it stops, and its log ends with them.
"""


def make_page() -> str:
    """The whole page."""
    import_all()
    parts = [HEAD]
    for room, title in ROOMS.items():
        rows = sorted((error.code, _row(error)) for error in _below(ClusterError) if _room(error) == room)
        parts.append(f"## {title}\n\n| code | error | what it says | |\n|---|---|---|---|")
        parts += [*(row for _, row in rows), ""]
    return "\n".join(parts[:-1]) + "\n"


def _row(error: type[ClusterError]) -> str:
    what = (inspect.getdoc(error) or "").split("\n\n", 1)[0].replace("\n", " ").replace("|", "\\|")
    notes = []
    if issubclass(error, RpcError) and error.rpc_code is not None:
        notes.append(str(error.rpc_code))
    if error.fatal:
        notes.append("*fatal*")
    return f"| {error.code} | `{error.__name__}` | {what} | {' '.join(notes)} |"


def _room(error: type[ClusterError]) -> str:
    return error.__module__.partition(".")[0]


def _below(error: type[ClusterError]) -> Iterator[type[ClusterError]]:
    for child in error.__subclasses__():
        if _room(child) in ROOMS:  # not those that a test made
            yield child
        yield from _below(child)


def main(argv: list[str]) -> int:
    page = make_page()
    if argv == ["--check"]:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
