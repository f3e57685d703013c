"""Key checks that are no matter of bytes, and the cache of prepared keys."""

from dataclasses import replace

import groth16py
import pytest

from crypto.groth16 import KeyCache, KeyId, PreparedKey, Proof, check_key, compress_key, encode_evm_proof, key_id, setup
from crypto.groth16.errors import (
    CoordinateOutOfRange,
    ForgeableKey,
    Groth16Error,
    IdentityPoint,
    KeyIdMismatch,
    NotOnCurve,
    UnboundInput,
    UnsupportedInputCount,
    WrongIcCount,
)
from crypto.groth16.snarkjs import key_to_snarkjs
from crypto.groth16.types import BASE_FIELD, G2_GENERATOR
from tests.support.groth16_vectors import TABLE, key
from tests.support.tiny_circuit import PRODUCT_R1CS
from tests.support.trapdoor import Trapdoor, g1, g2


@pytest.mark.parametrize("count", [1, 4, 8, 32])
def test_honest_keys_pass(count: int) -> None:
    check_key(key(count), public_inputs=count)


def test_a_key_of_a_real_setup_passes() -> None:
    check_key(setup(PRODUCT_R1CS)[1], public_inputs=2)


def test_a_snarkjs_key_whose_gamma_is_the_generator_passes() -> None:
    check_key(replace(key(4), gamma=G2_GENERATOR))


def test_a_key_of_another_circuit_is_refused() -> None:
    with pytest.raises(WrongIcCount) as caught:
        check_key(key(4), public_inputs=5)
    assert caught.value.fields == {"count": 5, "expected": 6}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ic": key(4).ic[:1]}, UnsupportedInputCount),
        ({"ic": key(32).ic + key(1).ic}, UnsupportedInputCount),
        ({"alpha": (0, 0)}, IdentityPoint),
        ({"alpha": (1, 3)}, NotOnCurve),
        ({"alpha": (1 + BASE_FIELD, 2)}, CoordinateOutOfRange),
        ({"beta": ((0, 0), (0, 0))}, IdentityPoint),
        ({"beta": ((1, 0), (1, 0))}, NotOnCurve),
        ({"ic": (*key(4).ic[:4], (0, 0))}, UnboundInput),
        ({"ic": (*key(4).ic[:4], (1, 3))}, NotOnCurve),
        ({"delta": key(4).gamma}, ForgeableKey),
    ],
    ids=str,
)
def test_keys_not_made_by_a_decoder_are_checked_as_well(change: dict[str, object], error: type[Groth16Error]) -> None:
    with pytest.raises(Groth16Error) as caught:
        check_key(replace(key(4), **change))
    assert caught.type is error


def test_under_gamma_equal_delta_anybody_proves_anything_and_the_backend_alone_would_believe_it() -> None:
    """With gamma = delta, C absorbs vk_x: the public key alone gives A = alpha, B = beta, C = -vk_x."""
    weak = replace(Trapdoor.random(1, seed=77), gamma=12345, delta=12345)
    inputs = (1,)
    forged = Proof(g1(weak.alpha), g2(weak.beta), g1(-weak.vk_x(inputs)))
    backend = groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key_to_snarkjs(weak.key())))
    assert backend.verify(encode_evm_proof(forged), inputs)
    with pytest.raises(ForgeableKey):
        PreparedKey(weak.key())


def test_the_cache_loads_a_key_once() -> None:
    cache, loads = KeyCache(), []
    stored = {KeyId(bytes.fromhex(case["id"])): bytes.fromhex(case["compressed"]) for case in TABLE["keys"]}

    def load(wanted: KeyId) -> bytes:
        loads.append(wanted)
        return stored[wanted]

    for wanted in (*stored, *stored):
        assert cache.get(wanted, load).id == wanted
    assert loads == list(stored)


def test_the_cache_forgets_what_was_used_longest_ago() -> None:
    cache, loads = KeyCache(capacity=2), []
    compressed = {key_id(data): data for data in (compress_key(key(count)) for count in (1, 4, 8))}
    first, second, third = compressed

    def load(wanted: KeyId) -> bytes:
        loads.append(wanted)
        return compressed[wanted]

    for wanted in (first, second, first, third, first, second):
        cache.get(wanted, load)
    assert loads == [first, second, third, second]
    assert len(cache) == 2


def test_a_store_that_returns_another_key_is_caught() -> None:
    cache = KeyCache()
    wanted = key_id(compress_key(key(1)))
    with pytest.raises(KeyIdMismatch):
        cache.get(wanted, lambda _: compress_key(key(4)))
    assert len(cache) == 0
