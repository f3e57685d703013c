"""All calls of a method look alike: one encoded size, one figure of work, one number of public inputs."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chain.codec import encode
from chain.execution import accounts
from chain.execution.fees import transaction_work
from chain.params import DEVNET
from chain.types.scalars import (
    MAX_UINT,
    NATIVE,
    AccountId,
    Amount,
    AssetId,
    Blob,
    FieldElement,
    Height,
    Name,
    ObjectId,
    Signature,
    Uint,
    VkId,
)
from chain.types.transaction import Transaction
from contracts.confidential import lease_state, state
from contracts.confidential.call import Call, Move, Pay, Take
from contracts.confidential.call_sizes import call_bytes, call_cost
from contracts.confidential.description import check_description
from contracts.confidential.errors import BadDeployment, WrongPadding
from contracts.confidential.padding import padded, require_padding
from contracts.confidential.signals import call_signals, call_size
from contracts.confidential.specs import INBOX, LEASE, MODES, SORTS, Method, RegisterSpec
from crypto.field import SCALAR_FIELD
from tests.support.confidential_chain import HEIGHT, ConfidentialChain
from tests.support.contract_calls import R1CS, call_of, deployment, method, outputs, register
from tests.support.shielded_pool import ephemeral, output

ELEMENTS = st.integers(0, SCALAR_FIELD - 1)
COUNTS = st.integers(0, MAX_UINT - 1) | st.sampled_from((0, 127, 128, 255, 256, 2**16, 2**32, MAX_UINT - 1))
FUNDS = 10**15
ASSET = AssetId(b"a" * 32)


@st.composite
def descriptions(draw: st.DrawFn) -> tuple[tuple[RegisterSpec, ...], Method]:
    """A contract's registers, and one method that uses some of everything."""
    count = draw(st.integers(0, 4))
    shape = st.tuples(st.sampled_from(SORTS), st.sampled_from(MODES), st.integers(1, 3))
    registers = tuple(register(f"r{index}", *draw(shape)) for index in range(count))
    order = draw(st.permutations([Uint(index) for index in range(count)]))
    first, last = sorted((draw(st.integers(0, count)), draw(st.integers(0, count))))
    inboxes = [index for index in order if registers[index].mode == INBOX]
    few = st.integers(0, 2)
    made = outputs(*draw(st.lists(st.integers(1, 4), max_size=2)))
    if inboxes and draw(st.booleans()):
        made = tuple(replace(each, inbox=inboxes[0]) for each in made)
    spec = Method(
        Name(draw(st.sampled_from(("m", "a_much_longer_name_of_a_method")))),
        VkId(b"k" * 32),
        R1CS,
        caller=draw(st.booleans()),
        period=draw(st.booleans()),
        arguments=Uint(draw(st.integers(0, 3) | st.integers(14, 18))),
        reads=tuple(order[:first]),
        writes=tuple(order[first:last]),
        counts=tuple(inboxes) if draw(st.booleans()) else (),
        nullifiers=Uint(draw(few)),
        outputs=made,
        takes=Uint(draw(few)),
        pays=Uint(draw(few)),
    )
    try:
        check_description(deployment(registers, (spec,)))
    except BadDeployment:
        assume(False)
    return registers, spec


