"""Deploys and calls the confidential counter: actions from what a node answers about it."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Final

from chain.execution.statement import id_element
from chain.types.scalars import Blob, FieldElement, Hash, Uint
from compute.confidential import counter
from compute.confidential.errors import AmountRefused
from compute.confidential.keys import ReaderKey
from compute.confidential.prover import CircuitSource, Draft, Entropy, random_element
from compute.confidential.reader import current_data_key, open_contract
from compute.dev_keys import KeyedCircuit
from contracts.confidential import state
from contracts.confidential.actions import Deploy
from contracts.confidential.call import Call, Move
from contracts.confidential.padding import padded
from contracts.confidential.queries import ContractView
from contracts.confidential.specs import SealingKey, code_hash

INCREMENT: Final = CircuitSource(counter.METHOD, counter.constrain)
UNSEALED: Final = CircuitSource(counter.METHOD, partial(counter.constrain, sealed=False))  # see counter.compute


def deploy_counter(increment: KeyedCircuit, sealing: Mapping[int, KeyedCircuit]) -> Deploy:
    """The action that creates a confidential counter; all keys must be registered and active.

    sealing: the keys of the circuits that seal to so many readers, which are the counts it can ever have.
    """
    methods = (counter.method(increment.vk_id, Hash(increment.r1cs_hash)),)
    sealed_to = tuple(
        SealingKey(Uint(count), keys.vk_id, Hash(keys.r1cs_hash)) for count, keys in sorted(sealing.items())
    )
    return Deploy(code_hash(methods, sealed_to), (counter.SPEC,), methods, sealed_to, Blob(b""))


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
        before=(FieldElement(public.before),),
        after=(FieldElement(public.after),),
        nonce=FieldElement(public.nonce),
        ciphertext=tuple(FieldElement(element) for element in public.ciphertext),
    )
    index = state.require_method(contract.record, contract.contract, counter.METHOD)
    call = Call(
        contract=contract.contract,
        method=counter.METHOD,
        vk_id=contract.record.methods[index].vk_id,
        epoch=contract.record.epoch,
        kc=FieldElement(public.kc),
        moves=(move,),
    )
    action = padded(call, contract.record.sizes[index])
    return Draft(action, INCREMENT if sealed else UNSEALED, counter.circuit_inputs(public, secret))
