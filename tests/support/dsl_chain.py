"""A contract of the language on a small chain, with real keys and real proofs."""

from typing import Any

from chain.types.receipt import OK, Receipt
from chain.types.scalars import AccountId, ObjectId
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.prover import Draft, Prover
from compute.confidential.reader import open_contract
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from compute.dsl.calls import draft_call
from compute.dsl.compiled import Compiled
from compute.dsl.deployment import deploy
from compute.dsl.plain import arguments_of
from contracts.confidential.queries import ContractView
from tests.support.confidential_chain import ConfidentialChain, Strict
from tests.support.confidential_counter import entropy_of


class Deployed:
    """A contract whose owner is account 1 and whose one reader sends from account 2."""

    def __init__(self, prover: Prover, compiled: Compiled, **initial: object) -> None:
        self.prover, self.compiled = prover, compiled
        self.entropy = entropy_of(compiled.name)
        verifier = Strict()
        self.chain = ConfidentialChain(verifier)
        self.owner, self.caller = self.chain.account(1), self.chain.account(2)
        self.reader: ReaderKey = reader_key(b"r" * 32)
        keys = {method.name: prover.keys(method.source) for method in compiled.methods}
        sealed = any(declared.sealed for declared in compiled.declaration.registers)
        sealing = {1: prover.keys(sealing_circuit(1))} if sealed else {}
        for key in (*keys.values(), *sealing.values()):
            self.chain.register(key.vk_id, key.verifying.public_inputs)
            verifier.learn(key.compressed)
        initial = {"owner": self.owner} | initial if "owner" in initial or self._has("owner") else initial
        self.contract: ObjectId = self.chain.send(self.owner, deploy(compiled, keys, sealing, initial))
        if sealed:
            self.send(self.owner, draft_set_readers(self.view, [self.reader.public], self.entropy))

    def _has(self, name: str) -> bool:
        return any(declared.name == name for declared in self.compiled.declaration.registers)

    @property
    def view(self) -> ContractView:
        return self.chain.view(self.contract)

    def draft(self, name: str, *positional: object, **said: Any) -> Draft:
        method = self.compiled.method(name)
        named = {key: said.pop(key) for key in list(said) if key not in ("keys", "sender", "period")}
        arguments = arguments_of(method, positional, named)
        said = {"keys": self.reader, "sender": self.caller} | said
        return draft_call(self.compiled, self.view, name, arguments, entropy=self.entropy, **said)

    def call(self, name: str, *positional: object, **said: Any) -> Receipt:
        sender = said.get("sender", self.caller)
        return self.send(sender, self.draft(name, *positional, **said))

    def send(self, sender: AccountId, *drafts: Draft) -> Receipt:
        envelope = self.chain.envelope(sender, *(draft.action for draft in drafts))
        receipt = self.chain.apply(self.prover.complete(envelope, drafts))
        assert receipt.code == OK, receipt
        return receipt

    def values(self) -> dict[str, tuple[int, ...]]:
        """What each register holds, in its elements."""
        names = [declared.name for declared in self.compiled.declaration.registers]
        openings = open_contract(self.reader, self.view)
        return dict(zip(names, (opening.values for opening in openings), strict=True))
