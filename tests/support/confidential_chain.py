"""Just enough of a chain to deploy and call confidential contracts: state, transactions, and a verifier to choose."""

from chain.codec import encode
from chain.execution.accounts import mint
from chain.execution.action import Action, Event
from chain.execution.application import Application
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.transaction import apply_transaction
from chain.execution.upgrades import GENESIS_FORK, NO_FORK
from chain.execution.verifier import Verifier
from chain.params import DEVNET, write_params
from chain.state.overlay import Overlay
from chain.state.store import MemoryStore
from chain.state.view import StateView
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import (
    AccountId,
    Amount,
    ChainId,
    Hash,
    Height,
    Nonce,
    ObjectId,
    Signature,
    Timestamp,
    Uint,
    VkId,
)
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from contracts.confidential.component import Confidential
from contracts.confidential.queries import ContractView, contract_view, epochs_view
from contracts.registry import state as registry
from crypto.keys import SecretKey
from tests.support.direct_verifier import ClaimTable

HEIGHT = Height(10)
GENESIS = Hash(bytes(range(32)))
CHAIN = ChainId("test-1")
_MUCH = Amount(10**15)


class ConfidentialChain:
    """State at one height with funded accounts; transactions apply to it one after another."""

    def __init__(self, verifier: Verifier | None = None, chain_id: ChainId = CHAIN) -> None:
        """verifier: one that believes every proof, unless another is given."""
        self.verifier = ClaimTable(credulous=True) if verifier is None else verifier
        self.chain_id = chain_id
        self.application = Application([Confidential()])
        self.overlay = Overlay(StateView(MemoryStore(), Height(HEIGHT - 1)))
        self.block = BlockContext(HEIGHT, Timestamp(1), GENESIS, DEVNET, GENESIS_FORK)
        self.events: list[Event] = []
        self.transactions: list[bytes] = []
        self._secrets: dict[AccountId, SecretKey] = {}
        self._nonces: dict[AccountId, Nonce] = {}
        write_params(self.overlay, DEVNET)

    def account(self, number: int) -> AccountId:
        """A funded account; the same number gives the same one."""
        secret = SecretKey(bytes([number]) * 32)
        account = AccountId(secret.public)
        if account not in self._nonces:
            self._secrets[account], self._nonces[account] = secret, Nonce(0)
            mint(self.overlay, account, _MUCH)
        return account

    def register(self, vk_id: VkId, public_inputs: int, frozen_at: Height | None = None) -> None:
        """Put a key's record into the registry."""
        owner = self.account(1)
        record = registry.KeyRecord(vk_id, owner, Uint(public_inputs), None, Height(1), Height(2), frozen_at)
        registry.write_key(self.overlay, record)

    def envelope(self, sender: AccountId, *actions: Action) -> Envelope:
        """The sender's next envelope."""
        return Envelope(
            self.chain_id,
            GENESIS,
            NO_FORK,
            FeeSource(FROM_ACCOUNT, sender),
            self._nonces[sender],
            Height(HEIGHT + 10),
            Amount(10**12),
            Amount(0),
            actions,
        )

    def check(self, sender: AccountId, action: Action) -> None:
        """The action's own rules against state; raises the one that is broken."""
        action.check(self.overlay, ExecutionContext(self.block, self.envelope(sender, action), 0))

    def apply(self, envelope: Envelope) -> Receipt:
        """Through the wire and into state. Raises what makes a transaction unfit for a block."""
        signature = Signature(self._secrets[envelope.sender].sign(envelope.signing_bytes()))
        raw = Transaction(envelope, signature).raw
        self.transactions.append(raw)
        transaction = Transaction.decode(raw, self.application.unions)
        nested = Overlay(self.overlay)
        receipt = apply_transaction(transaction, nested, self.chain_id, self.block, Amount(100), self.verifier)
        nested.commit()
        self._nonces[envelope.sender] = Nonce(self._nonces[envelope.sender] + 1)
        self.events += receipt.events
        return receipt

    def send(self, sender: AccountId, *actions: Action) -> ObjectId:
        """Apply actions that must all succeed; the id of the object that the first one created, if it did."""
        envelope = self.envelope(sender, *actions)
        receipt = self.apply(envelope)
        assert receipt.code == OK, receipt
        return object_id(sender, envelope.nonce, 0)

    def view(self, contract: ObjectId) -> ContractView:
        """What a node would answer about the contract."""
        return contract_view(self.overlay, contract)

    def history(self, contract: ObjectId) -> ContractView:
        """The same with all epochs that ever were."""
        view = self.view(contract)
        return view.with_epochs(epochs_view(self.overlay, contract, 1, view.record.epoch).epochs)

    def everything(self) -> bytes:
        """All that a validator has: every key and value in state, every event, every transaction."""
        state = [part for key, value in self.overlay.changes() for part in (key, value or b"")]
        return b"".join([*state, *(encode(event) for event in self.events), *self.transactions])
