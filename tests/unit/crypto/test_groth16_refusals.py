"""One table of valid, malformed and false proofs and keys; the native backend and the reference answer it alike."""

import pytest

from crypto.groth16 import PreparedKey, check_key, decompress_key, reference, verify
from crypto.groth16.errors import FalseProof, Groth16Error
from tests.support import make_groth16_vectors as maker
from tests.support.groth16_vectors import ProofCase, accepted, key, prepared, refused, refused_keys

each_refused_key = pytest.mark.parametrize(
    ("data", "error"), [pytest.param(data, error, id=name) for name, data, error in refused_keys()]
)

# py_ecc takes a second or more for each that comes to its pairing: one of a kind in make test, all of them in CI
QUICK = {
    "1 full-width inputs, evm",
    "vk_x is the identity, evm",
    "another statement's proof",
    "compressed, the sign of C flipped",
}


def by_reference(cases: list[ProofCase]) -> list[object]:
    """The cases, those slow that come to the pairing and are not the first of their kind."""
    return [
        pytest.param(case, marks=pytest.mark.slow if paired and case.name not in QUICK else ())
        for case in cases
        for paired in [case.error in (None, FalseProof)]
    ]


def test_the_table_is_what_its_script_writes() -> None:
    assert maker.PATH.read_text() == maker.render()


@pytest.mark.parametrize("case", accepted(), ids=str)
def test_native_accepts(case: ProofCase) -> None:
    verify(prepared(case.key), case.proof, case.inputs)


@pytest.mark.parametrize("case", by_reference([case for case in accepted() if case.name.endswith("evm")]), ids=str)
def test_reference_accepts(case: ProofCase) -> None:
    reference.verify(key(case.key), case.proof, case.inputs)


@pytest.mark.parametrize("case", refused(), ids=str)
def test_native_refuses(case: ProofCase) -> None:
    with pytest.raises(Groth16Error) as caught:
        verify(prepared(case.key), case.proof, case.inputs)
    assert caught.type is case.error


@pytest.mark.parametrize("case", by_reference(refused()), ids=str)
def test_reference_refuses(case: ProofCase) -> None:
    with pytest.raises(Groth16Error) as caught:
        reference.verify(key(case.key), case.proof, case.inputs)
    assert caught.type is case.error


@each_refused_key
def test_our_key_check_refuses(data: bytes, error: type[Groth16Error]) -> None:
    with pytest.raises(Groth16Error) as caught:
        check_key(decompress_key(data))
    assert caught.type is error


@each_refused_key
def test_no_such_key_can_be_prepared(data: bytes, error: type[Groth16Error]) -> None:
    with pytest.raises(Groth16Error) as caught:
        PreparedKey(decompress_key(data))
    assert caught.type is error


def test_a_refusal_names_what_was_compared() -> None:
    (case,) = [case for case in refused() if case.name == "an input is x + r"]
    with pytest.raises(Groth16Error) as caught:
        verify(prepared(case.key), case.proof, case.inputs)
    assert caught.value.fields == {"index": 1, "value": case.inputs[1]}
    assert caught.value.code == 1164
