"""Deploys and calls the confidential counter: actions from what a node answers about it."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Final

from chain.codec import encode
from chain.execution.statement import id_element
from chain.types.scalars import FieldElement, Hash, Uint
from compute.confidential import counter
from compute.confidential.errors import AmountRefused
from compute.confidential.keys import ReaderKey
from compute.confidential.prover import NO_PROOF, CircuitSource, Draft, Entropy, random_element
from compute.confidential.reader import current_data_key, open_contract
from compute.dev_keys import CircuitKeys
from contracts.confidential import state
from contracts.confidential.actions import Call, Deploy, Move
from contracts.confidential.queries import ContractView
from crypto import domains
from crypto.hashing import tagged_hash

INCREMENT: Final = CircuitSource(counter.METHOD, counter.constrain)
UNSEALED: Final = CircuitSource(counter.METHOD, partial(counter.constrain, sealed=False))  # see counter.compute


def deploy_counter(increment: CircuitKeys, sealing: Mapping[int, CircuitKeys]) -> Deploy:
    """The action that creates a confidential counter; all keys must be registered and active.

    sealing: the keys of the circuits that seal to so many readers, which are the counts it can ever have.
    """
    hashes = [increment.r1cs_hash, *(keys.r1cs_hash for _, keys in sorted(sealing.items()))]
    code = tagged_hash(domains.CONTRACT_CODE, encode(hashes))
    sealed_to = tuple(state.SealingKey(Uint(count), keys.vk_id) for count, keys in sorted(sealing.items()))
    return Deploy(Hash(code), (counter.SPEC,), (counter.method(increment.vk_id),), sealed_to)


def draft_increment(
    contract: ContractView, key: ReaderKey, amount: int, entropy: Entropy = os.urandom, *, sealed: bool = True
) -> Draft:
    """Add `amount` to the counter, as one of its readers. A fresh blinding each time: never send two drafts as one.

    Raises AmountRefused, and what `open_contract` raises.
    """
    data_key = current_data_key(key, contract)
    opening = open_contract(key, contract)[counter.REGISTER]
    (value,) = opening.values
    if not (0 <= amount < 2**counter.AMOUNT_BITS and value + amount < 2**counter.VALUE_BITS):
        raise AmountRefused
    secret = counter.Private(data_key, value, opening.blinding, amount, random_element(entropy))
    public = counter.compute(
        id_element(contract.contract), contract.record.epoch, opening.version, secret, sealed=sealed
    )
    move = Move(
        Uint(counter.REGISTER),
        Uint(public.version),
        FieldElement(public.before),
        FieldElement(public.after),
        FieldElement(public.nonce),
        tuple(FieldElement(element) for element in public.ciphertext),
    )
    method = state.require_method(contract.record, contract.contract, counter.METHOD)
    epoch, kc = contract.record.epoch, FieldElement(public.kc)
    action = Call(contract.contract, method.name, method.vk_id, epoch, kc, (), (), (move,), NO_PROOF)
    return Draft(action, INCREMENT if sealed else UNSEALED, counter.circuit_inputs(public, secret))
