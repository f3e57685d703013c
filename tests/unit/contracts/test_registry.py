"""Keys, programs and models: what may be registered, by whom, and from when on it may be used."""

from dataclasses import replace

import pytest

from chain.codec import encode
from chain.execution.fees import transaction_work
from chain.types.receipt import OK
from chain.types.scalars import Blob, FieldElement, Hash, Height, Name, ObjectId, ProgramId, Text, Uint, VkId
from contracts.registry import state
from contracts.registry.actions import MAX_MANIFEST_BYTES, Ceremony, PublishModel, RegisterKey
from contracts.registry.errors import (
    InputCountMismatch,
    InsecureKey,
    KeyAlreadyRegistered,
    KeyNotActive,
    KeyUnknown,
    ManifestSize,
    ModelNameUnknown,
    ModelUnknown,
    NoOutputs,
    NotAModelName,
    NotNameOwner,
    NotProgramOwner,
    ProgramAlreadyRegistered,
    ProgramUnknown,
    RoyaltyTooHigh,
    StatementUnknown,
    VersionTaken,
)
from contracts.registry.events import KeyRegistered, ModelPublished, ProgramRegistered
from contracts.registry.statement import INFERENCE, INFERENCE_COMMITTED_MODEL
from crypto import domains
from crypto.groth16.encoding import compress_key
from crypto.groth16.errors import ForgeableKey, Groth16Error, WrongLength
from crypto.hashing import tagged_hash
from tests.support.programs import R1CS, compressed_key, program_of, registered_program, trapdoor, vk_id
from tests.support.small_chain import SmallChain, account

INPUTS = 5
CEREMONY = Ceremony(Hash(b"\x01" * 32), R1CS, Hash(b"\x03" * 32))


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


def publish(program: ProgramId, model: str = "digits", version: str = "1.0") -> PublishModel:
    return PublishModel(Name(model), Name(version), program, Text("reads digits"))


# Keys


def test_a_key_is_known_by_its_hash_and_active_after_the_delay(chain: SmallChain) -> None:
    key = compressed_key(INPUTS)
    receipt = chain.do(1, RegisterKey(key, None))
    expected = VkId(tagged_hash(domains.VERIFYING_KEY, key))
    active_from = Height(1 + chain.params.activation_delay)
    assert receipt.events == (KeyRegistered(expected, account(1), active_from),)
    assert state.key_bytes(chain.view, expected) == key
    record = state.require_active_key(chain.view, expected, active_from)
    assert (record.registrant, record.public_inputs, record.registered_at) == (account(1), INPUTS, 1)


def test_a_key_is_refused_before_its_delay_is_over() -> None:
    chain = SmallChain(activation_delay=Uint(5))
    chain.do(1, RegisterKey(compressed_key(INPUTS), None))
    with pytest.raises(KeyNotActive) as refused:
        state.require_active_key(chain.view, vk_id(INPUTS), Height(5))
    assert (refused.value.active_from, refused.value.height) == (6, 5)
    state.require_active_key(chain.view, vk_id(INPUTS), Height(6))


def test_an_unknown_key_is_refused(chain: SmallChain) -> None:
    with pytest.raises(KeyUnknown):
        state.require_active_key(chain.view, vk_id(INPUTS), Height(9))
    with pytest.raises(KeyUnknown):
        state.key_bytes(chain.view, vk_id(INPUTS))


def test_the_same_key_is_not_registered_twice(chain: SmallChain) -> None:
    chain.do(1, RegisterKey(compressed_key(INPUTS), None))
    with pytest.raises(KeyAlreadyRegistered):
        chain.check(2, RegisterKey(compressed_key(INPUTS), CEREMONY))


def test_a_key_with_gamma_equal_to_delta_is_refused(chain: SmallChain) -> None:
    known = trapdoor(INPUTS)
    forgeable = replace(known, delta=known.gamma).key()
    receipt = chain.do(1, RegisterKey(Blob(compress_key(forgeable)), None))
    assert receipt.code == ForgeableKey.code
    with pytest.raises(ForgeableKey):
        chain.check(1, RegisterKey(Blob(compress_key(forgeable)), None))


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_a_truncated_key_is_refused(chain: SmallChain, cut: int) -> None:
    with pytest.raises(WrongLength):
        chain.check(1, RegisterKey(Blob(compressed_key(INPUTS)[:cut]), None))


