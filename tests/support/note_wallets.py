"""Wallets with notes on a chain in this process. Statements are checked by the real circuit, and proofs are simulated
with the key's trapdoor: a setup takes ten seconds, and the chain verifies what it is given all the same.
"""

from functools import cache
from pathlib import Path

from chain.execution.action import Claim
from chain.types.identifiers import object_id
from chain.types.receipt import OK
from chain.types.scalars import ObjectId, ProofBytes
from client.notes.keys import spending_key
from client.notes.pages import find_pool
from compute.confidential.prover import CircuitSource, Draft, solve
from compute.dev_keys import DevKeys
from compute.shielded.payments import NoteWallet
from compute.shielded.pool_prover import PoolKeys, PoolProver
from compute.shielded.prover import TRANSFER
from contracts.registry.actions import RegisterKey
from contracts.shielded.actions import Open
from contracts.shielded.queries import PoolView
from contracts.shielded.statement import TRANSFER_SIZE
from crypto.groth16.encoding import compress_proof
from crypto.r1cs.circuit import Circuit
from tests.support.chain_rpc import ChainRpc
from tests.support.note_records import Entropy
from tests.support.programs import compressed_key, trapdoor, vk_id
from tests.support.small_chain import account, secret

OPENER, ALICE, BOB, CAROL = 1, 2, 3, 4


@cache
def circuit() -> Circuit:
    """The transfer's, built once for all tests."""
    return TRANSFER.build()


class SimulatedProver(PoolProver):
    """Proves what the circuit allows, and nothing else, with the trapdoor of the pool's key."""

    def __init__(self, pool: PoolView) -> None:
        super().__init__(PoolKeys(DevKeys(Path()), Path(), CircuitSource(TRANSFER.name, circuit)), pool)

    def require(self) -> None:
        """It needs no key file."""

    def prove(self, draft: Draft, claim: Claim) -> ProofBytes:
        solve(draft, claim, circuit())
        return ProofBytes(compress_proof(trapdoor(TRANSFER_SIZE).prove(claim.inputs, 1)))


class NoteRpc(ChainRpc):
    """A chain with one pool. `alter`: what happens to the answers of a method."""

    def __init__(self) -> None:
        super().__init__()
        chain = self.chain
        registered = chain.do(OPENER, RegisterKey(compressed_key(TRANSFER_SIZE), None))
        chain.pass_to(chain.height + chain.params.activation_delay)
        self.pool: ObjectId = object_id(account(OPENER), chain.nonce(OPENER), 0)
        opened = chain.do(OPENER, Open(vk_id(TRANSFER_SIZE)))
        assert (registered.code, opened.code) == (OK, OK)

    async def notes(self, person: int, folder: Path) -> NoteWallet:
        """The person's notes; `folder` holds the stores."""
        key = spending_key(secret(person).seed)
        prover = SimulatedProver(await find_pool(self, self.pool))
        return NoteWallet(await self.wallet(person), key, prover, folder, Entropy(person * 1_000_000))
