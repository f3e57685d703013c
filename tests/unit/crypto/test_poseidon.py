"""Poseidon agrees with circomlib, refuses what is not a field element, and its vector commitments are unambiguous."""

from importlib.resources import files

import pytest

from crypto.domains import INPUT, OUTPUT
from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.make_poseidon_constants import folded, grain
from crypto.poseidon import (
    MAX_INPUTS,
    NotAFieldElement,
    ValueTooWide,
    WrongInputCount,
    commit_vector,
    pack_bytes,
    permute,
    poseidon,
    poseidon_bulk,
    vector_capacity,
    vector_chunks,
)
from crypto.poseidon_parameters import CONSTANTS_FILE, FULL_ROUNDS, PARTIAL_ROUNDS, WIDTHS, cauchy_matrix, element_count

# poseidon([1, 2, ..., n]) as circomlibjs 0.1.7 gives it.
CIRCOMLIB = {
    1: 0x29176100EAA962BDC1FE6C654D6A3C130E96A4D1168B33848B897DC502820133,
    2: 0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A,
    3: 0x0E7732D89E6939C0FF03D5E58DAB6302F3230E269DC5B968F725DF34AB36D732,
    4: 0x299C867DB6C1FDD79DCEFA40E4510B9837E60EBB1CE0663DBAA525DF65250465,
    5: 0x0DAB9449E4A1398A15224C0B15A49D598B2174D305A316C918125F8FEEB123C0,
    6: 0x2D1A03850084442813C8EBF094DEA47538490A68B05F2239134A4CCA2F6302E1,
    8: 0x2921AB9BD0140CBC98E40395C0FEFB40337A4D54FBBECD9A4D43B3D8D0C4D8D1,
    12: 0x058814945232937DB248A01E7CC55B3D681CC08702C8168494E856C1EF7693B5,
    15: 0x094AE33B67A845998ABB55E917642D4022D078D96F7C36EA11DA4273ECF20F50,
    16: 0x16159A551CBB66108281A48099FFF949AE08AFD7F1F2EC06DE2FFB96B919B765,
}
ONE_AND_TWO_FROM_STATE_SEVEN = 0x10AB908CCDEECD8A8223B102D69BF12C020B3B208D6562EC36E8880F43607900


def textbook(state: list[int]) -> list[int]:
    """The permutation as the paper writes it, with the constants straight from the Grain LFSR."""
    width = len(state)
    rounds, points = grain(width)
    matrix = cauchy_matrix(points)
    for number, constants in enumerate(rounds):
        state = [(a + b) % SCALAR_FIELD for a, b in zip(state, constants, strict=True)]
        half = FULL_ROUNDS // 2
        full = number < half or number >= half + PARTIAL_ROUNDS[width]
        state = [pow(a, 5, SCALAR_FIELD) if full or lane == 0 else a for lane, a in enumerate(state)]
        state = [sum(m * a for m, a in zip(row, state, strict=True)) % SCALAR_FIELD for row in matrix]
    return state


@pytest.mark.parametrize(("count", "digest"), CIRCOMLIB.items())
def test_it_gives_the_digests_of_circomlib(count: int, digest: int) -> None:
    assert poseidon(range(1, count + 1)) == digest


def test_the_tag_is_the_initial_capacity_element() -> None:
    assert poseidon([1, 2], 7) == ONE_AND_TWO_FROM_STATE_SEVEN
    assert poseidon([1, 2], OUTPUT) != poseidon([1, 2], INPUT)


@pytest.mark.parametrize("width", [2, 3, 5, 9])
def test_the_sparse_form_equals_the_textbook_permutation(width: int) -> None:
    state = [SCALAR_FIELD - 1 - 7 * lane for lane in range(width)]
    assert permute(state) == textbook(state)


@pytest.mark.parametrize("width", [2, 3, 5, 17])
def test_the_constants_file_is_what_the_generator_makes(width: int) -> None:
    data = files("crypto").joinpath(CONSTANTS_FILE).read_bytes()
    start = sum(element_count(w) for w in WIDTHS if w < width) * FIELD_BYTES
    made = b"".join(element.to_bytes(FIELD_BYTES, "big") for element in folded(width))
    assert data[start : start + len(made)] == made


def test_the_constants_file_holds_nothing_else() -> None:
    assert len(files("crypto").joinpath(CONSTANTS_FILE).read_bytes()) == FIELD_BYTES * sum(map(element_count, WIDTHS))


@pytest.mark.parametrize("value", [SCALAR_FIELD, SCALAR_FIELD + 1, 2**256 - 1, -1])
def test_what_is_not_a_field_element_is_refused(value: int) -> None:
    with pytest.raises(NotAFieldElement) as refused:
        poseidon([1, value])
    assert refused.value.value == value
    with pytest.raises(NotAFieldElement):
        poseidon([1], value)
    with pytest.raises(NotAFieldElement):
        commit_vector(INPUT, value, [1])


@pytest.mark.parametrize("count", [0, MAX_INPUTS + 1])
def test_no_inputs_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(WrongInputCount) as refused:
        poseidon([0] * count)
    assert refused.value.count == count


def test_many_rows_at_once_are_the_rows_one_by_one() -> None:
    rows = [[i, i + 1, i * i] for i in range(5)]
    assert poseidon_bulk(rows, OUTPUT) == [poseidon(row, OUTPUT) for row in rows]


def test_a_short_vector_is_one_permutation_of_its_own_size() -> None:
    assert commit_vector(INPUT, 99, [1, 2, 3]) == permute((vector_capacity(INPUT, 4, 3), 99, 1, 2, 3))[0]


def test_a_long_vector_is_chained() -> None:
    capacity = vector_capacity(INPUT, 14, 26)
    first = permute((capacity, 99, *range(13)))[0]
    assert commit_vector(INPUT, 99, range(26)) == permute((capacity, first, *range(13, 26)))[0]


@pytest.mark.parametrize(("length", "shape"), [(0, (1, 0)), (1, (1, 1)), (15, (1, 15)), (16, (2, 8)), (46, (4, 12))])
def test_chunks_are_as_few_and_as_even_as_possible(length: int, shape: tuple[int, int]) -> None:
    assert vector_chunks(length) == shape


def test_padding_length_salt_and_tag_all_matter() -> None:
    vectors = [[], [0], [0, 0], [0] * 15, [0] * 16, [0] * 17, [1], [0, 1]]
    seen = {commit_vector(tag, salt, v) for tag in (INPUT, OUTPUT) for salt in (0, 1) for v in vectors}
    assert len(seen) == 4 * len(vectors)


def test_packing_puts_the_first_value_lowest() -> None:
    assert pack_bytes([1, 2, 3], 8) == [0x030201]
    assert pack_bytes(range(40), 8) == [
        int.from_bytes(bytes(range(31)), "little"),
        int.from_bytes(bytes(range(31, 40)), "little"),
    ]
    assert pack_bytes([], 5) == []
    assert all(element < SCALAR_FIELD for element in pack_bytes([(1 << 253) - 1] * 2, 253))


@pytest.mark.parametrize(("value", "bits"), [(256, 8), (-1, 8), (0, 0), (0, 254)])
def test_packing_refuses_what_does_not_fit(value: int, bits: int) -> None:
    with pytest.raises(ValueTooWide):
        pack_bytes([value], bits)
