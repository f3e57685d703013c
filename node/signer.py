"""The signer: the only holder of the consensus key, and the guard against signing twice.

Every signature is at a position (height, round, step), with step proposal < prevote < precommit. A position is signed
once: asked again with the same bytes the stored signature comes back, with other bytes, or for a position before the
last, the answer is Refused and the node stays silent in that step. The state is on disk before a signature leaves.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from chain.types.scalars import (
    BlockId,
    ChainId,
    Hash,
    Height,
    Round,
    Signature,
    Uint,
    ValidatorId,
    ValidRound,
    VoteTarget,
    VrfKey,
    VrfOutput,
    VrfProof,
)
from chain.types.vote import PREVOTE, PartSetHeader, Proposal, Vote
from crypto import domains, vrf
from crypto.errors import ClusterError
from crypto.hashing import tagged_hash
from crypto.keys import SEED_BYTES, SecretKey
from node.keystore import Entropy, KeyFileExists, load_key, save_key, save_unprotected_key
from node.signer_state import LastSigned, SignerStateFile, SignerStateForeign, StateFile, nothing_signed

PURPOSE: Final = "validator"

PROPOSAL_STEP: Final = Uint(1)
_PREVOTE_STEP: Final = Uint(2)
_PRECOMMIT_STEP: Final = Uint(3)
UNSIGNED: Final = Signature(bytes(64))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was signed: the position asked for lies before the last, or was signed with other content."""

    asked: tuple[int, int, int]
    last: tuple[int, int, int]

    @property
    def contradicts(self) -> bool:
        """True for other content at the same position, False for a step backwards."""
        return self.asked == self.last


def vote_step(type_: Uint) -> Uint:
    """The step of a vote of a type."""
    return _PREVOTE_STEP if type_ == PREVOTE else _PRECOMMIT_STEP


class Signs(Protocol):
    """What a node needs of its signer, wherever that is: Signer here, node/remote_signer/client.py elsewhere.

    All of it blocks and belongs to the disk thread. A remote one raises SignerAway.
    """

    @property
    def public_key(self) -> ValidatorId:
        """The validator that it signs for."""

    @property
    def last_position(self) -> tuple[int, int, int]:
        """(height, round, step) of the last signature, as far as the node knows."""

    def sign_vote(self, type_: Uint, height: Height, round_: Round, target: VoteTarget) -> Vote | Refused: ...

    def sign_proposal(
        self, height: Height, round_: Round, valid_round: ValidRound, block_id: BlockId, parts: PartSetHeader
    ) -> Proposal | Refused: ...

    def prove_beacon(self, alpha: bytes) -> tuple[VrfOutput, VrfProof]: ...

    def close(self) -> None: ...


def vrf_secret(secret: SecretKey) -> SecretKey:
    """The beacon's key of a validator, derived from its consensus key so that one file is enough."""
    return SecretKey(tagged_hash(domains.VALIDATOR_VRF, secret.seed))


class Signer:
    """Signs proposals, votes and the beacon for one chain. Blocking: each new signature waits for the disk."""

    def __init__(self, secret: SecretKey, chain_id: ChainId, state_file: StateFile) -> None:
        """Raises SignerStateForeign unless the state is this key's on this chain."""
        self._secret, self._vrf_secret = secret, vrf_secret(secret)
        self._chain_id, self._state_file = chain_id, state_file
        self.public_key = ValidatorId(secret.public)
        self.vrf_key = VrfKey(self._vrf_secret.public)
        self._last = state_file.read()
        if self._last.validator != self.public_key:
            raise SignerStateForeign("validator", "0x" + self.public_key.hex(), "0x" + self._last.validator.hex())
        if self._last.chain_id != chain_id:
            raise SignerStateForeign("chain", chain_id, self._last.chain_id)

    def close(self) -> None:
        """Let another process use the state."""
        self._state_file.close()

    @property
    def last_position(self) -> tuple[int, int, int]:
        """(height, round, step) of the last signature; step 0 before the first."""
        return self._last.position

    def sign_vote(self, type_: Uint, height: Height, round_: Round, target: VoteTarget) -> Vote | Refused:
        """The signed vote, or Refused. Raises SignerStateUnwritable, after which the process must stop."""
        vote = Vote(type_, height, round_, target, self.public_key, UNSIGNED)
        signature = self._sign(height, round_, vote_step(type_), vote.signing_bytes(self._chain_id))
        return signature if isinstance(signature, Refused) else replace(vote, signature=signature)

    def sign_proposal(
        self, height: Height, round_: Round, valid_round: ValidRound, block_id: BlockId, parts: PartSetHeader
    ) -> Proposal | Refused:
        """The signed proposal, or Refused. Raises SignerStateUnwritable, after which the process must stop."""
        proposal = Proposal(height, round_, valid_round, block_id, parts, self.public_key, UNSIGNED)
        signature = self._sign(height, round_, PROPOSAL_STEP, proposal.signing_bytes(self._chain_id))
        return signature if isinstance(signature, Refused) else replace(proposal, signature=signature)

    def prove_beacon(self, alpha: bytes) -> tuple[VrfOutput, VrfProof]:
        """The VRF output and proof for a header's alpha (crypto/beacon.py); always the same, so unguarded."""
        proof = vrf.prove(self._vrf_secret, alpha)
        return VrfOutput(vrf.proof_output(proof)), VrfProof(proof)

    def _sign(self, height: Height, round_: Round, step: Uint, message: bytes) -> Signature | Refused:
        asked = (height, round_, step)
        if asked < self._last.position:
            return Refused(asked, self._last.position)
        if asked == self._last.position:
            return self._last.signature if message == self._last.signing_bytes else Refused(asked, asked)
        signature = Signature(self._secret.sign(message))
        signed = LastSigned(self._chain_id, self.public_key, height, round_, step, Hash(message), signature)
        self._state_file.replace(signed)
        self._last = signed
        return signature


def create_signer(
    key_path: Path,
    state_path: Path,
    chain_id: ChainId,
    passphrase: str | None = None,
    *,
    entropy: Entropy = os.urandom,
) -> Signer:
    """Make a validator key and its state file together; without a passphrase the key lies unprotected.

    The state comes first, so that no crash leaves a key without one. Raises SignerStateExists, SignerStateUnwritable,
    and of node/keystore.py KeyFileExists, KeyFileUnreadable.
    """
    if key_path.exists():
        raise KeyFileExists(key_path)
    secret = SecretKey(entropy(SEED_BYTES))
    state_file = SignerStateFile.create(state_path, nothing_signed(chain_id, ValidatorId(secret.public)))
    try:
        if passphrase is None:
            save_unprotected_key(key_path, secret, PURPOSE)
        else:
            save_key(key_path, secret, PURPOSE, passphrase, entropy=entropy)
    except ClusterError:
        state_file.discard()
        raise
    return Signer(secret, chain_id, state_file)


def open_signer(key_path: Path, state_path: Path, chain_id: ChainId, passphrase: str | None = None) -> Signer:
    """The signer of an existing key.

    Raises SignerStateMissing, SignerStateCorrupt, SignerStateForeign, SignerInUse, SignerStateUnwritable, and what
    load_key raises.
    """
    secret = load_key(key_path, PURPOSE, passphrase)
    state_file = SignerStateFile(state_path)
    try:
        return Signer(secret, chain_id, state_file)
    except ClusterError:
        state_file.close()
        raise
