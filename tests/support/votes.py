"""Deciding something by vote on a chain in memory: the first operator proposes, the others say yes, in one block."""

from collections.abc import Sequence

from chain.execution.decision import Decision
from chain.types.receipt import Receipt
from chain.types.scalars import Height, Text, Uint
from contracts.governance import state
from contracts.governance.actions import Propose, Vote
from tests.support.small_chain import SmallChain, operator


def proposal_of(chain: SmallChain, decision: Decision, heights: int = 10) -> Propose:
    """What proposes the decision in the next block; votes are cast for `heights` more."""
    return Propose(decision, Height(chain.height + 1 + heights), Text(""))


def decide(chain: SmallChain, decision: Decision, voters: Sequence[int] | None = None) -> list[Receipt]:
    """The receipts of the proposal and of the votes for it, by all operators or those of these validators."""
    first, *others = range(len(chain.genesis.validators)) if voters is None else voters
    number = Uint(state.count(chain.view) + 1)
    votes = [chain.transaction(operator(index), Vote(number, True)) for index in others]
    return chain.block(chain.transaction(operator(first), proposal_of(chain, decision)), *votes)
