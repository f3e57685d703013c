"""A contract of the language on a small chain: blocks, keys, readers, wallets.

With a prover every call carries a real proof; without one its witness is checked against its circuit and its claim, and
the chain believes exactly that claim. The second is what a proof would show, in a fraction of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chain.execution.action import Claim
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import Blob, Hash, ObjectId, ProofBytes, VkId
from client.notes.keys import SpendingKey
from client.notes.scan import Received, Scanner
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.prover import CircuitSource, Draft, Prover, complete, solve
from compute.confidential.reader import open_contract
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.dsl.arguments import bound_arguments
from compute.dsl.caller import Caller, WalletNote
from compute.dsl.calls import draft_call
from compute.dsl.compiled import Compiled
from compute.dsl.deployment import deploy
from compute.dsl.elements import signed, unpacked
from compute.dsl.plain import wallet
from contracts.confidential.queries import ContractState, ContractView, contract_state, contract_view
from contracts.notes import state as notes
from contracts.registry.actions import RegisterKey
from contracts.registry.state import key_bytes
from crypto.note_tree import tree_path
from crypto.r1cs.r1cs_file import write_r1cs
from tests.support.confidential_counter import entropy_of
from tests.support.direct_verifier import ClaimTable, DirectVerifier
from tests.support.programs import compressed_key, vk_id
from tests.support.small_chain import SmallChain, account

OWNER, CALLER, STRANGER = 1, 2, 3


@dataclass(frozen=True)
class SimulatedKey:
    """A key of the right size for a circuit, without a setup."""

    vk_id: VkId
    r1cs_hash: bytes
    compressed: Blob


class ReceiptRefused(Exception):
    """The chain did not accept a call; code: of the rule that it broke."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(receipt)
        self.code = receipt.code


class Deployed:
    """A contract whose owner is person 1; who calls is a reader of it, from account 2 where a test does not say."""

    def __init__(self, compiled: Compiled, prover: Prover | None = None, **initial: object) -> None:
        self.compiled, self.prover = compiled, prover
        self.entropy = entropy_of(compiled.name)
        self.table = ClaimTable()
        self.chain = SmallChain(verifier=self.table)
        if prover is not None:
            self.chain.verifier = DirectVerifier(lambda key: key_bytes(self.chain.view, key))
        self.reader: ReaderKey = reader_key(b"r" * 32)
        keys = {method.name: self._key(method.source) for method in compiled.methods}
        sealed = any(declared.sealed for declared in compiled.declaration.registers)
        sealing = {1: self._key(sealing_circuit(1))} if sealed else {}
        registrations = {
            key.compressed: RegisterKey(key.compressed, None) for key in (*keys.values(), *sealing.values())
        }
        assert self.chain.do(OWNER, *registrations.values()).code == OK
        self.chain.pass_to(self.chain.height + self.chain.params.activation_delay)
        self.contract: ObjectId = object_id(account(OWNER), self.chain.nonce(OWNER), 0)
        assert self.chain.do(OWNER, deploy(compiled, keys, sealing, initial)).code == OK
        if sealed:
            self.send(OWNER, draft_set_readers(self.view, [self.reader.public], self.entropy))

    @property
    def view(self) -> ContractView:
        return contract_view(self.chain.view, self.contract)

    @property
    def now(self) -> ContractState:
        return contract_state(self.chain.view, self.contract)

    @property
    def values(self) -> dict[str, Any]:
        """What the registers hold, as the reader sees it."""
        found = {}
        openings = open_contract(self.reader, self.view)
        for declared, opening in zip(self.compiled.declaration.registers, openings, strict=True):
            leaves, numbers = declared.leaves, opening.values
            plain = unpacked(leaves, numbers) if declared.sealed else map(signed, leaves, numbers)
            found[declared.name] = declared.kind.lifted(iter(list(plain)))
        return found

    def draft(self, name: str, *positional: object, **said: Any) -> Draft:
        """said: arguments by name, and person, spender (a wallet's name), reader, period, addresses, accounts."""
        person = said.pop("person", CALLER)
        spender = said.pop("spender", None)
        caller = Caller(
            account=account(person),
            reader=said.pop("reader", self.reader),
            spending=None if spender is None else wallet(spender),
            addresses=tuple(wallet(each).full_view().incoming.address() for each in said.pop("addresses", ())),
            accounts=said.pop("accounts", ()),
        )
        period = said.pop("period", (self.chain.height + 1, self.chain.height + 1))
        given = bound_arguments(self.compiled.method(name), positional, said)
        return draft_call(
            self.compiled, self.view, name, given, caller, now=self.now, period=period, entropy=self.entropy
        )

    def call(self, name: str, *positional: object, **said: Any) -> Receipt:
        return self.send(said.get("person", CALLER), self.draft(name, *positional, **said))

    def send(self, person: int, *drafts: Draft) -> Receipt:
        """One transaction of these drafts, in a block of its own. Raises ReceiptRefused."""
        envelope = self.chain.envelope(person, *(draft.action for draft in drafts))
        proven = complete(envelope, drafts, self._proof)
        (receipt,) = self.chain.block(self.chain.sign(person, proven))
        if receipt.code != OK:
            raise ReceiptRefused(receipt)
        return receipt

    def notes_of(self, name: str) -> list[WalletNote]:
        """The notes of a wallet that nobody spent, with their witnesses."""
        key: SpendingKey = wallet(name)
        leaves = [record.output.commitment for record in self._records()]
        found: list[Received] = list(Scanner(key.full_view(), ()).received(self._records()))
        return [
            WalletNote(each.content, each.address, each.record.position, tree_path(leaves, each.record.position))
            for each in found
            if not notes.is_spent(self.chain.view, self.contract, each.nullifier)
        ]

    def _records(self) -> Sequence[notes.NoteRecord]:
        count = notes.counts(self.chain.view).outputs
        return [record for n in range(count) if (record := notes.find_output(self.chain.view, n)) is not None]

    def _key(self, source: CircuitSource) -> Any:
        if self.prover is not None:
            return self.prover.keys(source)
        circuit = source.build()
        size = circuit.public_count
        return SimulatedKey(vk_id(size), Hash(sha256(write_r1cs(circuit)).digest()), compressed_key(size))

    def _proof(self, draft: Draft, claim: Claim) -> ProofBytes:
        if self.prover is not None:
            return self.prover.prove(draft, claim)
        solve(draft, claim, draft.circuit.build())
        self.table.believe(Claim(claim.kind, claim.key_digest, claim.inputs, bytes(128)))
        return ProofBytes(bytes(128))
