"""A chain in this process without consensus: transactions in, blocks executed by the real rules, state in memory.

What a block does is what it does at every validator (chain/execution/block.py); headers, votes, beacons are left out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chain.execution import accounts
from chain.execution.action import Action, Event
from chain.execution.application import Application, Component
from chain.execution.block import Chain, Execution, Result
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.genesis import apply_genesis
from chain.execution.verifier import Verifier
from chain.params import Params, read_params
from chain.state import keys
from chain.state.keys import Key
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.genesis import Genesis
from chain.types.receipt import Receipt
from chain.types.scalars import (
    NATIVE,
    AccountId,
    Amount,
    AssetId,
    Height,
    Nonce,
    ObjectId,
    Signature,
    Timestamp,
)
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from compute.sandbox.errors import AnotherSandbox, Backwards
from contracts.application import build_application
from crypto.keys import SecretKey

EXPIRY_HEIGHTS: Final = 100
FEE_LIMIT: Final = Amount(100 * 10**9)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A chain's whole state at a height."""

    owner: "LocalChain"
    height: Height
    entries: tuple[tuple[Key, bytes], ...]


class LocalChain:
    """State after `height`, in memory. `verifier` decides about evidence; `components` come after the protocol's."""

    def __init__(self, genesis: Genesis, verifier: Verifier, components: Sequence[Component] = ()) -> None:
        self.genesis, self.verifier = genesis, verifier
        self.store = MemoryStore()
        self.chain: Chain
        protocol = build_application()
        application = Application((*protocol.components, *components), protocol.decisions)
        self.chain, result = apply_genesis(genesis, self.store, application)
        self.store.apply(result.overlay.changes())
        self.height = Height(0)
        self.proposer = genesis.validators[0].validator.public_key
        self.closing_events: tuple[Event, ...] = ()

    # Reading

    @property
    def view(self) -> StateView:
        """Committed state."""
        return StateView(self.store, self.height)

    @property
    def params(self) -> Params:
        """The parameters in force."""
        return read_params(self.view)

    @property
    def next_block(self) -> BlockContext:
        """What the next block will be executed in. Blocks are the genesis's block_time_ms apart."""
        height = Height(self.height + 1)
        time = Timestamp(self.genesis.time + self.genesis.params.block_time_ms * height)
        return self.chain.block_context(self.view, height, time)

    def nonce_of(self, account: AccountId) -> Nonce:
        return accounts.read_account(self.view, account).nonce

    def money(self, asset: AssetId = NATIVE) -> int:
        """What all accounts and objects hold of an asset together, counted one by one."""
        view = self.view
        in_accounts, in_objects = (
            (keys.ACCOUNT, keys.HOLDING) if asset == NATIVE else (keys.ASSET_BALANCE, keys.ASSET_HOLDING)
        )
        of_people = [in_accounts.parts(key) for key, _ in view.iterate(in_accounts.scan())]
        of_objects = [in_objects.parts(key) for key, _ in view.iterate(in_objects.scan())]
        holders = [AccountId(parts[0]) for parts in of_people if parts[1:] in ((), (asset,))]
        objects = [ObjectId(parts[0]) for parts in of_objects if parts[1:] in ((), (asset,))]
        in_all_accounts = sum(accounts.balance(view, holder, asset) for holder in holders)
        return in_all_accounts + sum(accounts.holding(view, object_, asset) for object_ in objects)

    # Transactions

    def envelope_of(self, sender: AccountId, *actions: Action, tip: int = 0) -> Envelope:
        """The sender's next envelope."""
        return Envelope(
            chain_id=self.chain.chain_id,
            genesis_hash=self.chain.genesis_hash,
            fork_id=self.next_block.fork.id,
            fee_source=FeeSource(FROM_ACCOUNT, sender),
            nonce=self.nonce_of(sender),
            expiry_height=Height(self.height + EXPIRY_HEIGHTS),
            fee_limit=FEE_LIMIT,
            tip=Amount(tip),
            actions=actions,
        )

    def signed(self, secret: SecretKey, envelope: Envelope) -> Transaction:
        """The transaction as it arrives over the wire."""
        signature = Signature(secret.sign(envelope.signing_bytes()))
        return Transaction.decode(Transaction(envelope, signature).raw, self.chain.application.unions)

    def judge(self, transaction: Transaction) -> None:
        """The rules of state and the evidence, as a node asks for them before it admits a transaction.

        Raises the rule that an action breaks, or FalseEvidence.
        """
        overlay, context = Overlay(self.view), ExecutionContext(self.next_block, transaction.envelope, 0)
        for index, action in enumerate(transaction.envelope.actions):
            context.index = index
            action.check(overlay, context)
            self.verifier.require(transaction.claims[index])
            action.execute(overlay, context)

    # Blocks

    def execute(self, *transactions: Transaction) -> Result:
        """The next block of these transactions, not committed. Raises what makes it invalid."""
        execution = Execution(self.view, self.chain, self.next_block, self.proposer)
        for transaction in transactions:
            execution.apply(transaction, self.verifier)
        return execution.finish()

    def block(self, *transactions: Transaction) -> list[Receipt]:
        """Execute and commit the next block; the receipts of its transactions. Raises what makes it invalid."""
        result = self.execute(*transactions)
        self.store.apply(result.overlay.changes())
        self.height = Height(self.height + 1)
        *receipts, closing = result.receipts
        self.closing_events = closing.events
        return receipts

    def pass_to(self, height: int) -> None:
        """Empty blocks until `height` is the last one. Raises Backwards."""
        if height < self.height:
            raise Backwards(self.height, height)
        while self.height < height:
            self.block()

    @contextmanager
    def amended(self) -> Iterator[Overlay]:
        """State as it stands, to be changed by hand: what is written inside is there at once, without a block."""
        overlay = Overlay(self.view)
        yield overlay
        self.store.apply(overlay.changes())

    # Snapshots

    def save(self) -> Snapshot:
        """All of state, to be restored later, any number of times."""
        return Snapshot(self, self.height, tuple(self.store.iterate(Key(b""))))

    def restore(self, snapshot: Snapshot) -> None:
        """The chain as it was. Raises AnotherSandbox."""
        if snapshot.owner is not self:
            raise AnotherSandbox
        self.store, self.height = MemoryStore(snapshot.entries), snapshot.height

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What happens inside is undone at the end, whatever it was."""
        taken = self.save()
        try:
            yield taken
        finally:
            self.restore(taken)
