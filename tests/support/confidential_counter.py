"""A confidential counter on a small chain, with real keys and real proofs, in one place for the tests that need one."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import cast

from chain.types.receipt import OK
from chain.types.scalars import AccountId, ObjectId, VkId
from compute.confidential.counter_calls import INCREMENT, deploy_counter, draft_increment
from compute.confidential.keys import ReaderKey, reader_key
from compute.confidential.prover import Draft, Prover
from compute.confidential.reader_changes import draft_set_readers, sealing_circuit
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView
from tests.support.confidential_chain import ConfidentialChain
from tests.support.direct_verifier import DirectVerifier


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
    """A deployed counter whose owner is account 1 and whose reader sends from account 2.

    counts: the numbers of readers that it can have.
    """

    def __init__(self, prover: Prover, seed: str = "counter", counts: Sequence[int] = (1,)) -> None:
        self.prover = prover
        self.entropy = entropy_of(seed)
        keys: dict[VkId, bytes] = {}
        self.verifier = DirectVerifier(keys.__getitem__)
        self.chain = ConfidentialChain(self.verifier)
        self.owner, self.caller = self.chain.account(1), self.chain.account(2)
        self.calls: list[Call] = []
        self.reader: ReaderKey = reader_key(b"r" * 32)
        increment, sealing = prover.keys(INCREMENT), {count: prover.keys(sealing_circuit(count)) for count in counts}
        for key in (increment, *sealing.values()):
            self.chain.register(key.vk_id, key.verifying.public_inputs)
            keys[key.vk_id] = key.compressed
        self.contract: ObjectId = self.chain.send(self.owner, deploy_counter(increment, sealing))

    @property
    def view(self) -> ContractView:
        return self.chain.view(self.contract)

    def set_readers(self, *readers: ReaderKey) -> None:
        """The owner begins an epoch for these, or for the counter's own reader."""
        points = [reader.public for reader in readers or (self.reader,)]
        self.prove_and_send(self.owner, draft_set_readers(self.view, points, self.entropy))

    def increment(self, amount: int) -> None:
        draft = self.draft(amount)
        self.prove_and_send(self.caller, draft)
        self.calls.append(cast(Call, draft.action))

    def draft(self, amount: int) -> Draft:
        return draft_increment(self.view, self.reader, amount, self.entropy)

    def prove_and_send(self, sender: AccountId, *drafts: Draft) -> None:
        envelope = self.chain.envelope(sender, *(draft.action for draft in drafts))
        receipt = self.chain.apply(self.prover.complete(envelope, drafts))
        assert receipt.code == OK, receipt
