"""Key records: an ed25519 seed as JSON bytes, under a passphrase (argon2id, XChaCha20-Poly1305) or plainly unprotected.

    {"format": "cluster-key", "version": 1, "purpose": "account", "public": hex32,
     "kdf": {"name": "argon2id", "salt": hex16, "passes": n, "memory_kib": n},
     "cipher": {"name": "xchacha20poly1305", "nonce": hex24, "ciphertext": hex48}}
    {"format": "cluster-key", "version": 1, "purpose": "account", "public": hex32,
     "kdf": {"name": "none"}, "unprotected": true, "seed": hex32}

Everything outside "cipher" is the ciphertext's associated data, so purpose, public key and kdf cannot be exchanged.
A record is judged before any work is done for it: its cost is bounded, so a hostile file cannot ask for 100 GB.
Records name an ed25519 seed; keys of other kinds are derived from one with crypto/hashing.py under their own tag.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, TypeVar

from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13
from nacl.exceptions import RuntimeError as SodiumRefusal

from crypto.errors import CryptoError
from crypto.keys import PUBLIC_KEY_BYTES, SEED_BYTES, PublicKey, SecretKey
from crypto.sealedbox import (
    AEAD_KEY_BYTES,
    AEAD_NONCE_BYTES,
    AEAD_OVERHEAD,
    CiphertextRefused,
    SealLength,
    aead_open,
    aead_seal,
)

FORMAT: Final = "cluster-key"
VERSION: Final = 1
SALT_BYTES: Final = 16
NONCE_BYTES: Final = AEAD_NONCE_BYTES
MAX_RECORD_BYTES: Final = 4096
MAX_MEMORY_KIB: Final = 512 * 1024
MAX_PASSES: Final = 16
MAX_WORK_KIB: Final = 1024 * 1024  # passes times memory: a few seconds

T = TypeVar("T")

_MIN_MEMORY_KIB: Final = 8  # libsodium's least
_PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")


class KeystoreError(CryptoError):
    """Root of the errors of key records."""

    code = 1050


class KeyRecordCorrupt(KeystoreError):
    """A key record is not one of this format's: not JSON, a field missing, unknown, of wrong type or length."""

    code = 1051

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the key record cannot be read: {reason}. Restore it from a backup; a damaged record cannot be mended."
        )
        self.reason = reason


class KeyRecordVersion(KeystoreError):
    """A key record is of a version that this program does not know."""

    code = 1052

    def __init__(self, version: int) -> None:
        super().__init__(
            f"the key record is of version {version}; this program reads version {VERSION}. Update the program."
        )
        self.version, self.expected = version, VERSION


class KeyCostTooHigh(KeystoreError):
    """A key record asks for more memory or time than any record of ours, or for none."""

    code = 1053

    def __init__(self, passes: int, memory_kib: int) -> None:
        super().__init__(
            f"the key record asks for {passes} argon2id passes over {memory_kib} KiB; at least 1 over "
            f"{_MIN_MEMORY_KIB} and at most {MAX_PASSES} over {MAX_MEMORY_KIB} KiB, in all {MAX_WORK_KIB} KiB, "
            "were expected. The file is hostile or from another program; do not use it."
        )
        self.passes, self.memory_kib = passes, memory_kib


class WrongPassphrase(KeystoreError):
    """A key record does not open: another passphrase, or an altered record (the two cannot be told apart)."""

    code = 1054

    def __init__(self, public: bytes, file: str = "") -> None:
        where = f" in {file}" if file else ""
        super().__init__(
            f"the key {public.hex()}{where} does not open with this passphrase. Type it again; if it is certainly "
            "right, the record was altered and must come from a backup."
        )
        self.public, self.file = public, file


class PassphraseNeeded(KeystoreError):
    """A protected key record was to be opened or made without a passphrase."""

    code = 1055

    def __init__(self, file: str = "") -> None:
        where = f" in {file}" if file else ""
        super().__init__(
            f"the key{where} is protected by a passphrase; none, or an empty one, was given. Name a file that holds "
            "it, with --passphrase-file."
        )
        self.file = file


class PassphraseUnexpected(KeystoreError):
    """A passphrase was given for an unprotected key record, so somebody believes it to be protected."""

    code = 1056

    def __init__(self, public: bytes) -> None:
        super().__init__(
            f"a passphrase was given, but key {public.hex()} lies unprotected: whoever reads its file has the key. "
            "Open it without a passphrase if that is meant; otherwise make a protected key and move to it."
        )
        self.public = public


