"""Every domain-separation tag of the project, SHA-256's and Poseidon's, in one place; golden vectors in the tests.

A tag is used for one purpose and, for Poseidon, with one fixed arity. New tags are added here and nowhere else.
"""

from typing import Final, NewType

Tag = NewType("Tag", bytes)
PoseidonTag = NewType("PoseidonTag", int)


def _sha(name: str) -> Tag:
    return Tag(b"cluster/" + name.encode("ascii") + b"/1")


def _poseidon(name: str) -> PoseidonTag:
    return PoseidonTag(int.from_bytes(b"cluster/" + name.encode("ascii") + b"/1", "big"))


# SHA-256
TRANSACTION: Final = _sha("tx")  # bytes that a transaction's signature covers
TRANSACTION_HASH: Final = _sha("tx-hash")  # the full bytes, signature and proof included
BLOCK_ID: Final = _sha("block")
GENESIS: Final = _sha("genesis")
PROPOSAL: Final = _sha("proposal")
VOTE: Final = _sha("vote")
COMMIT: Final = _sha("commit")
VALIDATORS: Final = _sha("validators")
PARAMS: Final = _sha("params")
FORK: Final = _sha("fork")  # the fork id of an upgrade: (previous fork id, upgrade)
RECEIPT: Final = _sha("receipt")
MERKLE_LEAF: Final = _sha("merkle-leaf")
MERKLE_NODE: Final = _sha("merkle-node")
MERKLE_ROOT: Final = _sha("merkle-root")  # (size, top), see crypto/merkle.py
OBJECT_ID: Final = _sha("object")  # task, contract, model: (sender, nonce, action index)
CONTEXT: Final = _sha("ctx")
EFFECTS: Final = _sha("effects")
VERIFYING_KEY: Final = _sha("vk")
PROGRAM: Final = _sha("program")
MANIFEST: Final = _sha("manifest")
CLAIM: Final = _sha("claim")
BATCH: Final = _sha("groth16-batch")
BEACON: Final = _sha("beacon")  # alpha of a header's VRF: (height, previous output)
BEACON_GENESIS: Final = _sha("beacon-genesis")  # the output before header 1
BEACON_COMMITMENT: Final = _sha("beacon-commitment")  # the eight outputs after a commitment
TRANSCRIPT: Final = _sha("p2p-transcript")
NETWORK: Final = _sha("p2p-network")  # chain id and genesis hash, as a peer announces them
STORAGE: Final = _sha("storage")
VALIDATOR_BOND: Final = _sha("validator-bond")  # what a consensus key signs to be bonded by an operator
VALIDATOR_VRF: Final = _sha("validator-vrf")  # a validator's VRF seed from its consensus seed
READER_SEED: Final = _sha("reader-seed")  # a BabyJubJub reader key from an account's seed
EDDSA_NONCE: Final = _sha("eddsa-nonce")  # r of a signature: (half, secret, message)
SCHNORR_NONCE: Final = _sha("schnorr-nonce")  # k of a signature: (half, secret, message)
ACCOUNT_ELEMENT: Final = _sha("account-element")  # an account as circuits know it: 31 bytes of it
PERMIT: Final = _sha("permit")  # the canonical bytes of what a permit grants; 31 bytes of it are signed
CONTRACT_CODE: Final = _sha("contract-code")  # the hashes of a contract's constraint systems: [methods, sealing]
CONTRACT_ABI: Final = _sha("contract-abi")  # the bytes of a contract's ABI file
SANDBOX_PERSON: Final = _sha("sandbox-person")  # an account's seed from its name, in tests only
SANDBOX_KEY: Final = _sha("sandbox-key")  # the id of a circuit without a key, from its constraints' hash
SEALED_INPUT: Final = _sha("sealed-input")  # associated data of a task's input: (requester, program, commitment)
SEALED_ROWS: Final = _sha("sealed-rows")  # associated data of an input's rows that travel in a file: the same
MINIBATCH: Final = _sha("minibatch")  # (root of a data set, step, beacon)
NOTE_UNIQUE: Final = _sha("note-unique")  # (object, nullifier): what only one transaction can ever spend
DIVERSIFIED_SECRET: Final = _sha("diversified-secret")  # k_d of a note address: (half, ivk, d)
SPENDING_KEY: Final = _sha("spending-key")  # sk of a wallet: (half, its 32 secret bytes)
INCOMING_KEY: Final = _sha("incoming-key")  # ivk, of the same bytes
OUTGOING_KEY: Final = _sha("outgoing-key")  # ovk
DETECTION_KEY: Final = _sha("detection-key")  # t
DIVERSIFIER: Final = _sha("diversifier")  # d of a wallet's address: (ivk, number)
DIVERSIFIER_POINT: Final = _sha("diversifier-point")  # H(d) on curve25519: (d, attempt)
EQUAL_LOGARITHMS: Final = _sha("equal-logarithms")  # challenge, nonce: (half, points, context)
DISCLOSURE: Final = _sha("disclosure")  # context of a disclosed payment: (chain, transaction, output, to whom)
NOTE_STORE: Final = _sha("note-store")  # key of a wallet's file of notes: the text of its view key

