"""Distinct types for the numbers and identifiers of the chain: a height is not an amount, a task is not an account.

Each type's wire rule (range or length) and JSON form stand beside it in SCALARS; `chain/codec.py` enforces them.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NewType

from chain.errors import WrongShape
from crypto.address import ACCOUNT_HRP, VALIDATOR_HRP, decode_address, encode_address
from crypto.field import SCALAR_FIELD

Amount = NewType("Amount", int)  # nano-CLU, 0 <= x < 2**63
Height = NewType("Height", int)  # genesis is 0
Round = NewType("Round", int)
Power = NewType("Power", int)  # integer voting power
Nonce = NewType("Nonce", int)
Timestamp = NewType("Timestamp", int)  # milliseconds since the Unix epoch
WorkUnits = NewType("WorkUnits", int)  # 1 unit = 1 microsecond of measured reference cost
FieldElement = NewType("FieldElement", int)  # BN254 scalar field; 32 bytes big-endian, canonical, on the wire
Uint = NewType("Uint", int)  # any other count below 2**63
ValidRound = NewType("ValidRound", int)  # -1 or a round

ChainId = NewType("ChainId", str)
Name = NewType("Name", str)  # 1..64 characters of text shown to people
Text = NewType("Text", str)  # up to 2,048 characters of text shown to people

Hash = NewType("Hash", bytes)
BlockId = NewType("BlockId", bytes)
TxHash = NewType("TxHash", bytes)
AccountId = NewType("AccountId", bytes)  # an account is its ed25519 public key
ValidatorId = NewType("ValidatorId", bytes)  # a validator is its ed25519 consensus key
VrfKey = NewType("VrfKey", bytes)
EncryptionKeyBytes = NewType("EncryptionKeyBytes", bytes)  # X25519 public key
ObjectId = NewType("ObjectId", bytes)  # task, contract, model: see chain/types/identifiers.py
AssetId = NewType("AssetId", bytes)  # an issued asset is the object id of what created it; NATIVE is the native token
VkId = NewType("VkId", bytes)
ProgramId = NewType("ProgramId", bytes)
Signature = NewType("Signature", bytes)
ProofBytes = NewType("ProofBytes", bytes)  # a compressed Groth16 proof
VrfOutput = NewType("VrfOutput", bytes)
VrfProof = NewType("VrfProof", bytes)
VoteTarget = NewType("VoteTarget", bytes)  # a block id, or empty for nil
NoteTag = NewType("NoteTag", bytes)  # what a wallet compares first when it looks for its notes
OutgoingSeal = NewType("OutgoingSeal", bytes)  # what a note's sender keeps for himself, sealed under his outgoing key
Blob = NewType("Blob", bytes)  # opaque bytes, at most a transaction's size

MAX_UINT: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,79}")
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})*")
NIL: Final = VoteTarget(b"")
NOBODY: Final = AccountId(bytes(32))  # 32 zero bytes, no account: never paid; its element in a circuit is 0
NATIVE: Final = AssetId(bytes(32))  # counted in nano-CLU; its element in a circuit is 0, as id_element says

JsonForm = Literal["number", "decimal", "hex", "text", "account", "validator"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """How one scalar type stands on the wire (base, bounds) and in JSON.

    low and high bound an int's value, a string's or byte string's length. `lengths` lists the only lengths allowed.
    """

    base: type
    low: int
    high: int
    json: JsonForm
    field: bool = False
    lengths: tuple[int, ...] = ()

    def to_json(self, value: object) -> object:
        """The JSON form: bytes 0x-hex, amounts decimal strings, addresses bech32m."""
        if isinstance(value, bytes):
            if self.json == "account":
                return encode_address(value)
            if self.json == "validator":
                return encode_address(value, VALIDATOR_HRP)
            return "0x" + value.hex()
        return str(value) if self.json == "decimal" else value

    def from_json(self, value: object, where: str) -> object:
        """The wire type's value for its JSON form; ranges are the codec's to check. Raises WrongShape."""
        if self.base is not bytes and self.json != "decimal":
            return value
        if type(value) is not str:
            raise WrongShape(where, f"a string ({self.json})", f"{type(value).__name__}")
        if self.json in ("account", "validator"):
            return decode_address(value, ACCOUNT_HRP if self.json == "account" else VALIDATOR_HRP)
        if self.json == "decimal":
            if not _DECIMAL.fullmatch(value):
                raise WrongShape(where, "a decimal string without sign or leading zeros", f"{value!r:.40}")
            return int(value)
        if not _HEX.fullmatch(value):
            raise WrongShape(where, "an even number of lower-case hex digits after 0x", f"{value!r:.40}")
        return bytes.fromhex(value[2:])


def _uint(json: JsonForm = "number", high: int = MAX_UINT) -> Scalar:
    return Scalar(int, 0, high, json)


def _bytes(length: int, json: JsonForm = "hex") -> Scalar:
    return Scalar(bytes, length, length, json)


SCALARS: Final[dict[object, Scalar]] = {
    Amount: _uint("decimal"),
    Height: _uint(),
    Round: _uint(high=2**31 - 1),
    Power: _uint(),
    Nonce: _uint(),
    Timestamp: _uint(),
    WorkUnits: _uint(),
    Uint: _uint(),
    ValidRound: Scalar(int, -1, 2**31 - 1, "number"),
    FieldElement: Scalar(int, 0, SCALAR_FIELD - 1, "decimal", field=True),
    ChainId: Scalar(str, 1, 48, "text"),
    Name: Scalar(str, 1, 64, "text"),
    Text: Scalar(str, 0, 2048, "text"),
    Hash: _bytes(32),
    BlockId: _bytes(32),
    TxHash: _bytes(32),
    AccountId: _bytes(32, "account"),
    ValidatorId: _bytes(32, "validator"),
    VrfKey: _bytes(32),
    EncryptionKeyBytes: _bytes(32),
    ObjectId: _bytes(32),
    AssetId: _bytes(32),
    VkId: _bytes(32),
    ProgramId: _bytes(32),
    Signature: _bytes(64),
    ProofBytes: _bytes(128),
    VrfOutput: _bytes(64),
    VrfProof: _bytes(80),
    VoteTarget: Scalar(bytes, 0, 32, "hex", lengths=(0, 32)),
    NoteTag: _bytes(2),
    OutgoingSeal: _bytes(160),
    Blob: Scalar(bytes, 0, 2**20, "hex"),
    bool: Scalar(bool, 0, 1, "number"),
}
