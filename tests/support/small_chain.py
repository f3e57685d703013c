"""A chain without consensus or headers: transactions in, blocks executed and committed to memory, receipts out."""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution import accounts
from chain.execution.action import Action, Event
from chain.execution.application import Application, Component
from chain.execution.block import Chain, Execution, Result
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.genesis import apply_genesis
from chain.execution.transaction import NO_FORK
from chain.execution.verifier import Verifier
from chain.params import DEVNET, Params
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.receipt import Receipt
from chain.types.scalars import (
    NATIVE,
    AccountId,
    Amount,
    AssetId,
    ChainId,
    Height,
    Name,
    Nonce,
    ObjectId,
    Power,
    Signature,
    Timestamp,
    ValidatorId,
    VrfKey,
)
from chain.types.transaction import FROM_ACCOUNT, FROM_PROOF, Envelope, FeeSource, Transaction
from chain.types.validators import Validator
from contracts.application import build_application
from crypto.keys import SecretKey
from tests.support.direct_verifier import ClaimTable

CHAIN_ID = ChainId("small-1")
GENESIS_TIME = Timestamp(1_700_000_000_000)
CLU = 10**9
FUNDS = Amount(1_000 * CLU)
PEOPLE = 8  # funded accounts; validators' operators come after them


def secret(number: int) -> SecretKey:
    """The key of person or validator `number`."""
    return SecretKey(bytes([number]) * 32)


def account(number: int) -> AccountId:
    """Person `number`: 1 to PEOPLE are funded, and so are operators."""
    return AccountId(secret(number).public)


def operator(index: int) -> int:
    """The person who operates the validator with this index."""
    return 100 + index


def consensus_key(index: int) -> SecretKey:
    """The key that the validator with this index votes and makes beacons with."""
    return secret(200 + index)


def small_genesis(powers: Sequence[int] = (10,), params: Params = DEVNET) -> Genesis:
    """A genesis with one validator per power, and funded people and operators."""
    entries = [
        GenesisValidator(
            Validator(ValidatorId(consensus_key(index).public), VrfKey(consensus_key(index).public), Power(power)),
            account(operator(index)),
            Name(f"validator-{index}"),
        )
        for index, power in enumerate(powers)
    ]
    people = [*range(1, PEOPLE + 1), *(operator(index) for index in range(len(powers)))]
    return Genesis(
        chain_id=CHAIN_ID,
        time=GENESIS_TIME,
        params=params,
        validators=tuple(sorted(entries, key=lambda entry: entry.validator.public_key)),
        accounts=tuple(GenesisAccount(account(number), FUNDS) for number in people),
        sections=(),
    )


class SmallChain:
    """State after `height`, in memory. `verifier` decides about proofs; signatures are always checked.

    `components` come after the protocol's own.
    """

    def __init__(
        self,
        powers: Sequence[int] = (10,),
        verifier: Verifier | None = None,
        components: tuple[Component, ...] = (),
        **params: object,
    ) -> None:
        self.params = replace(DEVNET, **params)  # type: ignore[arg-type]
        self.verifier = ClaimTable(credulous=True) if verifier is None else verifier
        self.store = MemoryStore()
        self.genesis = small_genesis(powers, self.params)
        self.chain: Chain
        application = Application((*build_application().components, *components))
        self.chain, result = apply_genesis(self.genesis, self.store, application)
        self.store.apply(result.overlay.changes())
        self.height = Height(0)
        self.proposer = self.genesis.validators[0].validator.public_key
        self.closing_events: tuple[Event, ...] = ()

    @property
    def view(self) -> StateView:
        return StateView(self.store, self.height)

    @property
    def next_block(self) -> BlockContext:
        height = Height(self.height + 1)
        return BlockContext(height, Timestamp(GENESIS_TIME + 1_000 * height), self.chain.genesis_hash, self.params)

    def envelope(self, person: int, *actions: Action, tip: int = 0, **changes: object) -> Envelope:
        """The person's next envelope, with any field changed."""
        envelope = Envelope(
            chain_id=CHAIN_ID,
            genesis_hash=self.chain.genesis_hash,
            fork_id=NO_FORK,
            fee_source=FeeSource(FROM_ACCOUNT, account(person)),
            nonce=self.nonce(person),
            expiry_height=Height(self.height + 100),
            fee_limit=Amount(100 * CLU),
            tip=Amount(tip),
            actions=actions,
        )
        return replace(envelope, **changes)  # type: ignore[arg-type]

    def sign(self, person: int, envelope: Envelope) -> Transaction:
        """The transaction as it arrives over the wire."""
        signature = Signature(secret(person).sign(envelope.signing_bytes()))
        return Transaction.decode(Transaction(envelope, signature).raw, self.chain.application.unions)

    def transaction(self, person: int, *actions: Action, tip: int = 0, **changes: object) -> Transaction:
        return self.sign(person, self.envelope(person, *actions, tip=tip, **changes))

    def proof_paid(self, key: int, *actions: Action, tip: int = 0, **changes: object) -> Transaction:
        """A transaction that `key` signs once and that the first action's offer pays."""
        source, limit = FeeSource(FROM_PROOF, account(key)), actions[0].fee_offer()
        own = {"fee_source": source, "nonce": Nonce(0), "fee_limit": limit}
        return self.sign(key, self.envelope(key, *actions, tip=tip, **(own | changes)))

    def execute(self, *transactions: Transaction) -> Result:
        """The next block of these transactions, not committed. Raises what makes it invalid."""
        execution = Execution(self.view, self.chain, self.next_block, self.proposer)
        for transaction in transactions:
            execution.apply(transaction, self.verifier)
        return execution.finish()

    def block(self, *transactions: Transaction) -> list[Receipt]:
        """Execute and commit the next block; the receipts of its transactions."""
        result = self.execute(*transactions)
        self.store.apply(result.overlay.changes())
        self.height = Height(self.height + 1)
        *receipts, closing = result.receipts
        self.closing_events = closing.events
        return receipts

    def do(self, person: int, *actions: Action, tip: int = 0) -> Receipt:
        """One block with one transaction of a person."""
        return self.block(self.transaction(person, *actions, tip=tip))[0]

    def pass_to(self, height: int) -> None:
        """Empty blocks until `height` is the last one."""
        while self.height < height:
            self.block()

    def check(self, person: int, action: Action) -> None:
        """The action's rules, as in the next block. Raises the broken one."""
        action.check(self.view, ExecutionContext(self.next_block, self.envelope(person, action), 0))

    def writes(self, person: int, action: Action) -> int:
        """How many keys the action's execute changes in the next block."""
        overlay = Overlay(self.view)
        action.execute(overlay, ExecutionContext(self.next_block, self.envelope(person, action), 0))
        return len(overlay.changes())

    def nonce(self, person: int) -> Nonce:
        return accounts.read_account(self.view, account(person)).nonce

    def balance(self, person: int, asset: AssetId = NATIVE) -> int:
        return accounts.balance(self.view, account(person), asset)

    def supply(self, asset: AssetId = NATIVE) -> int:
        return accounts.supply(self.view, asset)

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
