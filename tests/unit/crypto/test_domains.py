"""Domain separation: every tag as it was fixed, none used for two things, none made outside crypto/domains.py.

A tag in use never changes: hashes, proofs and keys on disk depend on it. A new tag gets its line here.
"""

import ast

from crypto import domains
from tests.support.rooms import ROOMS, sources

SHA_256 = {
    "TRANSACTION": b"cluster/tx/1",
    "TRANSACTION_HASH": b"cluster/tx-hash/1",
    "BLOCK_ID": b"cluster/block/1",
    "GENESIS": b"cluster/genesis/1",
    "PROPOSAL": b"cluster/proposal/1",
    "VOTE": b"cluster/vote/1",
    "COMMIT": b"cluster/commit/1",
    "VALIDATORS": b"cluster/validators/1",
    "PARAMS": b"cluster/params/1",
    "FORK": b"cluster/fork/1",
    "RECEIPT": b"cluster/receipt/1",
    "MERKLE_LEAF": b"cluster/merkle-leaf/1",
    "MERKLE_NODE": b"cluster/merkle-node/1",
    "MERKLE_ROOT": b"cluster/merkle-root/1",
    "OBJECT_ID": b"cluster/object/1",
    "CONTEXT": b"cluster/ctx/1",
    "EFFECTS": b"cluster/effects/1",
    "VERIFYING_KEY": b"cluster/vk/1",
    "PROGRAM": b"cluster/program/1",
    "MANIFEST": b"cluster/manifest/1",
    "CLAIM": b"cluster/claim/1",
    "BATCH": b"cluster/groth16-batch/1",
    "BEACON": b"cluster/beacon/1",
    "BEACON_GENESIS": b"cluster/beacon-genesis/1",
    "BEACON_COMMITMENT": b"cluster/beacon-commitment/1",
    "TRANSCRIPT": b"cluster/p2p-transcript/1",
    "NETWORK": b"cluster/p2p-network/1",
    "VALIDATOR_BOND": b"cluster/validator-bond/1",
    "VALIDATOR_VRF": b"cluster/validator-vrf/1",
    "STORAGE": b"cluster/storage/1",
    "READER_SEED": b"cluster/reader-seed/1",
    "ACCOUNT_ELEMENT": b"cluster/account-element/1",
    "EDDSA_NONCE": b"cluster/eddsa-nonce/1",
    "SCHNORR_NONCE": b"cluster/schnorr-nonce/1",
    "PERMIT": b"cluster/permit/1",
    "CONTRACT_CODE": b"cluster/contract-code/1",
    "CONTRACT_ABI": b"cluster/contract-abi/1",
    "SANDBOX_PERSON": b"cluster/sandbox-person/1",
    "SANDBOX_KEY": b"cluster/sandbox-key/1",
    "SEALED_INPUT": b"cluster/sealed-input/1",
    "SEALED_ROWS": b"cluster/sealed-rows/1",
    "MINIBATCH": b"cluster/minibatch/1",
    "NOTE_UNIQUE": b"cluster/note-unique/1",
    "DIVERSIFIED_SECRET": b"cluster/diversified-secret/1",
    "SPENDING_KEY": b"cluster/spending-key/1",
    "INCOMING_KEY": b"cluster/incoming-key/1",
    "OUTGOING_KEY": b"cluster/outgoing-key/1",
    "DETECTION_KEY": b"cluster/detection-key/1",
    "DIVERSIFIER": b"cluster/diversifier/1",
    "DIVERSIFIER_POINT": b"cluster/diversifier-point/1",
    "EQUAL_LOGARITHMS": b"cluster/equal-logarithms/1",
    "DISCLOSURE": b"cluster/disclosure/1",
    "NOTE_STORE": b"cluster/note-store/1",
}

