"""A compiled contract as the action that deploys it."""

from collections.abc import Mapping

from chain.types.scalars import Blob, FieldElement, Hash, Uint
from compute.dev_keys import KeyedCircuit
from compute.dsl.abi import abi_bytes
from compute.dsl.arguments import initial_registers
from compute.dsl.compiled import Compiled, register_spec
from compute.dsl.elements import reduced
from compute.dsl.errors import DslError
from contracts.confidential.actions import Deploy
from contracts.confidential.specs import RegisterSpec, SealingKey, code_hash


class WrongCircuitKeys(DslError):
    """The keys given for a method are not those of its circuit."""

    code = 6433

    def __init__(self, method: str) -> None:
        super().__init__(f"the keys given for {method} are for another circuit; take Prover.keys(method.source).")
        self.method = method


def deploy(
    compiled: Compiled,
    keys: Mapping[str, KeyedCircuit],
    sealing: Mapping[int, KeyedCircuit],
    initial: Mapping[str, object] | None = None,
    abi: bytes | None = None,
    fixed_readers: bool = False,
) -> Deploy:
    """The action that creates the contract; all keys must be registered and active.

    keys: of each method's circuit, by the method's name. sealing: of the circuits that seal to so many readers, none
    for a contract without sealed registers. initial: first content of public registers, zeros where not given; abi: the
    contract's own where not given; fixed_readers: that nobody ever changes its readers, also where its class does not
    ask for that. Raises WrongCircuitKeys, WrongArguments, ArgumentRefused, AbiTooLarge.
    """
    methods = []
    for method in compiled.methods:
        if method.name not in keys or keys[method.name].r1cs_hash != method.r1cs_hash:
            raise WrongCircuitKeys(method.name)
        methods.append(method.spec(keys[method.name].vk_id))
    sealed_to = tuple(
        SealingKey(Uint(count), circuit.vk_id, Hash(circuit.r1cs_hash)) for count, circuit in sorted(sealing.items())
    )
    said = abi_bytes(compiled) if abi is None else abi
    return Deploy(
        code_hash(methods, sealed_to),
        register_specs(compiled, initial or {}),
        tuple(methods),
        sealed_to,
        Blob(said),
        fixed_readers or compiled.declaration.fixed_readers,
    )


def register_specs(compiled: Compiled, initial: Mapping[str, object]) -> tuple[RegisterSpec, ...]:
    """The contract's registers as a deployment says them. Raises WrongArguments, ArgumentRefused."""
    found = initial_registers(compiled.declaration, initial)
    return tuple(
        register_spec(
            declared,
            () if declared.sealed else tuple(map(FieldElement, reduced(found[declared.name].numbers))),
        )
        for declared in compiled.declaration.registers
    )
