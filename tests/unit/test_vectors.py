"""Our own formats stay as they were fixed: the code still makes the golden vectors, and still reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from crypto import beacon, bech32m, keystore, merkle, vrf
from crypto.address import decode_address
from crypto.keys import verify
from crypto.sealedbox import aead_open
from tests.support import make_vectors


def vectors(family: make_vectors.Family) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(make_vectors.path_of(family).read_text())["vectors"]
    return rows


def test_the_code_makes_the_vectors_that_are_committed() -> None:
    assert make_vectors.differing() == []
    assert make_vectors.main(["--check"]) == 0


def test_a_changed_format_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_vectors, "FOLDER", tmp_path)
    assert make_vectors.main([]) == 0
    assert make_vectors.main(["--check"]) == 0
    path = make_vectors.path_of(make_vectors.addresses)
    path.write_text(path.read_text().replace("cluster1", "cluster2", 1))
    make_vectors.path_of(make_vectors.sealing).unlink()
    assert make_vectors.differing() == ["addresses", "sealing"]
    assert make_vectors.main(["--check"]) == 1


def test_addresses_still_decode() -> None:
    for row in vectors(make_vectors.addresses):
        assert decode_address(row["address"], row["hrp"]).hex() == row["key"]
    for row in vectors(make_vectors.long_bech32m):
        assert bech32m.decode(row["hrp"], row["text"], max_length=200).hex() == row["data"]


def test_signatures_still_verify() -> None:
    for row in vectors(make_vectors.signatures):
        assert verify(*(bytes.fromhex(row[name]) for name in ("public", "message", "signature")))


def test_merkle_proofs_still_verify() -> None:
    for row in vectors(make_vectors.merkle_lists):
        items = [bytes.fromhex(item) for item in row["items"]]
        if items:
            path = tuple(bytes.fromhex(node) for node in row["last_path"])
            proof = merkle.MerkleProof(len(items) - 1, len(items), path)
            merkle.verify_membership(bytes.fromhex(row["root"]), items[-1], proof)


def test_a_recorded_chain_of_beacons_still_verifies() -> None:
    start, *headers, commitment = vectors(make_vectors.vrf_outputs)
    output, outputs = bytes.fromhex(start["genesis_output"]), []
    for row in headers:
        alpha = beacon.header_alpha(row["height"], output)
        output = vrf.verify(bytes.fromhex(start["public"]), alpha, bytes.fromhex(row["proof"]))
        outputs.append(output)
        assert output.hex() == row["output"]
    at = commitment["commitment_at"]
    assert beacon.beacon_of_commitment(outputs[at : at + 8]).hex() == commitment["beacon"]


def test_sealed_values_still_open() -> None:
    row = vectors(make_vectors.sealing)[1]
    key, nonce, ciphertext, associated = (
        bytes.fromhex(row[name]) for name in ("key", "nonce", "ciphertext", "associated")
    )
    assert aead_open(key, nonce, ciphertext, associated).hex() == row["plaintext"]


def test_key_records_of_version_1_still_open() -> None:
    for row in vectors(make_vectors.key_records):
        record = keystore.decode_record(json.dumps(row["record"]).encode())
        assert keystore.decrypt_key(record, row["passphrase"]).seed.hex() == row["seed"]
