"""The chain's application: all components in their fixed order, which is part of the protocol."""

from chain.execution.application import Application
from contracts.confidential.component import Confidential
from contracts.governance.component import Governance
from contracts.governance.decisions import DECISIONS
from contracts.notes.component import Notes
from contracts.registry.component import Registry
from contracts.shielded.component import Shielded
from contracts.staking.component import Staking
from contracts.tasks.component import Tasks
from contracts.token.component import Token


def build_application() -> Application:
    """Tasks end a block before staking does, so that what they pay is final when rewards are handed out.

    Notes end it after whatever makes notes, so that one batch has them all. Governance ends it last: the parameters of
    the next block are no other component's business in this one.
    """
    components = (Token(), Registry(), Tasks(), Confidential(), Shielded(), Notes(), Staking(), Governance())
    return Application(components, DECISIONS)
