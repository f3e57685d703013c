"""Verifying keys, programs and providers that are ready to use on a SmallChain."""

from functools import cache

from chain.types.receipt import OK
from chain.types.scalars import Amount, Blob, EncryptionKeyBytes, FieldElement, Hash, ProgramId, ProofBytes, Uint, VkId
from contracts.registry.actions import RegisterKey, RegisterProgram
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL, public_inputs
from contracts.tasks.provider_actions import RegisterProvider
from contracts.tasks.state import PROOF
from crypto.groth16.encoding import compress_key, key_id
from tests.support.small_chain import CLU, SmallChain
from tests.support.trapdoor import Trapdoor

R1CS = Hash(b"\x11" * 32)
NO_PROOF = ProofBytes(bytes(128))
BOND = Amount(10 * CLU)


@cache
def trapdoor(inputs: int, seed: int = 1) -> Trapdoor:
    return Trapdoor.random(inputs, seed)


@cache
def compressed_key(inputs: int, seed: int = 1) -> Blob:
    """A well-formed verifying key, the same for the same seed."""
    return Blob(compress_key(trapdoor(inputs, seed).key()))


def vk_id(inputs: int, seed: int = 1) -> VkId:
    return VkId(key_id(compressed_key(inputs, seed)))


def program_of(
    outputs: int,
    *,
    bound: bool = True,
    royalty_bps: int = 0,
    seed: int = 1,
    model: FieldElement | None = None,
) -> RegisterProgram:
    """The registration of a program for the key of this seed; of one of its many models when `model` is given."""
    statement = INFERENCE if model is None else INFERENCE_COMMITTED_MODEL
    key = vk_id(public_inputs(statement, outputs, bound), seed)
    royalty = Uint(royalty_bps)
    return RegisterProgram(key, R1CS, Blob(b"manifest"), royalty, statement, Uint(outputs), bound, model)


def registered_program(
    chain: SmallChain,
    owner: int,
    outputs: int = 2,
    *,
    bound: bool = True,
    royalty_bps: int = 0,
    seed: int = 1,
    model: FieldElement | None = None,
) -> ProgramId:
    """Register a key and its program, in one block of `owner`; the program can be asked for in the next."""
    action = program_of(outputs, bound=bound, royalty_bps=royalty_bps, seed=seed, model=model)
    key = RegisterKey(compressed_key(public_inputs(action.statement, outputs, bound), seed), None)
    receipt = chain.do(owner, key, action)
    assert receipt.code == OK, receipt
    return action.program


def encryption_key(person: int) -> EncryptionKeyBytes:
    return EncryptionKeyBytes(bytes([person]) * 32)


def register_providers(chain: SmallChain, *people: int, bond: int = BOND) -> None:
    """Bond these people as providers, in one block."""
    action = {person: RegisterProvider(Amount(bond), encryption_key(person), Amount(1), (PROOF,)) for person in people}
    receipts = chain.block(*(chain.transaction(person, action[person]) for person in people))
    assert all(receipt.code == OK for receipt in receipts), receipts
