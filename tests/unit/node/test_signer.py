"""The guard against signing twice, and its state file, under everything a disk and an operator can do to it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types.scalars import NIL, BlockId, ChainId, Hash, Height, Round, Uint, ValidRound, VoteTarget
from chain.types.vote import PRECOMMIT, PREVOTE, PartSetHeader, Proposal, Vote
from crypto import vrf
from crypto.beacon import header_alpha
from crypto.keys import SecretKey, verify
from node.keystore import KeyFileExists, KeyFileMissing, create_unprotected_key
from node.signer import PURPOSE, Refused, Signer, create_signer, open_signer
from node.signer_state import (
    SignerInUse,
    SignerStateCorrupt,
    SignerStateExists,
    SignerStateForeign,
    SignerStateMissing,
    SignerStateUnwritable,
    nothing_signed,
)
from tests.support.simulated_storage import MemoryStateFile

CHAIN = ChainId("test-chain")
V, W = VoteTarget(b"v" * 32), VoteTarget(b"w" * 32)
PARTS = PartSetHeader(Uint(10), Hash(b"p" * 32))


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    return tmp_path / "validator.json"


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    return tmp_path / "validator.state"


@pytest.fixture
def signer(key_path: Path, state_path: Path) -> Signer:
    return create_signer(key_path, state_path, CHAIN)


def reopened(signer: Signer, key_path: Path, state_path: Path) -> Signer:
    signer.close()
    return open_signer(key_path, state_path, CHAIN)


def vote(signer: Signer, type_: Uint, height: int, round_: int, target: bytes) -> Vote | Refused:
    return signer.sign_vote(type_, Height(height), Round(round_), VoteTarget(target))


def propose(signer: Signer, height: int, round_: int, block: bytes) -> Proposal | Refused:
    return signer.sign_proposal(Height(height), Round(round_), ValidRound(-1), BlockId(block), PARTS)


def in_memory() -> Signer:
    secret = SecretKey(b"s" * 32)
    return Signer(secret, CHAIN, MemoryStateFile(nothing_signed(CHAIN, secret.public)))


# Signing


def test_votes_and_proposals_verify_under_the_public_key(signer: Signer) -> None:
    proposal, prevote = propose(signer, 1, 0, V), vote(signer, PREVOTE, 1, 0, V)
    for signed in (proposal, prevote):
        assert not isinstance(signed, Refused)
        assert verify(signer.public_key, signed.signing_bytes(CHAIN), signed.signature)
        assert not verify(signer.public_key, signed.signing_bytes(ChainId("other")), signed.signature)


def test_a_step_is_signed_once_and_the_same_content_gives_the_stored_signature(signer: Signer) -> None:
    first = vote(signer, PREVOTE, 1, 0, V)
    assert vote(signer, PREVOTE, 1, 0, V) == first
    assert vote(signer, PREVOTE, 1, 0, W) == Refused((1, 0, 2), (1, 0, 2))
    assert vote(signer, PREVOTE, 1, 0, NIL) == Refused((1, 0, 2), (1, 0, 2))


def test_a_refusal_says_whether_it_contradicts_or_goes_back(signer: Signer) -> None:
    vote(signer, PREVOTE, 5, 2, V)
    contradiction, regression = vote(signer, PREVOTE, 5, 2, W), vote(signer, PREVOTE, 5, 1, V)
    assert isinstance(contradiction, Refused)
    assert isinstance(regression, Refused)
    assert (contradiction.contradicts, regression.contradicts) == (True, False)


@pytest.mark.parametrize(("height", "round_", "type_"), [(4, 9, PRECOMMIT), (5, 1, PRECOMMIT), (5, 2, PREVOTE)])
def test_a_step_backwards_is_refused(signer: Signer, height: int, round_: int, type_: Uint) -> None:
    vote(signer, PRECOMMIT, 5, 2, V)
    assert isinstance(vote(signer, type_, height, round_, V), Refused)


def test_a_proposal_comes_before_the_votes_of_its_round(signer: Signer) -> None:
    vote(signer, PREVOTE, 1, 0, NIL)
    assert isinstance(propose(signer, 1, 0, V), Refused)
    assert isinstance(propose(signer, 1, 1, V), Proposal)
    assert isinstance(propose(signer, 1, 1, W), Refused)
    assert isinstance(vote(signer, PREVOTE, 1, 1, V), Vote)


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 2), st.sampled_from([0, 1, 2]), st.sampled_from([NIL, V, W])),
        max_size=40,
    )
)
def test_no_order_of_requests_gets_two_contents_signed_at_one_position(
    requests: list[tuple[int, int, int, bytes]],
) -> None:
    signer, signed = in_memory(), {}
    for height, round_, kind, target in requests:
        if kind == 0:
            answer = propose(signer, height, round_, target or b"n" * 32)
        else:
            answer = vote(signer, Uint(kind), height, round_, target)
        if not isinstance(answer, Refused):
            content = answer.signing_bytes(CHAIN)
            assert signed.setdefault((height, round_, kind), content) == content
            assert signer.last_position == max((*position[:2], position[2] + 1) for position in signed)


def test_the_beacon_verifies_under_the_vrf_key_and_may_be_asked_for_again(signer: Signer) -> None:
    alpha = header_alpha(7, bytes(64))
    output, proof = signer.prove_beacon(alpha)
    assert vrf.verify(signer.vrf_key, alpha, proof) == output
    assert signer.prove_beacon(alpha) == (output, proof)
    assert signer.vrf_key != signer.public_key


# The state across restarts


def test_a_restart_forgets_nothing(signer: Signer, key_path: Path, state_path: Path) -> None:
    first = vote(signer, PREVOTE, 9, 1, V)
    again = reopened(signer, key_path, state_path)
    assert (again.public_key, again.vrf_key) == (signer.public_key, signer.vrf_key)
    assert again.last_position == (9, 1, 2)
    assert vote(again, PREVOTE, 9, 1, V) == first
    assert isinstance(vote(again, PREVOTE, 9, 1, W), Refused)


def test_the_state_is_on_disk_before_the_signature_is_handed_out(
    signer: Signer, key_path: Path, state_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (order.append("fsync"), real_sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda path, to: (order.append("rename"), real_replace(path, to))[1])
    vote(signer, PREVOTE, 1, 0, V)
    assert order == ["fsync", "rename", "fsync"]


def test_a_disk_that_refuses_means_no_signature_and_no_advance(
    signer: Signer, key_path: Path, state_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(SignerStateUnwritable, match="No space left"):
            vote(signer, PREVOTE, 1, 0, V)
    assert signer.last_position == (0, 0, 0)
    assert reopened(signer, key_path, state_path).last_position == (0, 0, 0)


def test_a_leftover_temporary_file_is_harmless(signer: Signer, key_path: Path, state_path: Path) -> None:
    vote(signer, PREVOTE, 1, 0, V)
    state_path.with_name(state_path.name + ".new").write_bytes(b"half writ")
    again = reopened(signer, key_path, state_path)
    assert again.last_position == (1, 0, 2)
    assert isinstance(vote(again, PRECOMMIT, 1, 0, V), Vote)


def test_a_key_without_its_state_does_not_start(signer: Signer, key_path: Path, state_path: Path) -> None:
    signer.close()
    state_path.unlink()
    with pytest.raises(SignerStateMissing, match="make a new validator key"):
        open_signer(key_path, state_path, CHAIN)


def test_damage_anywhere_is_noticed(signer: Signer, key_path: Path, state_path: Path) -> None:
    vote(signer, PREVOTE, 1, 0, V)
    signer.close()
    whole = state_path.read_bytes()
    for index in range(0, len(whole), 3):
        state_path.write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        with pytest.raises(SignerStateCorrupt, match="Do not delete it"):
            open_signer(key_path, state_path, CHAIN)


@pytest.mark.parametrize("size", [0, 7, 39, 60])
def test_a_truncated_state_is_noticed(signer: Signer, key_path: Path, state_path: Path, size: int) -> None:
    signer.close()
    state_path.write_bytes(state_path.read_bytes()[:size])
    with pytest.raises(SignerStateCorrupt):
        open_signer(key_path, state_path, CHAIN)


def test_the_state_of_another_key_is_refused(signer: Signer, state_path: Path, tmp_path: Path) -> None:
    signer.close()
    create_unprotected_key(tmp_path / "other.json", PURPOSE)
    with pytest.raises(SignerStateForeign) as refused:
        open_signer(tmp_path / "other.json", state_path, CHAIN)
    assert refused.value.what == "validator"


def test_the_state_of_another_chain_is_refused(signer: Signer, key_path: Path, state_path: Path) -> None:
    signer.close()
    with pytest.raises(SignerStateForeign) as refused:
        open_signer(key_path, state_path, ChainId("other-chain"))
    assert (refused.value.expected, refused.value.found) == ("other-chain", CHAIN)


def test_two_signers_cannot_have_one_state(signer: Signer, key_path: Path, state_path: Path) -> None:
    with pytest.raises(SignerInUse):
        open_signer(key_path, state_path, CHAIN)
    signer.close()
    open_signer(key_path, state_path, CHAIN).close()


# Making them


def test_key_and_state_are_made_once_and_privately(signer: Signer, key_path: Path, state_path: Path) -> None:
    assert [path.stat().st_mode & 0o777 for path in (key_path, state_path)] == [0o600, 0o600]
    with pytest.raises(KeyFileExists):
        create_signer(key_path, state_path, CHAIN)
    with pytest.raises(SignerStateExists):
        create_signer(key_path.with_name("new.json"), state_path, CHAIN)
    assert not key_path.with_name("new.json").exists()


def test_a_disk_that_refuses_leaves_neither_key_nor_state(
    key_path: Path, state_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(SignerStateUnwritable):
            create_signer(key_path, state_path, CHAIN)
    assert not state_path.exists()
    assert not key_path.exists()
    create_signer(key_path, state_path, CHAIN).close()


def test_an_existing_key_gets_no_second_state(signer: Signer, key_path: Path, state_path: Path) -> None:
    fresh = state_path.with_name("fresh.state")
    with pytest.raises(KeyFileExists):
        create_signer(key_path, fresh, CHAIN)
    assert not fresh.exists()


def test_a_passphrase_protects_the_key(key_path: Path, state_path: Path) -> None:
    signer = create_signer(key_path, state_path, CHAIN, "correct horse")
    signer.close()
    again = open_signer(key_path, state_path, CHAIN, "correct horse")
    assert again.public_key == signer.public_key


def test_a_state_without_a_key_does_not_start(signer: Signer, key_path: Path, state_path: Path) -> None:
    signer.close()
    key_path.unlink()
    with pytest.raises(KeyFileMissing):
        open_signer(key_path, state_path, CHAIN)
