"""Golden vectors of the state tree, in vectors/tree.json. `python -m tests.support.make_tree_vectors` writes them.

A difference means that every root and proof has changed: that is a new chain, never a new file by itself.
"""

import json
from pathlib import Path

from chain.state.keys import Key
from chain.state.proofs import proof_to_json
from chain.state.tree import Tree
from chain.state.tree_view import TreeView

FILE = Path(__file__).parent / "vectors" / "tree.json"
SIZES = (0, 1, 2, 3, 17, 300)


def entries(size: int) -> dict[bytes, bytes]:
    """The content of one vector."""
    return {b"key-%d" % number: b"value-%d" % number for number in range(size)}


def tree_of(content: dict[bytes, bytes]) -> tuple[TreeView, dict[bytes, bytes]]:
    """A tree of one version with this content, and its stored nodes."""
    nodes: dict[bytes, bytes] = {}
    update = Tree(nodes.get).update(0, [(Key(key), value) for key, value in content.items()])
    nodes.update(update.puts())
    return TreeView(nodes.get, update.root), nodes


def vectors() -> list[dict[str, object]]:
    """Root and proofs for each size: of the first entry if there is one, and of two keys that are absent."""
    cases: list[dict[str, object]] = []
    for size in SIZES:
        view, nodes = tree_of(entries(size))
        wanted = [b"key-0", b"key-%d" % size, b"absent"]
        cases.append(
            {
                "size": size,
                "root": view.root.hash.hex(),
                "nodes": len(nodes),
                "proofs": {key.decode(): proof_to_json(view.prove(key)) for key in wanted},
            }
        )
    return cases


def main() -> None:
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n")


if __name__ == "__main__":
    main()