class World:
    """A deployed contract whose state is whatever was drawn, and a caller who may call it."""

    def __init__(self, registers: tuple[RegisterSpec, ...], spec: Method, draw: Callable[..., object]) -> None:
        self.chain, self._draw = ConfidentialChain(), draw
        deploy = deployment(registers, (spec,))
        for key, size in ((spec.vk_id, call_size(spec, registers)), *((key.vk_id, 9) for key in deploy.sealing)):
            self.chain.register(key, size)
        self.sender: AccountId = self.chain.account(2)
        self.contract: ObjectId = self.chain.send(self.chain.account(1), deploy)
        accounts.mint(self.chain.overlay, self.sender, Amount(FUNDS), ASSET)
        for asset in (NATIVE, ASSET):
            accounts.mint(self.chain.overlay, self.chain.account(3), Amount(FUNDS), asset)
            accounts.deposit(self.chain.overlay, self.chain.account(3), self.contract, Amount(FUNDS), asset)
        self._set_state(registers)

    def _set_state(self, registers: tuple[RegisterSpec, ...]) -> None:
        overlay, contract = self.chain.overlay, self.contract
        epoch = Uint(max(self.count(), 1))
        record = state.require_contract(overlay, contract)
        state.write_contract(overlay, contract, replace(record, epoch=epoch))
        state.write_epoch(overlay, contract, epoch, state.Epoch(self.element(), ephemeral(), ()))
        for index, spec in enumerate(registers):
            content = tuple(self.element() for _ in range(spec.public_length))
            now = state.Register(self.count(), content, Uint(0), FieldElement(0), ())
            state.write_register(overlay, contract, index, now)
            overlay.put(state.posted_key(contract, index), encode(state.Posted(self.count())))
            if spec.mode == LEASE:
                lease = lease_state.Leased(self.sender, ObjectId(bytes(32)), Height(HEIGHT))
                overlay.put(lease_state.LEASED.key(contract, index.to_bytes(8, "big")), encode(lease))

    def element(self) -> FieldElement:
        return FieldElement(self._draw(ELEMENTS))  # type: ignore[arg-type]

    def count(self) -> Uint:
        return Uint(self._draw(COUNTS))  # type: ignore[arg-type, call-overload]

    def amount(self) -> Amount:
        return Amount(self._draw(st.integers(0, FUNDS // 4) | st.sampled_from((0, 1, 127, 128))))  # type: ignore[arg-type]

    def asset(self) -> AssetId:
        return AssetId(self._draw(st.sampled_from((NATIVE, ASSET))))  # type: ignore[arg-type]

    def call(self, spec: Method) -> Call:
        """A call of the method that state lets pass, with values that were drawn."""
        changes: dict[str, object] = {
            "takes": tuple(Take(self.asset(), self.amount()) for _ in range(spec.takes)),
            "pays": tuple(Pay(self.sender, self.asset(), self.amount()) for _ in range(spec.pays)),
            "nullifiers": tuple(FieldElement(index + 1) for index in range(spec.nullifiers)),
            "outputs": tuple(output(self.count() // 10**6, each.elements) for each in spec.outputs),
        }
        if spec.period:
            changes |= {"after": Height(self.count() % (HEIGHT + 1)), "before": Height(max(self.count(), HEIGHT))}
        return call_of(self.chain.overlay, self.contract, spec.name, self.element, **changes)


@settings(max_examples=60)
@given(st.data(), descriptions())
def test_every_valid_call_of_a_method_has_one_size_one_price_and_one_number_of_inputs(
    data: st.DataObject, description: tuple[tuple[RegisterSpec, ...], Method]
) -> None:
    registers, spec = description
    shapes = set()
    for _ in range(2):
        world = World(registers, spec, data.draw)
        call = world.call(spec)
        world.chain.check(world.sender, call)
        envelope = replace(world.chain.envelope(world.sender, call))
        transaction = Transaction(envelope, Signature(bytes(64)))
        (claim,) = transaction.claims[0]
        shapes.add((len(encode(call)), transaction_work(transaction, DEVNET), len(claim.inputs), len(transaction.raw)))
    ((size, work, inputs, whole),) = shapes
    cost = call_cost(spec, registers, DEVNET.prices)
    assert size == cost.bytes == call_bytes(spec, registers) and size % 256 == 0
    assert inputs == cost.inputs == call_size(spec, registers) == len(set(call_signals(spec, registers)))
    around = -(-(whole - size) // 256) * DEVNET.prices.bytes_bucket + DEVNET.prices.signature + DEVNET.prices.write
    assert work == cost.work + around


REGISTERS = (register("r"),)
ADD = method("add", REGISTERS, writes=(Uint(0),), takes=Uint(2))


def call_of_size(missing: int) -> tuple[Call, int]:
    """An unpadded call, and a size that lacks so many bytes."""
    call = Call(ObjectId(bytes(32)), ADD.name, ADD.vk_id)
    return call, len(encode(call)) + missing


@pytest.mark.parametrize("missing", [0, 1, 254, 255, 257, 258, 600])
def test_padding_makes_up_for_any_number_of_bytes_but_one(missing: int) -> None:
    call, size = call_of_size(missing)
    assert len(encode(padded(call, size))) == size


@pytest.mark.parametrize("missing", [-1, 256])
def test_a_size_that_no_padding_reaches_is_refused(missing: int) -> None:
    call, size = call_of_size(missing)
    with pytest.raises(WrongPadding):
        padded(call, size)


def test_padding_is_zeros() -> None:
    call, size = call_of_size(100)
    whole = padded(call, size)
    require_padding(whole, size)
    told = replace(whole, padding=Blob(b"secret".ljust(len(whole.padding), b"\0")))
    with pytest.raises(WrongPadding):
        require_padding(told, size)


def test_sizes_keep_clear_of_the_number_of_bytes_that_cannot_be_made_up() -> None:
    """For methods of any length, and calls of every length that a method's can have."""
    close = 0
    for arguments, letters in product(range(4), range(1, 32)):
        arguments_of = {"arguments": Uint(arguments), "writes": (Uint(0),), "takes": Uint(6)}
        spec = Method(Name("a" * letters), VkId(b"k" * 32), R1CS, **arguments_of)  # type: ignore[arg-type]
        size = call_bytes(spec, REGISTERS)
        lengths = [len(encode(padded(sized(spec, extra), size))) for extra in range(6 * 8 + 1)]
        assert lengths == [size] * len(lengths)
        bare = [len(encode(sized(spec, extra))) for extra in (0, 6 * 8)]
        close += -(-bare[1] // 256) * 256 - bare[0] >= 256
    assert close > 8  # where rounding up alone would have gone wrong


def sized(spec: Method, extra: int) -> Call:
    """An unpadded call whose six amounts are `extra` bytes longer than the shortest, in the steps that msgpack has."""
    steps = {0: 0, 1: 128, 2: 2**8, 4: 2**16, 8: 2**32}
    amounts = []
    for _ in range(6):
        step = max(each for each in steps if each <= extra)
        amounts.append(Amount(steps[step]))
        extra -= step
    content, zeros = (FieldElement(0),), (FieldElement(0),) * 2
    return Call(
        ObjectId(bytes(32)),
        spec.name,
        spec.vk_id,
        Uint(MAX_UINT),
        FieldElement(0),
        arguments=(FieldElement(0),) * spec.arguments,
        moves=(Move(Uint(0), Uint(MAX_UINT), content, content, FieldElement(0), zeros),),
        takes=tuple(Take(NATIVE, amount) for amount in amounts),
    )
