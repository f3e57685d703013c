"""Proofs that state holds an entry, or holds none, in ICS-23 form. Whoever has a root needs this file and merkle.py.

Source: ICS-23 (cosmos/ibc spec/core/ics-023-vector-commitments; cosmos/ics23 proofs.proto). The proof's key is the
path, SHA256 of the storage key; PROOF_SPEC is what an ICS-23 library has to be given. Absence is shown by the leaves
left and right of the path, which touch each other.
"""

from dataclasses import dataclass
from typing import Final

from chain.state.errors import InvalidProof
from chain.state.merkle import EMPTY_ROOT, INNER_PREFIX, MAX_DEPTH, PATH_BYTES, inner_hash, leaf_hash, path_of

HASH_BYTES: Final = 32
_LEAF_OP: Final[dict[str, object]] = {
    "hash": "SHA256",
    "prehash_key": "NO_HASH",
    "prehash_value": "SHA256",
    "length": "NO_PREFIX",
    "prefix": "0x00",
}
PROOF_SPEC: Final[dict[str, object]] = {
    "leaf_spec": _LEAF_OP,
    "inner_spec": {
        "child_order": [0, 1],
        "child_size": HASH_BYTES,
        "min_prefix_length": 1,
        "max_prefix_length": 1,
        "hash": "SHA256",
    },
    "max_depth": MAX_DEPTH,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One fork on the way from a leaf to the root: the other side's hash, and whether it lies left of ours."""

    sibling: bytes
    sibling_is_left: bool


@dataclass(frozen=True, slots=True)
class ExistenceProof:
    """The leaf at `path` holds `value`; steps lead from the leaf to the root."""

    path: bytes
    value: bytes
    steps: tuple[Step, ...]

    def root(self) -> bytes:
        """The root that this proof belongs to."""
        node = leaf_hash(self.path, self.value)
        for step in self.steps:
            node = inner_hash(step.sibling, node) if step.sibling_is_left else inner_hash(node, step.sibling)
        return node


@dataclass(frozen=True, slots=True)
class NonExistenceProof:
    """The neighbours of an absent path; None on the side where the tree ends. Both None: the tree is empty."""

    path: bytes
    left: ExistenceProof | None
    right: ExistenceProof | None


Proof = ExistenceProof | NonExistenceProof


def verify_membership(root: bytes, key: bytes, value: bytes, proof: ExistenceProof) -> None:
    """`root` (32 bytes) commits to `key` with `value`, or InvalidProof."""
    if proof.path != path_of(key):
        raise InvalidProof("it is about another key")
    if proof.value != value:
        raise InvalidProof("it is about another value")
    _check_root(root, proof)


def verify_non_membership(root: bytes, key: bytes, proof: NonExistenceProof) -> None:
    """`root` (32 bytes) commits to no entry under `key`, or InvalidProof."""
    path = path_of(key)
    if proof.path != path:
        raise InvalidProof("it is about another key")
    left, right = proof.left, proof.right
    if left is None and right is None:
        if root != EMPTY_ROOT:
            raise InvalidProof("it names no neighbour, but the tree is not empty")
        return
    if left is not None:
        _check_root(root, left)
        if left.path >= path:
            raise InvalidProof("its left neighbour does not stand left of the key")
    if right is not None:
        _check_root(root, right)
        if right.path <= path:
            raise InvalidProof("its right neighbour does not stand right of the key")
    _check_adjacent(left, right)


def _check_root(root: bytes, proof: ExistenceProof) -> None:
    if not proof.value:
        raise InvalidProof("it has an empty value, which no leaf holds")
    if len(proof.path) != PATH_BYTES or any(len(step.sibling) != HASH_BYTES for step in proof.steps):
        raise InvalidProof("a path or hash is not 32 bytes long")
    if len(proof.steps) > MAX_DEPTH:
        raise InvalidProof(f"it has {len(proof.steps)} steps, and no tree is deeper than {MAX_DEPTH}")
    computed = proof.root()
    if computed != root:
        raise InvalidProof(f"it leads to root {computed.hex()}, not to {root.hex()}")


def _check_adjacent(left: ExistenceProof | None, right: ExistenceProof | None) -> None:
    """No leaf lies between: after the fork where they part, left keeps right and right keeps left (ICS-23)."""
    left_down = list(left.steps) if left is not None else []
    right_down = list(right.steps) if right is not None else []
    if left is not None and right is not None:
        while left_down and right_down and left_down[-1] == right_down[-1]:
            left_down.pop()
            right_down.pop()
        if not left_down or not right_down:
            raise InvalidProof("one neighbour's path ends inside the other's")
        if left_down.pop().sibling_is_left or not right_down.pop().sibling_is_left:
            raise InvalidProof("its neighbours do not part left and right")
    if not all(step.sibling_is_left for step in left_down):
        raise InvalidProof("something stands between its left neighbour and the key")
    if any(step.sibling_is_left for step in right_down):
        raise InvalidProof("something stands between the key and its right neighbour")


def proof_to_json(proof: Proof) -> dict[str, object]:
    """An ICS-23 CommitmentProof as JSON, bytes as 0x-hex: {"exist": ...} or {"nonexist": ...}."""
    if isinstance(proof, ExistenceProof):
        return {"exist": _existence_to_json(proof)}
    sides = {"left": proof.left, "right": proof.right}
    neighbours = {side: _existence_to_json(there) for side, there in sides.items() if there is not None}
    return {"nonexist": {"key": _hex(proof.path), **neighbours}}


def _existence_to_json(proof: ExistenceProof) -> dict[str, object]:
    return {
        "key": _hex(proof.path),
        "value": _hex(proof.value),
        "leaf": _LEAF_OP,
        "path": [_step_to_json(step) for step in proof.steps],
    }


def _step_to_json(step: Step) -> dict[str, object]:
    if step.sibling_is_left:
        return {"hash": "SHA256", "prefix": _hex(INNER_PREFIX + step.sibling), "suffix": "0x"}
    return {"hash": "SHA256", "prefix": _hex(INNER_PREFIX), "suffix": _hex(step.sibling)}


def proof_from_json(data: object) -> Proof:
    """The proof of `proof_to_json`'s JSON, for whoever receives one. Raises InvalidProof for another shape."""
    body = _object(data)
    if set(body) == {"exist"}:
        return _existence_from_json(body["exist"])
    if set(body) != {"nonexist"}:
        raise InvalidProof('its JSON is neither {"exist": ...} nor {"nonexist": ...}')
    absent = _object(body["nonexist"])
    if not {"key"} <= set(absent) <= {"key", "left", "right"}:
        raise InvalidProof("its JSON has fields other than key, left and right")
    left, right = (_existence_from_json(absent[side]) if side in absent else None for side in ("left", "right"))
    return NonExistenceProof(_unhex(absent["key"]), left, right)


def _existence_from_json(data: object) -> ExistenceProof:
    body = _object(data)
    if set(body) != {"key", "value", "leaf", "path"}:
        raise InvalidProof("its JSON has fields other than key, value, leaf and path")
    if body["leaf"] != _LEAF_OP:
        raise InvalidProof("its leaf is hashed in another way than PROOF_SPEC says")
    steps = body["path"]
    if not isinstance(steps, list) or len(steps) > MAX_DEPTH:
        raise InvalidProof(f"its path is no list of at most {MAX_DEPTH} steps")
    return ExistenceProof(_unhex(body["key"]), _unhex(body["value"]), tuple(map(_step_from_json, steps)))


def _step_from_json(data: object) -> Step:
    body = _object(data)
    if set(body) != {"hash", "prefix", "suffix"} or body["hash"] != "SHA256":
        raise InvalidProof("a step has fields other than hash SHA256, prefix and suffix")
    prefix, suffix = _unhex(body["prefix"]), _unhex(body["suffix"])
    sibling = suffix or prefix[1:]
    if prefix[:1] != INNER_PREFIX or len(prefix) + len(suffix) != 1 + HASH_BYTES or len(sibling) != HASH_BYTES:
        raise InvalidProof("a step's prefix and suffix are not 0x01 and one hash of 32 bytes")
    return Step(sibling, not suffix)


def _object(data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        raise InvalidProof("its JSON has something else where an object belongs")
    return data


def _unhex(data: object) -> bytes:
    if not isinstance(data, str) or not data.startswith("0x"):
        raise InvalidProof("its JSON has something else where 0x-hex belongs")
    try:
        decoded = bytes.fromhex(data[2:])
    except ValueError:
        raise InvalidProof("its JSON has something else where 0x-hex belongs") from None
    if _hex(decoded) != data:
        raise InvalidProof("its hex is not in lower case without spaces")
    return decoded


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
