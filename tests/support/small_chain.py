"""A chain without consensus: transactions in, blocks executed and committed to memory, receipts out.

A block's header names its place, its parent and its transactions; nobody signed it, and it carries no roots of state.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.execution import accounts
from chain.execution.action import Action
from chain.execution.application import Component
from chain.execution.context import ExecutionContext
from chain.execution.verifier import Verifier
from chain.params import DEVNET, Params
from chain.state.overlay import Overlay
from chain.types.block import Header, transactions_root
from chain.types.genesis import Genesis, GenesisAccount, GenesisValidator
from chain.types.receipt import Receipt
from chain.types.scalars import (
    NATIVE,
    AccountId,
    Amount,
    AssetId,
    Blob,
    BlockId,
    ChainId,
    Hash,
    Height,
    Name,
    Nonce,
    Power,
    Timestamp,
    Uint,
    ValidatorId,
    VrfKey,
    VrfOutput,
    VrfProof,
)
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource, Transaction
from chain.types.validators import Validator
from compute.sandbox.local_chain import LocalChain
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


def unsigned_header(
    height: Height, time: Timestamp, proposer: ValidatorId, parent: BlockId, transactions: Hash
) -> Header:
    """The header of a block that no consensus made: all other roots are zero."""
    none, version = Hash(bytes(32)), Uint(1)
    return Header(
        protocol_version=version,
        app_version=version,
        chain_id=CHAIN_ID,
        height=height,
        time=time,
        proposer=proposer,
        parent_id=parent,
        last_commit_hash=none,
        tx_root=transactions,
        evidence_root=none,
        validators_hash=none,
        next_validators_hash=none,
        params_hash=none,
        beacon_output=VrfOutput(bytes(64)),
        beacon_proof=VrfProof(bytes(80)),
        state_root=none,
        receipts_root=none,
    )


class SmallChain(LocalChain):
    """The sandbox's chain with people and validators by number, at the devnet's parameters unless `params` says else.

    `verifier` decides about proofs; signatures are always checked. `components` come after the protocol's own.
    """

    def __init__(
        self,
        powers: Sequence[int] = (10,),
        verifier: Verifier | None = None,
        components: tuple[Component, ...] = (),
        **params: object,
    ) -> None:
        genesis = small_genesis(powers, replace(DEVNET, **params))  # type: ignore[arg-type]
        super().__init__(genesis, ClaimTable(credulous=True) if verifier is None else verifier, components)
        self.headers: list[Header] = []

    def block(self, *transactions: Transaction) -> list[Receipt]:
        """As LocalChain; the block gets a header behind that of the height before."""
        context, proposer = self.next_block, self.proposer
        root = transactions_root(tuple(Blob(each.raw) for each in transactions))
        receipts = super().block(*transactions)
        before = self.headers[: context.height - 1]
        parent = before[-1].id() if before else BlockId(bytes(32))
        self.headers = [*before, unsigned_header(context.height, context.time, proposer, parent, root)]
        return receipts

    def envelope(self, person: int, *actions: Action, tip: int = 0, **changes: object) -> Envelope:
        """The person's next envelope, with any field changed."""
        return replace(self.envelope_of(account(person), *actions, tip=tip), **changes)  # type: ignore[arg-type]

    def sign(self, person: int, envelope: Envelope) -> Transaction:
        """The transaction as it arrives over the wire."""
        return self.signed(secret(person), envelope)

    def transaction(self, person: int, *actions: Action, tip: int = 0, **changes: object) -> Transaction:
        return self.sign(person, self.envelope(person, *actions, tip=tip, **changes))

    def proof_paid(self, key: int, *actions: Action, tip: int = 0, **changes: object) -> Transaction:
        """A transaction that `key` signs once and that the first action's offer pays."""
        source, limit = FeeSource(FROM_PROOF, account(key)), actions[0].fee_offer()
        own = {"fee_source": source, "nonce": Nonce(0), "fee_limit": limit}
        return self.sign(key, self.envelope(key, *actions, tip=tip, **(own | changes)))

    def do(self, person: int, *actions: Action, tip: int = 0) -> Receipt:
        """One block with one transaction of a person."""
        return self.block(self.transaction(person, *actions, tip=tip))[0]

    def check(self, person: int, action: Action) -> None:
        """The action's rules, as in the next block. Raises the broken one."""
        action.check(self.view, ExecutionContext(self.next_block, self.envelope(person, action), 0))

    def writes(self, person: int, action: Action) -> int:
        """How many keys the action's execute changes in the next block."""
        overlay = Overlay(self.view)
        action.execute(overlay, ExecutionContext(self.next_block, self.envelope(person, action), 0))
        return len(overlay.changes())

    def nonce(self, person: int) -> Nonce:
        return self.nonce_of(account(person))

    def balance(self, person: int, asset: AssetId = NATIVE) -> int:
        return accounts.balance(self.view, account(person), asset)

    def supply(self, asset: AssetId = NATIVE) -> int:
        return accounts.supply(self.view, asset)
