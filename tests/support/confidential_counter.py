"""A confidential counter on a small chain, with real keys and real proofs, in one place for the tests that need one."""

from collections.abc import Callable
from hashlib import sha256

from chain.types.receipt import OK
from chain.types.scalars import AccountId, ObjectId
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.prover import Draft, Prover, deploy_counter, draft_increment, draft_set_readers
from contracts.confidential.queries import ContractView
from tests.support.confidential_chain import ConfidentialChain, Strict


def entropy_of(seed: str) -> Callable[[int], bytes]:
    """Bytes that are the same in every run."""
    state = sha256(seed.encode()).digest()

    def draw(count: int) -> bytes:
        nonlocal state
        out = b""
        while len(out) < count:
            state = sha256(state).digest()
            out += sha256(b"out" + state).digest()
        return out[:count]

    return draw


class Counter:
    """A deployed counter whose owner is account 1 and whose reader sends from account 2."""

    def __init__(self, prover: Prover, seed: str = "counter") -> None:
        self.prover = prover
        self.entropy = entropy_of(seed)
        verifier = Strict()
        self.verifier = verifier
        self.chain = ConfidentialChain(verifier)
        self.owner, self.caller = self.chain.account(1), self.chain.account(2)
        self.reader: ReaderKey = reader_key(b"r" * 32)
        keys = (prover.increment_keys(), prover.sealing_keys())
        for key in keys:
            self.chain.register(key.vk_id, key.verifying.public_inputs)
            verifier.learn(key.compressed)
        self.contract: ObjectId = self.chain.send(self.owner, deploy_counter(*keys))

    @property
    def view(self) -> ContractView:
        return self.chain.view(self.contract)

    def set_reader(self, reader: ReaderKey | None = None) -> None:
        """The owner begins an epoch for the counter's own reader, or another one."""
        draft = draft_set_readers(self.view, (reader or self.reader).public, self.entropy)
        self.prove_and_send(self.owner, draft)

    def increment(self, amount: int) -> None:
        self.prove_and_send(self.caller, self.draft(amount))

    def draft(self, amount: int) -> Draft:
        return draft_increment(self.view, self.reader, amount, self.entropy)

    def prove_and_send(self, sender: AccountId, *drafts: Draft) -> None:
        envelope = self.chain.envelope(sender, *(draft.action for draft in drafts))
        receipt = self.chain.apply(self.prover.complete(envelope, drafts))
        assert receipt.code == OK, receipt