class PurposeInvalid(KeystoreError):
    """A key's purpose is not a short lower-case word."""

    code = 1057

    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"purpose {purpose!r} was given; a word of 1 to 32 of a-z, 0-9 and '-', beginning with a letter, was "
            "expected, such as 'account' or 'validator'."
        )
        self.purpose = purpose


class KeyMemoryLacking(KeystoreError):
    """This machine has not the memory that a key record's argon2id needs."""

    code = 1058

    def __init__(self, memory_kib: int) -> None:
        super().__init__(
            f"opening the key needs {memory_kib} KiB of memory, which could not be had. Free some memory and try again."
        )
        self.memory_kib = memory_kib


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at a passphrase costs: argon2id passes over memory_kib KiB, one lane. Raises KeyCostTooHigh."""

    passes: int = 3
    memory_kib: int = 64 * 1024  # RFC 9106, section 4, second recommendation; 0.15 s here

    def __post_init__(self) -> None:
        bounded = 1 <= self.passes <= MAX_PASSES and _MIN_MEMORY_KIB <= self.memory_kib <= MAX_MEMORY_KIB
        if not bounded or self.passes * self.memory_kib > MAX_WORK_KIB:
            raise KeyCostTooHigh(self.passes, self.memory_kib)


@dataclass(frozen=True, slots=True)
class Protection:
    """How a record's seed is locked away: kdf cost and salt (16 bytes), nonce (24) and ciphertext (48)."""

    cost: Cost
    salt: bytes
    nonce: bytes
    ciphertext: bytes = b""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A decoded key record. Either protection or seed is there; `unprotected` says which."""

    purpose: str
    public: PublicKey
    protection: Protection | None = None
    seed: bytes | None = field(default=None, repr=False)

    @property
    def unprotected(self) -> bool:
        """Whether whoever reads the record has the key."""
        return self.protection is None


def encrypt_key(
    secret: SecretKey, purpose: str, passphrase: str, salt: bytes, nonce: bytes, cost: Cost | None = None
) -> bytes:
    """The protected record of a key. salt (16 bytes) and nonce (24) are fresh entropy of the caller's.

    Raises PurposeInvalid, PassphraseNeeded, SealLength for a salt or nonce of wrong length, or KeyMemoryLacking.
    """
    _check_purpose(purpose)
    if len(salt) != SALT_BYTES:
        raise SealLength("salt", len(salt), SALT_BYTES)
    protection = Protection(cost or Cost(), salt, nonce)
    header = _header(purpose, secret.public, protection)
    ciphertext = aead_seal(_derive(passphrase, protection), nonce, secret.seed, _canonical(header))
    cipher = {"name": "xchacha20poly1305", "nonce": nonce.hex(), "ciphertext": ciphertext.hex()}
    return _to_json({**header, "cipher": cipher})


def unprotected_key(secret: SecretKey, purpose: str) -> bytes:
    """The record of a key that lies open, for development networks; it says so itself. Raises PurposeInvalid."""
    _check_purpose(purpose)
    return _to_json({**_header(purpose, secret.public, None), "unprotected": True, "seed": secret.seed.hex()})


def decrypt_key(record: KeyRecord, passphrase: str | None) -> SecretKey:
    """The key of a record, its public key checked.

    Raises PassphraseNeeded, PassphraseUnexpected, WrongPassphrase, KeyMemoryLacking, or KeyRecordCorrupt if seed and
    public key differ.
    """
    if record.protection is None:
        if passphrase is not None:
            raise PassphraseUnexpected(record.public)
        secret = SecretKey(record.seed or b"")
    else:
        secret = SecretKey(_open(record, record.protection, passphrase or ""))
    if secret.public != record.public:
        raise KeyRecordCorrupt(f"its seed belongs to {secret.public.hex()}, its public key is {record.public.hex()}")
    return secret


def decode_record(data: bytes) -> KeyRecord:
    """Read a record without opening it, every field checked.

    Raises KeyRecordCorrupt, KeyRecordVersion or KeyCostTooHigh.
    """
    fields = _Fields(_parse(data), "the record")
    if fields.take("format", str) != FORMAT:
        raise KeyRecordCorrupt(f"its format is not {FORMAT!r}")
    version = fields.take("version", int)
    if version != VERSION:
        raise KeyRecordVersion(version)
    purpose = fields.take("purpose", str)
    if not _PURPOSE.fullmatch(purpose):
        raise KeyRecordCorrupt(f"its purpose {purpose!r} is not a short lower-case word")
    public = PublicKey(fields.take_hex("public", PUBLIC_KEY_BYTES))
    kdf = _Fields(fields.take("kdf", dict), "kdf")
    name = kdf.take("name", str)
    if name == "none":
        kdf.finish()
        if fields.take("unprotected", bool) is not True:
            raise KeyRecordCorrupt("a record without kdf must say that it is unprotected")
        record = KeyRecord(purpose, public, seed=fields.take_hex("seed", SEED_BYTES))
    elif name == "argon2id":
        record = KeyRecord(purpose, public, _read_protection(kdf, _Fields(fields.take("cipher", dict), "cipher")))
    else:
        raise KeyRecordCorrupt(f"its kdf {name!r} is neither 'argon2id' nor 'none'")
    fields.finish()
    return record


def _read_protection(kdf: "_Fields", cipher: "_Fields") -> Protection:
    cost = Cost(kdf.take("passes", int), kdf.take("memory_kib", int))
    salt = kdf.take_hex("salt", SALT_BYTES)
    kdf.finish()
    if cipher.take("name", str) != "xchacha20poly1305":
        raise KeyRecordCorrupt("its cipher is not 'xchacha20poly1305'")
    nonce = cipher.take_hex("nonce", NONCE_BYTES)
    ciphertext = cipher.take_hex("ciphertext", SEED_BYTES + AEAD_OVERHEAD)
    cipher.finish()
    return Protection(cost, salt, nonce, ciphertext)


def _open(record: KeyRecord, protection: Protection, passphrase: str) -> bytes:
    header = _canonical(_header(record.purpose, record.public, protection))
    try:
        return aead_open(_derive(passphrase, protection), protection.nonce, protection.ciphertext, header)
    except CiphertextRefused as refusal:
        raise WrongPassphrase(record.public) from refusal


def _derive(passphrase: str, protection: Protection) -> bytes:
    """Argon2id of the passphrase in Unicode form NFKC, so that it opens the record from any keyboard. RFC 9106."""
    if not passphrase:
        raise PassphraseNeeded
    typed = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    cost = protection.cost
    try:
        return crypto_pwhash_alg(
            AEAD_KEY_BYTES, typed, protection.salt, cost.passes, cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13
        )
    except SodiumRefusal as refusal:
        raise KeyMemoryLacking(cost.memory_kib) from refusal


def _header(purpose: str, public: bytes, protection: Protection | None) -> dict[str, object]:
    kdf: dict[str, object] = {"name": "none"}
    if protection is not None:
        cost = protection.cost
        kdf = {
            "name": "argon2id",
            "salt": protection.salt.hex(),
            "passes": cost.passes,
            "memory_kib": cost.memory_kib,
        }
    return {"format": FORMAT, "version": VERSION, "purpose": purpose, "public": public.hex(), "kdf": kdf}


def _canonical(header: dict[str, object]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _to_json(record: dict[str, object]) -> bytes:
    return json.dumps(record, indent=2).encode() + b"\n"


def _check_purpose(purpose: str) -> None:
    if not _PURPOSE.fullmatch(purpose):
        raise PurposeInvalid(purpose)


def _parse(data: bytes) -> dict[str, object]:
    if len(data) > MAX_RECORD_BYTES:
        raise KeyRecordCorrupt(f"it has {len(data)} bytes, more than {MAX_RECORD_BYTES}")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as failure:
        raise KeyRecordCorrupt("it is not JSON") from failure
    if not isinstance(value, dict):
        raise KeyRecordCorrupt("it is not a JSON object")
    return value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise KeyRecordCorrupt("a field occurs twice")
    return record


class _Fields:
    """The fields of a JSON object, taken one by one by name and type; `finish` refuses what was not asked for."""

    def __init__(self, values: dict[str, object], where: str) -> None:
        self._values, self._where = dict(values), where

    def take(self, name: str, kind: type[T]) -> T:
        value = self._values.pop(name, None)
        if type(value) is not kind:
            raise KeyRecordCorrupt(f"field {name!r} of {self._where} is missing or not of type {kind.__name__}")
        return value

    def take_hex(self, name: str, length: int) -> bytes:
        text = self.take(name, str)
        if len(text) != 2 * length or not _HEX.fullmatch(text):
            raise KeyRecordCorrupt(f"field {name!r} of {self._where} is not {length} bytes in lower-case hex")
        return bytes.fromhex(text)

    def finish(self) -> None:
        if self._values:
            raise KeyRecordCorrupt(f"{self._where} has unknown fields: {', '.join(sorted(self._values))}")
