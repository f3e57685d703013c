"""Changes of a contract's readers: each begins a key epoch with a fresh data key, sealed to those who read from now on.

Whoever is removed keeps what was written before: those epochs' keys are his. Whoever is added cannot read what was
written before, unless a reader of that time gives it to him (compute/confidential/permits.py).
"""

import os
from collections.abc import Sequence
from functools import cache, partial

from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, ObjectId, Uint
from compute.confidential import readers as statement
from compute.confidential.errors import AlreadyReader, NoSuchReader, UnsealableCount
from compute.confidential.keys import as_pair, as_point, readers_of
from compute.confidential.prover import CircuitSource, Draft, Entropy, random_element
from contracts.confidential import state
from contracts.confidential.actions import Deploy, SetReaders, require_reader_keys
from contracts.confidential.errors import ReadersFixed
from contracts.confidential.queries import ContractView
from contracts.confidential.specs import SealingKey
from contracts.confidential.statement import NO_PROOF, SET_READERS
from contracts.notes.output import Point
from crypto.notes import EPHEMERAL_BITS


@cache
def sealing_circuit(readers: int) -> CircuitSource:
    """The circuit that seals a data key to so many readers, 1..8."""
    return CircuitSource(f"{SET_READERS}-{readers}", partial(statement.constrain, readers))


def draft_set_readers(contract: ContractView, readers: Sequence[Point], entropy: Entropy = os.urandom) -> Draft:
    """Begin the next epoch with a fresh data key for exactly these readers. The contract's owner sends it.

    Raises ReadersFixed if the contract was deployed so, and as draft_first_readers.
    """
    _require_changeable(contract)
    return _draft(contract.contract, contract.record.sealing, contract.record.epoch + 1, readers, entropy)


def _require_changeable(contract: ContractView) -> None:
    if contract.record.fixed_readers:
        raise ReadersFixed(contract.contract)


def draft_first_readers(
    contract: ObjectId, deployed: Deploy, readers: Sequence[Point], entropy: Entropy = os.urandom
) -> Draft:
    """Epoch 1 of the contract that `deployed` will create under that id: both go into one transaction, in this order.

    Raises UnsealableCount if the contract has no circuit for so many, DuplicateReader, and BadReaderKey for a key off
    the curve or the subgroup.
    """
    return _draft(contract, deployed.sealing, 1, readers, entropy)


def _draft(
    contract: ObjectId, circuits: Sequence[SealingKey], epoch: int, readers: Sequence[Point], entropy: Entropy
) -> Draft:
    sealing = {key.readers: key.vk_id for key in circuits}
    vk_id = sealing.get(Uint(len(readers)))
    if vk_id is None:
        raise UnsealableCount(len(readers), tuple(sealing))
    require_reader_keys(readers)
    secret = statement.Private(random_element(entropy), random_element(entropy, 2**EPHEMERAL_BITS))
    points = [as_pair(reader) for reader in readers]
    public = statement.compute(id_element(contract), epoch, points, secret)
    action = SetReaders(
        contract,
        Uint(epoch),
        vk_id,
        FieldElement(public.kc),
        as_point(public.ephemeral),
        tuple(state.SealedDataKey(as_point(each.reader), FieldElement(each.wrapped)) for each in public.readers),
        NO_PROOF,
    )
    return Draft(action, sealing_circuit(len(readers)), statement.circuit_inputs(public, secret))


def draft_add_reader(contract: ContractView, reader: Point, entropy: Entropy = os.urandom) -> Draft:
    """Begin an epoch whose readers are the present ones and one more. Raises AlreadyReader, as draft_set_readers."""
    _require_changeable(contract)
    present = readers_of(contract)
    if reader in present:
        raise AlreadyReader(contract.record.epoch)
    return draft_set_readers(contract, (*present, reader), entropy)


def draft_remove_reader(contract: ContractView, reader: Point, entropy: Entropy = os.urandom) -> Draft:
    """Begin an epoch that one of the present readers cannot read. Raises NoSuchReader, as draft_set_readers."""
    _require_changeable(contract)
    present = readers_of(contract)
    if reader not in present:
        raise NoSuchReader(contract.record.epoch, len(present))
    return draft_set_readers(contract, [each for each in present if each != reader], entropy)
