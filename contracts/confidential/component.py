"""Confidential contracts as a component."""

from itertools import islice

from chain.execution.action import Action, Event
from chain.execution.context import BlockContext
from chain.execution.genesis import UnusableGenesis
from chain.state.overlay import Overlay
from chain.types.genesis import Genesis
from chain.types.scalars import ValidatorId
from contracts.confidential import events, lease_state
from contracts.confidential.actions import Deploy, SetReaders
from contracts.confidential.call import Call
from contracts.confidential.lease_actions import Lease


class Confidential:
    """Contracts whose methods are circuits and whose state is ciphertext."""

    name: str = "confidential"
    actions: tuple[type[Action], ...] = (Deploy, SetReaders, Call, Lease)
    events: tuple[type[Event], ...] = (
        events.ContractDeployed,
        events.ReadersSet,
        events.Called,
        events.RegisterWritten,
        events.RegisterLeasedTo,
        events.LeaseEnded,
        events.Posted,
        events.Taken,
        events.Paid,
    )

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing: contracts are deployed, never born with the chain. Raises UnusableGenesis for a section."""
        if data:
            raise UnusableGenesis("component confidential takes no section; deploy contracts once the chain runs")

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        """Burn the bonds of leases that ran out, and forget waits that are over: max_expiries_per_block of each.

        What is left over waits for the next block. No rule depends on that, as leases are judged by heights alone.
        """
        happened: list[Event] = []
        limit = block.params.max_expiries_per_block
        for contract, register in list(islice(lease_state.due_leases(overlay, block.height), limit)):
            lease = lease_state.find_lease(overlay, contract, register)
            if lease is not None:
                lease_state.expire(overlay, contract, register, lease, happened.append)
        for parts in list(islice(lease_state.due_coolings(overlay, block.height), limit)):
            lease_state.forget_cooling(overlay, parts)
        return tuple(happened)
