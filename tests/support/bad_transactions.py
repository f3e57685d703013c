"""One bad transaction for each rule, every one otherwise good, made for a chain where a task waits to be settled."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache

import msgpack

from chain.types.scalars import AccountId, Amount, Blob, ChainId, Hash, Height, Nonce, Uint, VkId
from chain.types.transaction import FROM_PROOF, Envelope, FeeSource, Transaction
from client.wallet import Wallet
from contracts.registry.actions import RegisterKey, RegisterProgram
from contracts.tasks.actions import Lock, Open
from contracts.token.actions import Transfer
from crypto.groth16.encoding import compress_key
from tests.support.open_task import OpenedTask, proven
from tests.support.programs import compressed_key, program_of, trapdoor


@dataclass(frozen=True)
class Market:
    """Wallets and what was prepared: `open_task` is not locked, `unbonded` may lock it but has no bond any more."""

    payer: Wallet
    provider: Wallet
    unbonded: Wallet
    stranger: Wallet  # without money
    open_task: bytes
    locked: OpenedTask
    offer: Open  # of the open task
    frozen_offer: Open  # under a program whose key is frozen

    def pay(self, amount: int = 1) -> Transfer:
        return Transfer(self.provider.account, Amount(amount))


Build = Callable[[Market], Awaitable[bytes]]

ONE_TIME = AccountId(bytes(32))


def of_payer(**changes: object) -> Build:
    """A transfer of the payer with some fields of its envelope changed."""

    async def build(market: Market) -> bytes:
        envelope = await market.payer.prepare([market.pay()])
        return market.payer.sign_envelope(replace(envelope, **changes)).raw  # type: ignore[arg-type]

    return build


def shifted(**steps: int) -> Build:
    """A transfer of the payer with numbers of its envelope moved."""

    async def build(market: Market) -> bytes:
        envelope = await market.payer.prepare([market.pay()])
        moved = {name: getattr(envelope, name) + step for name, step in steps.items()}
        return market.payer.sign_envelope(replace(envelope, **moved)).raw  # type: ignore[arg-type]

    return build


def acting(who: str, *actions: Callable[[Market], object], fee_limit: int = 10**10) -> Build:
    """A transaction of one of the wallets with these actions."""

    async def build(market: Market) -> bytes:
        wallet: Wallet = getattr(market, who)
        envelope = await wallet.prepare([action(market) for action in actions], fee_limit=fee_limit)
        return wallet.sign_envelope(envelope).raw

    return build


def settling(change: Callable[[Envelope], Envelope], *, wrong: bool = False) -> Build:
    """The provider's result of the locked task, proven and then changed."""

    async def build(market: Market) -> bytes:
        envelope = await market.provider.prepare([market.locked.action], fee_limit=10**10)
        return market.provider.sign_envelope(change(proven(envelope, wrong=wrong))).raw

    return build


def raw(data: bytes) -> Build:
    async def build(_market: Market) -> bytes:
        return data

    return build


async def badly_signed(market: Market) -> bytes:
    envelope = await market.payer.prepare([market.pay()])
    other = market.provider.sign_envelope(envelope)
    return Transaction(envelope, other.signature).raw


async def not_canonical(market: Market) -> bytes:
    """The same values with one integer written longer than it must be."""
    good = market.payer.sign_envelope(await market.payer.prepare([market.pay()])).raw
    assert good[:2] == b"\x93\x01"
    return b"\x93\xcc\x01" + good[2:]


async def with_a_map(market: Market) -> bytes:
    return msgpack.packb([1, {"nonce": 1}, bytes(64)])


async def unknown_action(market: Market) -> bytes:
    good = market.payer.sign_envelope(await market.payer.prepare([market.pay()])).raw
    plain = msgpack.unpackb(good)
    plain[1][9] = [[9_999, 1]]
    return msgpack.packb(plain)


async def signature_too_short(market: Market) -> bytes:
    good = msgpack.unpackb(market.payer.sign_envelope(await market.payer.prepare([market.pay()])).raw)
    return msgpack.packb([good[0], good[1], good[2][:-1]])


async def used_nonce(market: Market) -> bytes:
    envelope = await market.payer.prepare([market.pay()], nonce=0)
    return market.payer.sign_envelope(envelope).raw


async def field_order_added(market: Market) -> bytes:
    """The field order added to a field element: the same number to the proof, other bytes."""
    envelope = proven(await market.provider.prepare([market.locked.action], fee_limit=10**10))
    plain = msgpack.unpackb(market.provider.sign_envelope(envelope).raw)
    order = 21888242871839275222246405745257275088548364400416034343698204186575808495617
    outputs = plain[1][9][0][7]
    outputs[0] = (int.from_bytes(outputs[0], "big") + order).to_bytes(32, "big")
    return msgpack.packb(plain)


def insecure_key(_market: Market) -> RegisterKey:
    """gamma = delta: with such a key everything can be proven."""
    return RegisterKey(_equal_gamma_and_delta(), None)


