"""What the chain keeps of proposals: each with its votes under its number, and which of them are open."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.decision import Decision
from chain.execution.validator_schedule import validators_at
from chain.state.keys import HEIGHT, Space, be8
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Height, Name, Power, Text, Uint
from contracts.governance.decisions import DECISION_UNIONS
from contracts.governance.errors import NoSuchProposal
from contracts.staking.state import validators_of

PROPOSAL: Final = Space("governance/proposal", (HEIGHT,))  # by number
OPEN_PROPOSAL: Final = Space("governance/open", (HEIGHT, HEIGHT))  # deadline, number; the value is the proposer
COUNT: Final = Space("governance/count").key()

OPEN: Final = Name("open")
PASSED: Final = Name("passed")
FAILED: Final = Name("failed")  # it had the votes, and a rule forbade it by then
EXPIRED: Final = Name("expired")
WITHDRAWN: Final = Name("withdrawn")


@wire()
@dataclass(frozen=True, slots=True)
class Ballot:
    """An operator's last word."""

    operator: AccountId
    approve: bool


@wire()
@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that is voted on, or was.

    ballots are sorted by operator. closed_at is None while it is open; failure is the code of the rule that forbade a
    decision which had the votes, else 0.
    """

    number: Uint
    proposer: AccountId
    decision: Decision
    summary: Text
    opened_at: Height
    deadline: Height
    ballots: tuple[Ballot, ...]
    status: Name
    closed_at: Height | None
    failure: Uint

    def with_ballot(self, ballot: Ballot) -> "Proposal":
        """The proposal with this as the last word of its operator."""
        others = [each for each in self.ballots if each.operator != ballot.operator]
        ballots = sorted((*others, ballot), key=lambda each: each.operator)
        return replace(self, ballots=tuple(ballots))

    def closed(self, status: Name, height: Height, failure: int = 0) -> "Proposal":
        return replace(self, status=status, closed_at=height, failure=Uint(failure))


def operator_power(view: View, operator: AccountId, height: Height) -> Power:
    """The power at `height` of the validators that an account speaks for; 0 when none of them is in the set."""
    validators = validators_at(view, height)
    return Power(sum(validators.power(validator) for validator in validators_of(view, operator)))


def power_of(view: View, proposal: Proposal, approve: bool, height: Height) -> Power:
    """The power at `height` that stands behind one answer: of who left the set, nothing counts."""
    speakers = [ballot.operator for ballot in proposal.ballots if ballot.approve is approve]
    return Power(sum(operator_power(view, operator, height) for operator in speakers))


def count(view: View) -> Uint:
    """How many proposals were ever made; the newest has this number."""
    raw = view.get(COUNT)
    return Uint(0 if raw is None else int.from_bytes(raw, "big"))


def find_proposal(view: View, number: Uint) -> Proposal | None:
    raw = view.get(PROPOSAL.key(be8(number)))
    return None if raw is None else decode(Proposal, raw, unions=DECISION_UNIONS)


def require_proposal(view: View, number: Uint) -> Proposal:
    """Raises NoSuchProposal."""
    proposal = find_proposal(view, number)
    if proposal is None:
        raise NoSuchProposal(number)
    return proposal


@dataclass(frozen=True, slots=True)
class Open:
    """What the index of open proposals knows of one."""

    number: Uint
    deadline: Height
    proposer: AccountId


def open_proposals(view: View) -> Iterator[Open]:
    """All that are voted on, the one that ends next first."""
    for key, proposer in view.iterate(OPEN_PROPOSAL.scan()):
        deadline, number = (int.from_bytes(part, "big") for part in OPEN_PROPOSAL.parts(key))
        yield Open(Uint(number), Height(deadline), AccountId(proposer))


def write_proposal(overlay: Overlay, proposal: Proposal) -> None:
    """The proposal, and its place among the open ones as long as it is one."""
    place = OPEN_PROPOSAL.key(be8(proposal.deadline), be8(proposal.number))
    overlay.put(PROPOSAL.key(be8(proposal.number)), encode(proposal))
    known = overlay.get(place) is not None
    if proposal.status == OPEN and not known:
        overlay.put(place, proposal.proposer)
    elif proposal.status != OPEN and known:
        overlay.delete(place)


def write_count(overlay: Overlay, number: Uint) -> None:
    overlay.put(COUNT, be8(number))
