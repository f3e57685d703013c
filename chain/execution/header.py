"""What a header must say, given the head it builds on and the state after it."""

from itertools import pairwise
from typing import TYPE_CHECKING

from chain.errors import ChainError
from chain.execution.upgrades import fork_at
from chain.execution.validator_schedule import validators_at
from chain.execution.verifier import Verifier
from chain.params import Params
from chain.state.view import View
from chain.types.block import PROTOCOL_VERSION, Block, evidence_root, transactions_root
from chain.types.scalars import ChainId, Height, ValidatorId, VoteTarget
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, Commit, DuplicateVote, vote_signing_bytes
from crypto.beacon import header_alpha
from crypto.vrf import verify as verify_vrf

if TYPE_CHECKING:
    from chain.execution.block import Tip


class WrongHeader(ChainError):
    """A header's field differs from what the chain requires there."""

    code = 3070

    def __init__(self, field: str, expected: object, got: object) -> None:
        super().__init__(f"header.{field}: expected {_show(expected)}, got {_show(got)}.")
        self.field, self.expected, self.got = field, _show(expected), _show(got)


class WrongCommit(ChainError):
    """A commit is not made of distinct validators' precommits of more than 2/3 of the power for its block."""

    code = 3071

    def __init__(self, height: Height, reason: str) -> None:
        super().__init__(f"the commit of height {height} does not hold: {reason}.")
        self.height, self.reason = height, reason


class UnacceptedEvidence(ChainError):
    """A block carries evidence that does not show a double signature."""

    code = 3072

    def __init__(self, validator: ValidatorId, reason: str) -> None:
        super().__init__(f"evidence against validator 0x{validator.hex()}: {reason}.")
        self.validator, self.reason = validator, reason


def check_header(block: Block, tip: "Tip", view: View, chain_id: ChainId, params: Params, verifier: Verifier) -> None:
    """Every field of the header, cheapest first. Raises WrongHeader, WrongCommit or the beacon's error."""
    header, height = block.header, Height(tip.height + 1)
    validators = validators_at(view, height)
    required = {
        "protocol_version": PROTOCOL_VERSION,
        "app_version": fork_at(view, height).app_version,
        "chain_id": chain_id,
        "height": height,
        "parent_id": tip.block_id,
        "state_root": tip.state_root,
        "receipts_root": tip.receipts_root,
        "params_hash": params.hash(),
        "validators_hash": validators.hash(),
        "next_validators_hash": validators_at(view, Height(height + 1)).hash(),
        "last_commit_hash": block.last_commit.hash(),
        "tx_root": transactions_root(block.transactions),
        "evidence_root": evidence_root(block.evidence),
    }
    for field, expected in required.items():
        if getattr(header, field) != expected:
            raise WrongHeader(field, expected, getattr(header, field))
    if header.time <= tip.time:
        raise WrongHeader("time", f"later than {tip.time}", header.time)
    if header.proposer not in validators.by_key:
        raise WrongHeader("proposer", "a validator of this height", header.proposer)
    _check_beacon(block, tip, validators)
    _check_last_commit(block, tip, view, chain_id, verifier)
    for piece in block.evidence:
        check_duplicate_vote(piece, chain_id, height, verifier)


def check_commit(commit: Commit, validators: ValidatorSet, chain_id: ChainId, verifier: Verifier) -> None:
    """Distinct validators, sorted, each precommit's signature valid, more than 2/3 of the power. Raises WrongCommit."""
    signers = [entry.validator for entry in commit.signatures]
    if any(left >= right for left, right in pairwise(signers)):
        raise WrongCommit(commit.height, "its validators are not sorted and distinct")
    if not validators.is_quorum(sum(validators.power(key) for key in signers)):
        raise WrongCommit(commit.height, "its validators hold at most 2/3 of the power")
    strangers = [key for key in signers if key not in validators.by_key]
    if strangers:
        raise WrongCommit(commit.height, f"0x{strangers[0].hex()} is no validator of that height")
    message = vote_signing_bytes(chain_id, PRECOMMIT, commit.height, commit.round, VoteTarget(commit.block_id))
    for entry in commit.signatures:
        verifier.require_signature(entry.validator, message, entry.signature)


def check_duplicate_vote(piece: DuplicateVote, chain_id: ChainId, height: Height, verifier: Verifier) -> None:
    """Two validly signed votes that contradict each other. Raises UnacceptedEvidence, BadSignature.

    Whose they are, and whether that has consequences, a component says (`Application.require_punishable`).
    """
    require_contradiction(piece, height)
    for vote in (piece.first, piece.second):
        verifier.require_signature(vote.validator, vote.signing_bytes(chain_id), vote.signature)


def require_contradiction(piece: DuplicateVote, height: Height) -> None:
    """Two different votes of one key for one (height, round, type) before `height`. Raises UnacceptedEvidence."""
    first, second = piece.first, piece.second
    if (first.validator, first.height, first.round, first.type) != (
        second.validator,
        second.height,
        second.round,
        second.type,
    ):
        raise UnacceptedEvidence(first.validator, "the votes differ in validator, height, round or type")
    if first.target >= second.target:
        raise UnacceptedEvidence(first.validator, "the votes must differ in target, the smaller target first")
    if first.height >= height:
        raise UnacceptedEvidence(first.validator, f"the votes are of height {first.height}, which is not past")
    if first.type not in (PREVOTE, PRECOMMIT):
        raise UnacceptedEvidence(first.validator, f"{first.type} is no type of vote")


def _check_beacon(block: Block, tip: "Tip", validators: ValidatorSet) -> None:
    header = block.header
    vrf_key = validators.by_key[header.proposer].vrf_key
    output = verify_vrf(vrf_key, header_alpha(header.height, tip.beacon_output), header.beacon_proof)
    if output != header.beacon_output:
        raise WrongHeader("beacon_output", output, header.beacon_output)


def _check_last_commit(block: Block, tip: "Tip", view: View, chain_id: ChainId, verifier: Verifier) -> None:
    commit = block.last_commit
    if (commit.height, commit.block_id) != (tip.height, tip.block_id):
        raise WrongCommit(commit.height, f"the parent is height {tip.height}, block 0x{tip.block_id.hex()}")
    if tip.height == 0:
        if commit.signatures:
            raise WrongCommit(commit.height, "genesis has no signatures")
        return
    check_commit(commit, validators_at(view, tip.height), chain_id, verifier)


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