POSEIDON = {
    "CIRCOMLIB": 0,
    "INPUT": 0x636C75737465722F696E2F31,
    "OUTPUT": 0x636C75737465722F6F75742F31,
    "MODEL": 0x636C75737465722F6D6F64656C2F31,
    "RESULT_KEY": 0x636C75737465722F726B65792F31,
    "RESULT": 0x636C75737465722F726573756C742F31,
    "DATA_KEY": 0x636C75737465722F6B632F31,
    "KEYSTREAM": 0x636C75737465722F6B732F31,
    "SYNTHETIC_NONCE": 0x636C75737465722F7369762F31,
    "REGISTER": 0x636C75737465722F7265672F31,
    "PERMIT_KEY": 0x636C75737465722F7065726D69742D6B65792F31,
    "SCHNORR": 0x636C75737465722F7363686E6F72722F31,
    "DATA_BATCH": 0x636C75737465722F62617463682F31,
    "DATA_SET": 0x636C75737465722F646174612F31,
    "UPDATE": 0x636C75737465722F7570646174652F31,
    "WEIGHTS": 0x636C75737465722F776569676874732F31,
    "READER_KEY": 0x636C75737465722F7264722F31,
    "AUTHORISING_KEY": 0x636C75737465722F616B2F31,
    "NULLIFIER_KEY": 0x636C75737465722F6E6B2F31,
    "AUTHORITY": 0x636C75737465722F617574682F31,
    "OWNER": 0x636C75737465722F6F776E2F31,
    "NOTE": 0x636C75737465722F6E6F74652F31,
    "NOTE_CONTENT": 0x636C75737465722F636F6E74656E742F31,
    "NULLIFIER": 0x636C75737465722F6E662F31,
    "NOTE_TREE": 0x636C75737465722F747265652F31,
    "ONCE": 0x636C75737465722F6F6E63652F31,
    "MEMBER_TREE": 0x636C75737465722F6D656D626572732F31,
    "NOTE_PAD": 0x636C75737465722F7061642F31,
}


def tags_of(kind: type) -> dict[str, object]:
    return {name: value for name, value in vars(domains).items() if name.isupper() and isinstance(value, kind)}


def test_every_sha_256_tag_is_as_it_was_fixed() -> None:
    assert tags_of(bytes) == SHA_256


def test_every_poseidon_tag_is_as_it_was_fixed() -> None:
    assert tags_of(int) == POSEIDON


def test_a_poseidon_tag_spells_its_name_and_is_a_field_element() -> None:
    """31 bytes at most, so that the big-endian number is below BN254's order whatever the letters."""
    for name, value in POSEIDON.items():
        if name == "CIRCOMLIB":
            continue
        text = value.to_bytes((value.bit_length() + 7) // 8, "big")
        assert len(text) <= 31
        assert text.startswith(b"cluster/") and text.endswith(b"/1")


def test_no_two_tags_are_alike() -> None:
    values = [*SHA_256.values(), *(value.to_bytes(32, "big").lstrip(b"\x00") for value in POSEIDON.values())]
    assert len(set(values)) == len(values)
    assert all(len(value) < 256 for value in values)  # one byte holds the length in tagged_hash


def test_no_other_module_makes_a_tag() -> None:
    made = [
        f"{path}:{line}" for path, tree in sources(*ROOMS) if path != "crypto/domains.py" for line in tags_made(tree)
    ]
    assert made == []


def tags_made(tree: ast.Module) -> list[int]:
    """Lines that spell a tag (bytes or text beginning "cluster/") or call a tag's type."""
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=bytes(value)) if b"cluster/" in value:
                lines.append(node.lineno)
            case ast.Constant(value=str(value)) if value.startswith("cluster/"):
                lines.append(node.lineno)
            case ast.Call(func=ast.Name(id="Tag" | "PoseidonTag") | ast.Attribute(attr="Tag" | "PoseidonTag")):
                lines.append(node.lineno)
    return lines


def test_a_tag_made_elsewhere_would_be_found() -> None:
    for source in ('x = b"cluster/mine/1"', 'x = "cluster/mine/1".encode()', 'x = Tag(b"m")', "x = domains.Tag(y)"):
        assert tags_made(ast.parse(source)) == [1], source
    assert tags_made(ast.parse('x = sha256(b"no tag"); y = tagged_hash(domains.BEACON, b"")')) == []
