"""The chain's application: all components in their fixed order, which is part of the protocol."""

from chain.execution.application import Application
from contracts.confidential.component import Confidential
from contracts.registry.component import Registry
from contracts.staking.component import Staking
from contracts.tasks.component import Tasks
from contracts.token.component import Token


def build_application() -> Application:
    """Tasks end a block before staking does, so that what they pay is final when rewards are handed out."""
    return Application((Token(), Registry(), Tasks(), Confidential(), Staking()))
