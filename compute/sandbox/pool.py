"""A shielded pool in a sandbox: what was put into it pays for transactions that name no account.

    pool = Pool(chain, chain.person("anybody"))
    pool.shield(alice, 5 * CLU)
    pool.send(alice, poll.draft("vote", ..., sender=alice))   # nobody sees that alice voted

A transaction is signed with a key that is used once, and its first action gives the fee out of the pool.
"""

from typing import TYPE_CHECKING, Any

from chain.execution.fees import base_cost, read_base_fee, transaction_work
from chain.types.scalars import Amount, Signature
from chain.types.transaction import Transaction
from client.notes.errors import NotEnoughNotes
from compute.confidential.prover import Draft
from compute.sandbox.own_notes import unspent
from compute.sandbox.people import Person
from compute.sandbox.sent import Sent
from compute.shielded.payments import round_fee
from compute.shielded.prover import TRANSFER, Coin, Order, Payment, draft_transfer
from compute.shielded.transfer import INPUTS
from contracts.notes import state as notes
from contracts.shielded.actions import Open
from crypto.keys import SEED_BYTES, SecretKey
from crypto.notes import PoolNote

if TYPE_CHECKING:
    from compute.sandbox.sandbox import Sandbox, Step


class Pool:
    """One pool, opened by anybody. Raises as Sandbox.send."""

    def __init__(self, chain: "Sandbox", opener: Person) -> None:
        self.chain = chain
        self.vk_id = chain.circuit(TRANSFER).vk_id
        self.id = chain.send(opener, Open(self.vk_id)).created()

    def shield(self, person: Person, amount: int, to: Person | None = None) -> Sent:
        """nano-CLU of an account become a note of its owner's, or of another's; the account pays the fee."""
        payment = Payment((to or person).private_address, amount)
        order = self._order(payments=(payment,), taken=Amount(amount))
        return self.chain.send(person, self._draft(order, person))

    def balance(self, person: Person) -> int:
        """What somebody's notes hold together, in nano-CLU."""
        return sum(coin.note.value for coin in self._coins(person))

    def send(self, payer: Person, *steps: "Step") -> Sent:
        """A transaction in a block of its own that names no account, its fee paid by notes of `payer`.

        Raises NotEnoughNotes, and as Sandbox.send.
        """
        transaction = self.transaction(payer, *steps)
        self.chain.local.judge(transaction)
        return self.chain.block(transaction)[0]

    def transaction(self, payer: Person, *steps: "Step") -> Transaction:
        """That transaction, signed. Raises NotEnoughNotes, and as Sandbox.proof_paid."""
        signer = Person("nobody", SecretKey(self.chain.entropy(SEED_BYTES)))
        coins = self._coins(payer)[-INPUTS:]
        fee, held = self._fee(payer, *steps), sum(coin.note.value for coin in coins)
        if held < fee:
            raise NotEnoughNotes(held, fee)
        paying = self._draft(self._order(coins=tuple(coins), fee=fee), payer)
        return self.chain.proof_paid(signer, paying, *steps)

    def _fee(self, payer: Person, *steps: "Step") -> Amount:
        """What wallets offer: more than it costs now, in round numbers."""
        drafts = (self._draft(self._order(), payer), *steps)
        actions = [step.action if isinstance(step, Draft) else step for step in drafts]
        unsigned = Transaction(self.chain.local.envelope_of(payer.id, *actions), Signature(bytes(64)))
        work = transaction_work(unsigned, self.chain.local.params)
        return Amount(round_fee(base_cost(work, read_base_fee(self.chain.view))))

    def _order(self, **parts: Any) -> Order:
        return Order(self.id, self.vk_id, notes.tree_of(self.chain.view, self.id).root, **parts)

    def _draft(self, order: Order, payer: Person) -> Draft:
        return draft_transfer(order, payer.spending, self.chain.entropy)

    def _coins(self, person: Person) -> list[Coin]:
        """Somebody's unspent notes, those that hold least first."""
        coins = [
            Coin(each.address, each.content, each.record.position, path)
            for each, path in unspent(self.chain, person, self.id, pool=True)
            if isinstance(each.content, PoolNote)
        ]
        return sorted(coins, key=lambda coin: coin.note.value)
