"""Fixed readers off the chain: a class asks for them, its deployment follows, and nobody mistakes others for such."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from compute.confidential.errors import UnsealableCount
from compute.confidential.permits import open_permit
from compute.confidential.reader_changes import draft_first_readers
from compute.dsl import Contract, Private, Sealed, contract, method, u64
from compute.dsl.abi import abi
from compute.dsl.calls import ReadersNotFixed
from compute.dsl.deployment import deploy
from compute.dsl.readme import readme
from compute.sandbox import Deployed, Person, Sandbox
from contracts.confidential.errors import ReadersFixed, ReadersMissing, UnknownContract
from tests.support.dsl_contracts import Counter


@contract
class Joint(Contract):
    """A sum of two people's, whom nobody can part."""

    fixed_readers = True
    total = Sealed(u64)

    @method
    def add(self, amount: Private[u64]) -> None:
        """Add to it."""
        self.total += amount


class Asked:
    """The same circuits, of a class that asks for nothing."""

    declaration = replace(Joint.compiled.declaration, fixed_readers=False)
    compiled = replace(Joint.compiled, declaration=declaration)


@pytest.fixture(scope="module")
def opened() -> Iterator[Sandbox]:
    with Sandbox() as chain:
        yield chain


@pytest.fixture
def chain(opened: Sandbox) -> Iterator[Sandbox]:
    with opened.snapshot():
        yield opened


@pytest.fixture
def people(chain: Sandbox) -> tuple[Person, Person, Person]:
    return chain.person("owner"), chain.person("other"), chain.person("third")


def test_a_class_that_asks_is_deployed_so(chain: Sandbox, people: tuple[Person, Person, Person]) -> None:
    owner, other, third = people
    joint = chain.deploy(Joint, owner, readers=[owner, other])
    assert (joint.view.record.fixed_readers, joint.view.record.epoch) == (True, 1)
    with pytest.raises(ReadersFixed):
        joint.set_readers(owner)
    with pytest.raises(ReadersFixed):
        joint.add_reader(third)
    with pytest.raises(ReadersFixed):
        joint.remove_reader(other)
    joint.add(5, sender=other)
    assert joint.read(owner).total == 5 and joint.readers == [owner, other]


def test_whoever_deploys_may_fix_readers_that_the_class_leaves_open(
    chain: Sandbox, people: tuple[Person, Person, Person]
) -> None:
    owner, other, _ = people
    counter = chain.deploy(Counter, owner, readers=[owner, other], fixed_readers=True)
    with pytest.raises(ReadersFixed):
        counter.remove_reader(other)
    assert not chain.deploy(Counter, owner).view.record.fixed_readers


def test_a_class_that_asks_calls_no_contract_whose_owner_can_change_readers(
    chain: Sandbox, people: tuple[Person, Person, Person]
) -> None:
    owner, other, _ = people
    kept = chain.deploy(Asked, owner, readers=[owner, other])  # type: ignore[arg-type]
    with pytest.raises(ReadersNotFixed):
        Deployed(chain, Joint.compiled, kept.id, owner).add(1, sender=other)
    fixed = chain.deploy(Asked, owner, readers=[owner, other], fixed_readers=True)  # type: ignore[arg-type]
    Deployed(chain, Joint.compiled, fixed.id, owner).add(1, sender=other)


def test_the_first_readers_come_with_the_contract_or_not_at_all(
    chain: Sandbox, people: tuple[Person, Person, Person]
) -> None:
    owner, other, _ = people
    record = chain.deploy(Joint, owner, readers=[owner, other]).view.record
    keys = {each.name: chain.circuit(each.source) for each in Joint.compiled.methods}
    action = replace(deploy(Joint.compiled, keys, {}), sealing=record.sealing, code_hash=record.code_hash)
    contract_id = chain.local.envelope_of(owner.id, action).object_id(0)
    draft = draft_first_readers(contract_id, action, [owner.reader.public], chain.entropy)
    with pytest.raises(ReadersMissing):
        chain.send(owner, action)
    with pytest.raises(UnknownContract):
        chain.send(owner, draft)
    with pytest.raises(UnknownContract):
        chain.send(owner, draft, action)
    with pytest.raises(UnsealableCount):
        draft_first_readers(contract_id, action, [each.reader.public for each in people], chain.entropy)
    chain.send(owner, action, draft)
    assert chain.contract(contract_id).record.epoch == 1


def test_a_permit_has_no_end_as_there_is_no_later_epoch(chain: Sandbox, people: tuple[Person, Person, Person]) -> None:
    owner, other, auditor = people
    joint = chain.deploy(Joint, owner, readers=[owner, other])
    opened = open_permit(joint.permit(other, auditor), auditor.reader, chain.identity)
    joint.add(7, sender=owner)
    assert joint.read(opened).total == 7


def test_the_abi_and_the_page_say_what_the_class_asks_for() -> None:
    assert (abi(Joint.compiled)["fixed_readers"], abi(Counter.compiled)["fixed_readers"]) == (True, False)
    assert "nobody can add or remove one, its owner neither" in readme(Joint.compiled)
    assert "Whoever deploys it changes its readers at any time" in readme(Counter.compiled)