def test_a_key_off_its_curve_is_refused(chain: SmallChain) -> None:
    key = bytearray(compressed_key(INPUTS))
    key[20] ^= 1
    with pytest.raises(Groth16Error):
        chain.check(1, RegisterKey(Blob(bytes(key)), None))


def test_a_chain_that_allows_no_insecure_keys_takes_none_without_a_ceremony() -> None:
    chain = SmallChain(allow_insecure_keys=False)
    with pytest.raises(InsecureKey):
        chain.check(1, RegisterKey(compressed_key(INPUTS), None))
    chain.check(1, RegisterKey(compressed_key(INPUTS), CEREMONY))


def test_a_key_pays_for_being_checked(chain: SmallChain) -> None:
    registration = chain.transaction(1, RegisterKey(compressed_key(INPUTS), None))
    lookalike = chain.transaction(1, program_of(2))
    assert RegisterKey.writes == type(program_of(2)).writes
    difference = transaction_work(registration, chain.params) - transaction_work(lookalike, chain.params)
    assert difference >= RegisterKey.work


# Programs


def test_a_program_is_known_by_what_it_is(chain: SmallChain) -> None:
    chain.do(1, RegisterKey(compressed_key(INPUTS), None))
    action = program_of(2, royalty_bps=250)
    receipt = chain.do(2, action)
    manifest_hash = Hash(tagged_hash(domains.MANIFEST, b"manifest"))
    parts = state.ProgramParts(action.vk_id, R1CS, manifest_hash, INFERENCE, Uint(2), True, None)
    expected = ProgramId(tagged_hash(domains.PROGRAM, encode(parts)))
    assert receipt.events == (ProgramRegistered(expected, action.vk_id, account(2)),)
    program = state.require_program(chain.view, expected)
    assert (program.owner, program.royalty_bps, program.outputs, program.bound) == (account(2), 250, 2, True)
    assert state.read_manifest(chain.view, program) == b"manifest"


def test_a_program_may_be_registered_together_with_its_key(chain: SmallChain) -> None:
    program = registered_program(chain, owner=1)
    assert state.require_program(chain.view, program).owner == account(1)


def test_a_program_is_registered_once(chain: SmallChain) -> None:
    registered_program(chain, owner=1)
    with pytest.raises(ProgramAlreadyRegistered) as refused:
        chain.check(2, program_of(2))
    assert refused.value.owner == account(1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"manifest": Blob(b"")}, ManifestSize),
        ({"manifest": Blob(bytes(MAX_MANIFEST_BYTES + 1))}, ManifestSize),
        ({"royalty_bps": Uint(10_001)}, RoyaltyTooHigh),
        ({"outputs": Uint(0)}, NoOutputs),
        ({"outputs": Uint(3)}, InputCountMismatch),
        ({"bound": False}, InputCountMismatch),
        ({"statement": Name("divination")}, StatementUnknown),
        ({"vk_id": VkId(bytes(32))}, KeyUnknown),
    ],
)
def test_a_program_that_breaks_a_rule_is_refused(
    chain: SmallChain, change: dict[str, object], error: type[Exception]
) -> None:
    chain.do(1, RegisterKey(compressed_key(INPUTS), None))
    chain.check(1, program_of(2))
    with pytest.raises(error):
        chain.check(1, replace(program_of(2), **change))  # type: ignore[arg-type]


def test_an_unbound_program_has_two_public_inputs_less(chain: SmallChain) -> None:
    chain.do(1, RegisterKey(compressed_key(3), None))
    action = program_of(2, bound=False)
    assert action.vk_id == vk_id(3)
    chain.check(1, action)


@pytest.mark.parametrize(
    "change",
    [
        {"vk_id": VkId(bytes(32))},
        {"r1cs_hash": Hash(bytes(32))},
        {"manifest": Blob(b"another")},
        {"statement": INFERENCE_COMMITTED_MODEL},
        {"outputs": Uint(3)},
        {"bound": False},
        {"model": FieldElement(0)},
    ],
)
def test_whatever_changes_what_settles_a_program_changes_its_id(change: dict[str, object]) -> None:
    assert replace(program_of(2), **change).program != program_of(2).program  # type: ignore[arg-type]