# Poseidon: the tag is the initial capacity element, so it costs no constraint. The comment is (inputs).
CIRCOMLIB: Final = PoseidonTag(0)  # no tag: the hashes of circomlib, for circuits that were made elsewhere
INPUT: Final = _poseidon("in")  # commit_vector: arity and length join the tag in the capacity element
OUTPUT: Final = _poseidon("out")  # (salt, task, i)
MODEL: Final = _poseidon("model")  # commit_vector over a committed model's packed weights
RESULT_KEY: Final = _poseidon("rkey")  # (key): the salt of rows that are public, where results are not
RESULT: Final = _poseidon("result")  # commit_vector over packed outputs; salt = P[OUT](salt, task, 0)
DATA_KEY: Final = _poseidon("kc")  # (K, epoch)
KEYSTREAM: Final = _poseidon("ks")  # (K, contract, register, version, n, i)
SYNTHETIC_NONCE: Final = _poseidon("siv")  # (K, version, cm, blinding), cm being the commitment to m
REGISTER: Final = _poseidon("reg")  # commit_vector: salt = blinding, elements = (version, values...)
READER_KEY: Final = _poseidon("rdr")  # (shared.x, shared.y, contract, epoch)
PERMIT_KEY: Final = _poseidon("permit-key")  # (shared.x, shared.y, contract, epoch), shared with the auditor
SCHNORR: Final = _poseidon("schnorr")  # (R.x, R.y, A.x, A.y, m): the challenge of a signature
DATA_BATCH: Final = _poseidon("batch")  # commit_vector: packed rows, packed labels of a minibatch
DATA_SET: Final = _poseidon("data")  # commit_vector: salt = the shape, elements = commitments of minibatches
UPDATE: Final = _poseidon("update")  # commit_vector: packed update of a model's weights
WEIGHTS: Final = _poseidon("weights")  # commit_vector: packed weights of a model in training
AUTHORISING_KEY: Final = _poseidon("ak")  # (sk)
NULLIFIER_KEY: Final = _poseidon("nk")  # (sk)
AUTHORITY: Final = _poseidon("auth")  # (ak, d): who may spend, as an address says it
OWNER: Final = _poseidon("own")  # (auth, pk.x, pk.y)
NOTE: Final = _poseidon("note")  # (contract, kind, content, owner, rcm)
NOTE_CONTENT: Final = _poseidon("content")  # commit_vector: salt 0, a contract note's fields; rcm hides
NULLIFIER: Final = _poseidon("nf")  # (nk, cm, position)
NOTE_TREE: Final = _poseidon("tree")  # (c0, c1, c2, c3)
ONCE: Final = _poseidon("once")  # (contract, value): a contract's nullifier that spends no note
MEMBER_TREE: Final = _poseidon("members")  # (c0, c1, c2, c3)
NOTE_PAD: Final = _poseidon("pad")  # the whole permutation of (S.x, S.y, cm, 0...); arity, length in the capacity
