"""An RPC client into a chain with a shielded pool whose proofs are not looked at, and what it was asked."""

from dataclasses import replace
from typing import Any

from chain.types.receipt import OK
from chain.types.scalars import FieldElement, ObjectId
from chain.types.transaction import Transaction
from client.notes.content import Content, seal_output
from client.notes.hints import Outgoing
from client.notes.keys import FullViewKey, OutgoingViewKey
from contracts.notes.output import NoteOutput
from contracts.shielded.actions import Transfer
from crypto.notes import PoolNote
from node.rpc.method import MethodTable
from tests.support.chain_rpc import ChainRpc
from tests.support.note_records import Entropy
from tests.support.shielded_pool import ALICE, PoolChain, ephemeral, output

SECRET = 5  # e of every transfer here, as in PoolChain
PER_BLOCK = 25  # transfers that a block has room for


class PoolRpc(ChainRpc):
    """`calls`: methods and parameters in order. `before`: what happens before the next call of a method, once."""

    def __init__(self) -> None:
        super().__init__()
        self.pools = PoolChain()
        self.chain = self.pools
        self._methods = MethodTable({**self._contract_methods(), **self._own_methods()})
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.before: dict[str, Any] = {}
        self.alter: dict[str, Any] = {}
        self._entropy = Entropy(1_000)

    @property
    def pool(self) -> ObjectId:
        return self.pools.pool

    async def call(self, method: str, /, **params: Any) -> Any:
        self.calls.append((method, params))
        happens = self.before.pop(method, None)
        if happens is not None:
            happens()
        answer = await super().call(method, **params)
        return self.alter.get(method, lambda told: told)(answer)

    def sealed(
        self, to: FullViewKey, content: Content, ovk: OutgoingViewKey | None = None, index: int = 0
    ) -> NoteOutput:
        """The output of a note to an address of somebody."""
        return seal_output(self.pool, Outgoing(SECRET, to.incoming.address(index)), content, ovk, self._entropy)

    def note(self, to: FullViewKey, value: int, **options: Any) -> NoteOutput:
        """The output of a native pool note, each with other randomness."""
        rcm = int.from_bytes(self._entropy(16), "big")
        return self.sealed(to, PoolNote(0, value, rcm), **options)

    def publish(self, *outputs: NoteOutput, nullifiers: tuple[int, ...] = ()) -> list[Transaction]:
        """Blocks with a transfer for every two outputs; what is missing is foreign. The transactions."""
        made = list(outputs)
        made += [self.foreign() for _ in range(len(made) % 2)] or ([] if made else [self.foreign(), self.foreign()])
        transfers = [self._transfer(made[at : at + 2], nullifiers if at == 0 else ()) for at in range(0, len(made), 2)]
        published = []
        for start in range(0, len(transfers), PER_BLOCK):
            nonce, block = self.pools.nonce(ALICE), transfers[start : start + PER_BLOCK]
            signed = [self.pools.transaction(ALICE, each, nonce=nonce + place) for place, each in enumerate(block)]
            self._waiting.extend(signed)
            assert all(receipt.code == OK for receipt in self.block())
            published += signed
        return published

    def foreign(self) -> NoteOutput:
        """Somebody's note."""
        return output(self.pools.fresh())

    def _transfer(self, outputs: list[NoteOutput], nullifiers: tuple[int, ...]) -> Transfer:
        filled = [*map(FieldElement, nullifiers), self.pools.fresh(), self.pools.fresh()][:2]
        return self.pools.transfer(outputs=tuple(outputs), nullifiers=tuple(filled), ephemeral=ephemeral(SECRET))


def with_tag(made: NoteOutput, tag: bytes) -> NoteOutput:
    """An output under another tag, as a sender could publish it."""
    return replace(made, hint=replace(made.hint, tag=tag))
