"""A task on a real chain that only a proof is missing for: key, program, provider, task and lock, each final."""

from dataclasses import dataclass, replace

from chain.types.identifiers import object_id
from chain.types.scalars import Amount, Blob, FieldElement, Height, ObjectId, ProofBytes, Uint
from chain.types.transaction import Envelope
from client.wallet import Wallet
from contracts.registry.actions import RegisterKey
from contracts.tasks.actions import Lock, Open, SealedKey, Settle, Terms
from contracts.tasks.provider_actions import RegisterProvider
from contracts.tasks.state import PROOF
from crypto.groth16.encoding import compress_proof
from tests.support.programs import BOND, NO_PROOF, compressed_key, encryption_key, program_of, trapdoor, vk_id

OUTPUTS = (FieldElement(7), FieldElement(8))
INPUTS = 3 + len(OUTPUTS)
COMMITMENT = FieldElement(424_242)


@dataclass(frozen=True)
class OpenedTask:
    """A task, how it was offered, and its result once it is locked, with a proof of zeros."""

    id: ObjectId
    offer: Open
    action: Settle


async def prepare(owner: Wallet, provider: Wallet) -> None:
    """A program that anybody can simulate proofs for, and a bonded provider."""
    program = program_of(len(OUTPUTS))
    await owner.submit([RegisterKey(compressed_key(INPUTS), None), program])
    await provider.submit([RegisterProvider(BOND, encryption_key(1), Amount(1), (PROOF,))])


async def locked_task(requester: Wallet, provider: Wallet) -> OpenedTask:
    """Open a task and lock it; `prepare` comes first."""
    task = await opened_task(requester, provider)
    await provider.submit([Lock(task.id)])
    return task


async def opened_task(requester: Wallet, provider: Wallet) -> OpenedTask:
    """Open a task whose input is sealed to the provider."""
    envelope = await requester.prepare([])
    height = (await requester.rpc.call("chain_status"))["height"]
    terms = Terms(
        program=program_of(len(OUTPUTS)).program,
        input_commitment=COMMITMENT,
        evidence_kind=PROOF,
        price_start=Amount(100_000),
        price_end=Amount(200_000),
        ramp_end=Height(height + 200),
        collateral=Amount(5_000_000),
        lock_deadline=Height(height + 1_000),
        deadline=Height(height + 2_000),
    )
    offer = Open(terms, Blob(bytes(64)), (SealedKey(provider.account, Blob(bytes(80))),))
    task_id = object_id(requester.account, envelope.nonce, 0)
    await requester.submit([offer])
    return OpenedTask(task_id, offer, Settle(task_id, vk_id(INPUTS), Uint(1), COMMITMENT, None, OUTPUTS, NO_PROOF))


def proven(envelope: Envelope, *, wrong: bool = False) -> Envelope:
    """The envelope of one result with a proof that verifies; a wrong one is of the same form and does not."""
    (action,) = envelope.actions
    assert isinstance(action, Settle)
    (claim,) = action.claims(envelope, 0)
    inputs = (*claim.inputs[:-1], claim.inputs[-1] + 1) if wrong else claim.inputs
    proof = ProofBytes(compress_proof(trapdoor(INPUTS).prove(inputs, seed=1)))
    return replace(envelope, actions=(replace(action, proof=proof),))