@cache
def _equal_gamma_and_delta() -> Blob:
    key = trapdoor(5, seed=9).key()
    return Blob(compress_key(replace(key, delta=key.gamma)))


def key_off_the_curve(_market: Market) -> RegisterKey:
    good = bytearray(compressed_key(5, seed=9))
    good[20] ^= 1
    return RegisterKey(Blob(bytes(good)), None)


def program_without_key(_market: Market) -> RegisterProgram:
    return replace(program_of(2), vk_id=VkId(bytes(32)))


# name, how it is made, the stable code of the rule, words that the sentence holds
BAD_TRANSACTIONS: list[tuple[str, Build, int, str]] = [
    ("nothing", raw(b""), 3003, "msgpack"),
    ("one byte", raw(b"\xc1"), 3003, "msgpack"),
    ("cut short", raw(b"\x93\x01\x9a"), 3003, "msgpack"),
    ("trailing bytes", raw(b"\x93\x01\xc0\xc0\x00"), 3003, "msgpack"),
    ("no struct", raw(b"\x90"), 3005, "array of"),
    ("oversized", raw(bytes(128 * 1024 + 1)), 3002, "at most"),
    ("deeply nested", raw(b"\x91" * 100_000 + b"\xc0"), 3003, "nested"),
    ("nested a little too deep", raw(b"\x91" * 20 + b"\xc0"), 3003, "nested deeper"),
    ("not canonical", not_canonical, 3004, "canonical"),
    ("a map inside", with_a_map, 3003, "a map has no place"),
    ("an unknown action", unknown_action, 3006, "9999"),
    ("a short signature", signature_too_short, 3005, "signature"),
    ("the field order added", field_order_added, 3005, "canonical field element"),
    ("another chain", of_payer(chain_id=ChainId("other-1")), 3041, "other-1"),
    ("another genesis", of_payer(genesis_hash=Hash(bytes(32))), 3042, "genesis"),
    ("another fork", of_payer(fork_id=Hash(b"\1" * 32)), 3043, "fork"),
    ("an unsupported fee source", of_payer(fee_source=FeeSource(Uint(2), AccountId(bytes(32)))), 3010, "fee source"),
    (
        "a proof that pays, with a nonce",
        of_payer(fee_source=FeeSource(FROM_PROOF, ONE_TIME), nonce=Nonce(7)),
        3075,
        "nonce 0",
    ),
    ("no proof to pay", of_payer(fee_source=FeeSource(FROM_PROOF, ONE_TIME), nonce=Nonce(0)), 3076, "none does"),
    ("a bad signature", badly_signed, 3031, "signature"),
    (
        "another's signature",
        of_payer(fee_source=FeeSource(Uint(0), AccountId(b"\2" * 32)), nonce=Nonce(0)),
        3049,
        "fund",
    ),
    ("a nonce gap", shifted(nonce=1), 3103, "gap"),
    ("a nonce too far", shifted(nonce=64), 3104, "waiting"),
    ("a used nonce", used_nonce, 3102, "used already"),
    ("expired", of_payer(expiry_height=Height(1)), 3044, "expired"),
    ("an expiry too far ahead", of_payer(expiry_height=Height(10**9)), 3045, "too far"),
    ("no actions", of_payer(actions=()), 3046, "1 to 16"),
    ("underpaid", of_payer(fee_limit=Amount(1)), 3048, "raise the limit"),
    ("a tip beyond the limit", of_payer(tip=Amount(2**62)), 3048, "raise the limit"),
    ("an account without money", acting("stranger", lambda market: market.pay()), 3049, "fund"),
    ("overdrawn", acting("payer", lambda market: market.pay(10**18)), 3021, "needs"),
    ("a transfer of nothing", acting("payer", lambda market: market.pay(0)), 4001, "at least 1"),
    ("more work than a block", acting("payer", *[insecure_key] * 16, fee_limit=10**14), 3051, "Split"),
    ("an unknown key", acting("payer", program_without_key), 4201, "register"),
    ("gamma = delta", acting("payer", insecure_key), 1161, "gamma"),
    ("a key off the curve", acting("payer", key_off_the_curve), 1154, "curve"),
    ("a frozen key", acting("payer", lambda market: market.frozen_offer), 4203, "frozen"),
    ("an unknown task", acting("provider", lambda market: Lock(type(market.locked.id)(bytes(32)))), 4101, "task"),
    (
        "a task in the wrong state",
        acting("provider", lambda market: replace(market.locked.action, task=market.open_task)),
        4102,
        "open",
    ),
    ("a locked task", acting("provider", lambda market: Lock(market.locked.id)), 4105, "lock"),
    ("a lock by an unbonded provider", acting("unbonded", lambda market: Lock(market.open_task)), 4104, "bond"),
    ("a lock by whom the input is not sealed to", acting("payer", lambda market: Lock(market.open_task)), 4103, ""),
    ("a proof for a wrong output", settling(lambda envelope: envelope, wrong=True), 3030, "false"),
]