def test_nobody_takes_a_programs_id_by_reading_its_key_another_way(chain: SmallChain) -> None:
    """Unbound with two outputs more the input count fits: the key's ctx would pass for the input commitment."""
    disguised = replace(program_of(2), bound=False, outputs=Uint(4))
    assert chain.do(1, RegisterKey(compressed_key(INPUTS), None), disguised).code == OK
    receipt = chain.do(2, program_of(2), publish(program_of(2).program))
    assert receipt.code == OK
    honest = state.require_program(chain.view, program_of(2).program)
    assert (honest.owner, honest.bound, honest.outputs) == (account(2), True, 2)


def test_programs_with_equal_manifests_share_one_entry(chain: SmallChain) -> None:
    registered_program(chain, owner=1, seed=1)
    registered_program(chain, owner=1, seed=2)
    assert len(list(chain.view.iterate(state.MANIFEST.scan()))) == 1


def test_an_unknown_program_is_refused(chain: SmallChain) -> None:
    with pytest.raises(ProgramUnknown):
        state.require_program(chain.view, ProgramId(bytes(32)))


# Models


def test_a_model_is_found_by_name_and_by_version(chain: SmallChain) -> None:
    program, newer = registered_program(chain, owner=1), registered_program(chain, owner=1, seed=2)
    receipt = chain.do(1, publish(program))
    event = receipt.events[0]
    assert isinstance(event, ModelPublished)
    assert state.model_by_name(chain.view, "digits").program == program
    chain.do(1, publish(newer, version="1.1"))
    assert state.model_by_name(chain.view, "digits").program == newer
    assert state.model_by_name(chain.view, "digits", "1.0").id == event.id
    assert [model.version for model in state.newest_models(chain.view)] == ["1.1"]


def test_one_transaction_may_publish_a_model_with_its_key_and_program(chain: SmallChain) -> None:
    program = program_of(2)
    receipt = chain.do(1, RegisterKey(compressed_key(INPUTS), None), program, publish(program.program))
    assert receipt.code == OK


@pytest.mark.parametrize("text", ["Digits", "-digits", "dig its", "dígits", "digits\n", ".", "a/b"])
def test_names_and_versions_cannot_be_mistaken_for_others(chain: SmallChain, text: str) -> None:
    program = registered_program(chain, owner=1)
    with pytest.raises(NotAModelName):
        chain.check(1, publish(program, model=text))
    with pytest.raises(NotAModelName):
        chain.check(1, publish(program, version=text))


def test_a_version_is_published_once(chain: SmallChain) -> None:
    program = registered_program(chain, owner=1)
    chain.do(1, publish(program))
    with pytest.raises(VersionTaken):
        chain.check(1, publish(program))


def test_a_name_belongs_to_its_first_publisher(chain: SmallChain) -> None:
    chain.do(1, publish(registered_program(chain, owner=1)))
    other = registered_program(chain, owner=2, seed=2)
    with pytest.raises(NotNameOwner) as refused:
        chain.check(2, publish(other, version="2.0"))
    assert refused.value.owner == account(1)


def test_only_its_owner_publishes_a_program(chain: SmallChain) -> None:
    program = registered_program(chain, owner=1)
    with pytest.raises(NotProgramOwner):
        chain.check(2, publish(program))
    with pytest.raises(ProgramUnknown):
        chain.check(2, publish(ProgramId(bytes(32))))


@pytest.mark.parametrize("name", ["nothing", "", "ä", "x" * 65, "a\0"])
def test_a_model_that_nobody_published_is_not_found(chain: SmallChain, name: str) -> None:
    with pytest.raises(ModelNameUnknown):
        state.model_by_name(chain.view, name)


@pytest.mark.parametrize("version", ["2.0", "", "ä", "x" * 65])
def test_a_version_that_nobody_published_is_not_found(chain: SmallChain, version: str) -> None:
    chain.do(1, publish(registered_program(chain, owner=1)))
    with pytest.raises(ModelNameUnknown):
        state.model_by_name(chain.view, "digits", version)


def test_an_unknown_model_is_refused(chain: SmallChain) -> None:
    with pytest.raises(ModelUnknown):
        state.require_model(chain.view, ObjectId(bytes(32)))
