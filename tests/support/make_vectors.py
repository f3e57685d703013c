"""Golden vectors of our own formats. Run `python -m tests.support.make_vectors` to write them, `--check` to compare.

Each family is one function that returns JSON, written to tests/support/vectors/<its name>.json. A difference means that
a format has changed: that is a new version of it, never a new file by itself. Secrets here are for tests alone.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from crypto import beacon, bech32m, domains, keystore, merkle, vrf
from crypto.address import ACCOUNT_HRP, VALIDATOR_HRP, encode_address
from crypto.hashing import tagged_hash
from crypto.keys import SecretKey
from crypto.sealedbox import EncryptionKey, aead_seal

FOLDER = Path(__file__).parent / "vectors"

Json = dict[str, object]
Family = Callable[[], list[Json]]


def seed(number: int) -> bytes:
    """32 bytes that differ by number."""
    return number.to_bytes(32, "big")


def tagged_hashes() -> list[Json]:
    """crypto/hashing.py"""
    data = [b"", b"abc", bytes(range(256))]
    tags = [domains.TRANSACTION, domains.BLOCK_ID, domains.VERIFYING_KEY]
    return [
        {"tag": tag.decode("ascii"), "data": item.hex(), "hash": tagged_hash(tag, item).hex()}
        for tag in tags
        for item in data
    ]


def signatures() -> list[Json]:
    """crypto/keys.py: over a tagged hash, as everything that is signed"""
    secrets = [SecretKey(seed(number)) for number in range(3)]
    message = tagged_hash(domains.TRANSACTION, b"a transaction")
    return [
        {
            "seed": secret.seed.hex(),
            "public": secret.public.hex(),
            "message": message.hex(),
            "signature": secret.sign(message).hex(),
        }
        for secret in secrets
    ]


def addresses() -> list[Json]:
    """crypto/address.py"""
    keys = [SecretKey(seed(number)).public for number in range(3)]
    return [
        {"key": key.hex(), "hrp": hrp, "address": encode_address(key, hrp)}
        for key in (*keys, bytes(32), b"\xff" * 32)
        for hrp in (ACCOUNT_HRP, VALIDATOR_HRP)
    ]


def long_bech32m() -> list[Json]:
    """crypto/bech32m.py beyond 90 characters, the length of a shielded address"""
    data = bytes(range(108))
    return [{"hrp": "clusterz", "data": data.hex(), "text": bech32m.encode("clusterz", data, max_length=200)}]


def merkle_lists() -> list[Json]:
    """crypto/merkle.py: roots, and the proof of the last leaf"""
    lists = [[bytes((leaf,)) * leaf for leaf in range(size)] for size in (0, 1, 2, 3, 4, 5, 7, 8, 9)]
    return [
        {
            "items": [item.hex() for item in items],
            "root": merkle.merkle_root(items).hex(),
            "last_path": [node.hex() for node in merkle.prove_membership(items, len(items) - 1).path]
            if items
            else None,
        }
        for items in lists
    ]


def vrf_outputs() -> list[Json]:
    """crypto/vrf.py and crypto/beacon.py: ten headers of one proposer after a genesis, and what a commitment reads"""
    secret, output = SecretKey(seed(7)), beacon.genesis_output(seed(1))
    rows: list[Json] = [{"genesis_hash": seed(1).hex(), "genesis_output": output.hex(), "public": secret.public.hex()}]
    outputs = []
    for height in range(1, 11):
        alpha = beacon.header_alpha(height, output)
        proof = vrf.prove(secret, alpha)
        output = vrf.verify(secret.public, alpha, proof)
        outputs.append(output)
        rows.append({"height": height, "alpha": alpha.hex(), "proof": proof.hex(), "output": output.hex()})
    rows.append({"commitment_at": 2, "beacon": beacon.beacon_of_commitment(outputs[2:10]).hex()})
    return rows


def sealing() -> list[Json]:
    """crypto/sealedbox.py: the public key of a seed, and authenticated encryption"""
    public = EncryptionKey(seed(3)).public
    sealed = aead_seal(seed(4), bytes(range(24)), b"a value at rest", b"its key")
    return [
        {"encryption_seed": seed(3).hex(), "encryption_public": public.hex()},
        {
            "key": seed(4).hex(),
            "nonce": bytes(range(24)).hex(),
            "plaintext": b"a value at rest".hex(),
            "associated": b"its key".hex(),
            "ciphertext": sealed.hex(),
        },
    ]


def key_records() -> list[Json]:
    """crypto/keystore.py: version 1 records, which every later version must still open"""
    secret, passphrase = SecretKey(seed(9)), "correct horse battery staple"
    cost = keystore.Cost(passes=1, memory_kib=64)
    protected = keystore.encrypt_key(secret, "account", passphrase, bytes(range(16)), bytes(range(24)), cost)
    return [
        {"seed": secret.seed.hex(), "passphrase": passphrase, "record": json.loads(protected)},
        {
            "seed": secret.seed.hex(),
            "passphrase": None,
            "record": json.loads(keystore.unprotected_key(secret, "validator")),
        },
    ]


FAMILIES: tuple[Family, ...] = (
    tagged_hashes,
    signatures,
    addresses,
    long_bech32m,
    merkle_lists,
    vrf_outputs,
    sealing,
    key_records,
)


def path_of(family: Family) -> Path:
    return FOLDER / f"{family.__name__}.json"


def render(family: Family) -> str:
    """The file's text: what the vectors are about, then the vectors."""
    about = " ".join((family.__doc__ or "").split())
    return json.dumps({"about": about, "vectors": family()}, indent=1) + "\n"


def differing(families: tuple[Family, ...] = FAMILIES) -> list[str]:
    """Names of the families whose file is missing or differs from what the code makes."""
    return [
        family.__name__
        for family in families
        if not path_of(family).is_file() or path_of(family).read_text() != render(family)
    ]


def main(arguments: list[str], families: tuple[Family, ...] = FAMILIES) -> int:
    parser = argparse.ArgumentParser(description="Write or check the golden vectors of our own formats.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing; exit 1 if any differs")
    if parser.parse_args(arguments).check:
        changed = differing(families)
        for name in changed:
            print(f"{name}: the file differs from what the code makes; a format has changed")
        return 1 if changed else 0
    FOLDER.mkdir(exist_ok=True)
    for family in families:
        path_of(family).write_text(render(family))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
