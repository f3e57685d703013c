"""A ceremony that snarkjs ran is followed to the end; a forged step of it is found."""

from dataclasses import replace
from hashlib import sha256

import pytest

from crypto.errors import CryptoError
from crypto.groth16 import zkey as z
from crypto.groth16.ceremony import check_ceremony, check_hash, circuit_hash, transcript_hash
from crypto.groth16.ceremony_random import CeremonyRandom
from crypto.groth16.contributions import Contributions, check_chain, decode_contributions
from crypto.groth16.curve import in_subgroup, on_g1, on_twist
from crypto.groth16.key_file_errors import (
    AnotherCircuit,
    FalseContribution,
    InconsistentKey,
    MalformedContributions,
    TranscriptMismatch,
    UnusablePowers,
    WrongCurve,
)
from crypto.groth16.montgomery import G1_BYTES, encode_g1, encode_g2
from crypto.groth16.powers import read_powers
from crypto.r1cs.r1cs_file import read_r1cs
from crypto.r1cs.sections import read_sections, write_sections
from tests.support.make_ceremony_vector import load
from tests.support.tiny_circuit import PRODUCT_R1CS, r1cs
from tests.support.trapdoor import g1, g2

CEREMONY = load()
KEY, INITIAL = z.read_zkey(CEREMONY.final), z.read_zkey(CEREMONY.initial)
FIRST = z.read_zkey(CEREMONY.first)
CIRCUIT = read_r1cs(PRODUCT_R1CS)
POWERS = read_powers(CEREMONY.ptau, KEY.header.domain)
RECORD = decode_contributions(KEY.sections[z.CONTRIBUTIONS])


def with_section(number: int, data: bytes, key: z.Zkey = KEY) -> z.Zkey:
    return replace(key, sections={**key.sections, number: data})


def turned(number: int, size: int) -> z.Zkey:
    """The key with the points of a section moved on by one: all points good, the key false."""
    section = FIRST.sections[number]
    return with_section(number, section[size:] + section[:size], FIRST)


def test_the_whole_ceremony_is_followed() -> None:
    assert CEREMONY.valid
    report = check_ceremony(KEY, CIRCUIT, POWERS, INITIAL)
    assert (report.sections_checked, report.circuit_hash_checked) == (True, True)
    assert report.circuit_hash.hex() == CEREMONY.hashes[0] == circuit_hash(INITIAL, POWERS).hex()
    assert tuple(one.hash.hex() for one in report.contributions) == CEREMONY.hashes[1:]
    assert [one.name for one in report.contributions] == ["alice", "bob", "drand"]
    assert [one.exponent for one in report.contributions if one.beacon] == [10]
    assert report.transcript == sha256(KEY.sections[z.CONTRIBUTIONS]).digest()


def test_without_powers_of_tau_the_report_says_so() -> None:
    report = check_ceremony(z.read_zkey(CEREMONY.first), CIRCUIT)
    assert (report.sections_checked, report.circuit_hash_checked) == (False, False)
    assert len(report.contributions) == 1


def test_registered_hashes_are_compared() -> None:
    check_hash("transcript", transcript_hash(KEY), transcript_hash(KEY))
    with pytest.raises(TranscriptMismatch, match="transcript"):
        check_hash("transcript", transcript_hash(KEY), transcript_hash(INITIAL))


@pytest.mark.parametrize(
    ("key", "part"),
    [
        (turned(z.A, 64), "A"),
        (turned(z.B1, 64), "B in G1"),
        (turned(z.B2, 128), "B in G2"),
        (turned(z.IC, 64), "IC"),
        (turned(z.L, 64), "L"),
        (turned(z.H, 64), "H"),
        (with_section(z.L, bytes(64 * 2), FIRST), "L"),
        (with_section(z.H, encode_g1([g1(5)] * KEY.header.domain), FIRST), "H"),
    ],
)
def test_sections_of_good_points_in_the_wrong_place_are_found(key: z.Zkey, part: str) -> None:
    with pytest.raises(InconsistentKey, match=f"^{part} of the key"):
        check_ceremony(key, CIRCUIT, POWERS)


def test_a_circuit_that_differs_in_c_alone_is_found_by_the_powers() -> None:
    other = read_r1cs(r1cs([({2: 1}, {3: 1}, {1: 1}), ({3: 1}, {3: 1}, {4: 2})], wires=5, public=2))
    check_ceremony(KEY, other)  # the coefficients in the file are of A and B
    with pytest.raises(InconsistentKey, match="L of the key"):
        check_ceremony(KEY, other, POWERS)
    different = read_r1cs(r1cs([({2: 1}, {3: 1}, {1: 1}), ({4: 1}, {3: 1}, {4: 1})], wires=5, public=2))
    with pytest.raises(AnotherCircuit):
        check_ceremony(KEY, different)


def test_contributions_left_out_are_missed() -> None:
    first = z.read_zkey(CEREMONY.first)
    shortened = with_section(z.CONTRIBUTIONS, first.sections[z.CONTRIBUTIONS])
    with pytest.raises(InconsistentKey, match="delta"):
        check_ceremony(shortened, CIRCUIT)


def test_another_initial_key_is_no_witness_of_this_one() -> None:
    with pytest.raises(InconsistentKey, match="initial delta"):
        check_ceremony(KEY, CIRCUIT, POWERS, z.read_zkey(CEREMONY.first))
    bent = replace(INITIAL, sections={**INITIAL.sections, z.L: encode_g1([g1(5), g1(6)])})
    with pytest.raises(InconsistentKey, match="L of the key"):
        check_ceremony(KEY, CIRCUIT, POWERS, bent)
    record = KEY.sections[z.CONTRIBUTIONS]
    renamed = with_section(z.CONTRIBUTIONS, bytes(64) + record[64:])
    with pytest.raises(FalseContribution, match="contribution 1"):
        check_ceremony(renamed, CIRCUIT, POWERS, INITIAL)


FORGED = {
    "a factor that was not used": {"delta_after": g1(5)},
    "no knowledge": {"spx": g2(5)},
    "another s": {"s": g1(5)},
    "a delta that is the identity": {"delta_after": (0, 0)},
    "a point off the curve": {"sx": (1, 3)},
    "another transcript": {"transcript": bytes(64)},
}


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("name", FORGED)
def test_a_forged_contribution_is_named(name: str, number: int) -> None:
    chain = list(RECORD.chain)
    chain[number - 1] = replace(chain[number - 1], **FORGED[name])  # type: ignore[arg-type]
    with pytest.raises(FalseContribution, match=f"contribution {number} "):
        check_chain(Contributions(RECORD.circuit_hash, tuple(chain)))


def test_contributions_in_another_order_are_false() -> None:
    with pytest.raises(FalseContribution, match="contribution 1 "):
        check_chain(Contributions(RECORD.circuit_hash, RECORD.chain[::-1]))
    check_chain(Contributions(RECORD.circuit_hash, ()))


def test_a_beacon_is_computed_again() -> None:
    *others, beacon = RECORD.chain
    for bent in (replace(beacon, beacon=b"\2" * 32), replace(beacon, exponent=11), replace(beacon, exponent=60)):
        with pytest.raises(FalseContribution, match="beacon"):
            check_chain(Contributions(RECORD.circuit_hash, (*others, bent)))


@pytest.mark.parametrize("cut", [0, 10, 64, 67, 69, 300, 500, -1])
def test_a_record_cut_off_cannot_be_read(cut: int) -> None:
    with pytest.raises(MalformedContributions):
        decode_contributions(KEY.sections[z.CONTRIBUTIONS][:cut])


def test_a_record_with_something_behind_it_cannot_be_read() -> None:
    section = KEY.sections[z.CONTRIBUTIONS]
    for bent in (section + b"\0", section[:64] + b"\2" + section[65:], section[:64] + b"\xff" * 4 + section[68:]):
        with pytest.raises(MalformedContributions):
            decode_contributions(bent)
    unknown = section.replace(b"\1\5alice", b"\7\5alice")
    unordered = section.replace(b"\1\5drand\2\12", b"\2\12\1\5drand")
    for bent in (unknown, unordered):
        assert bent != section
        with pytest.raises(MalformedContributions):
            decode_contributions(bent)


def ptau_with(number: int, data: bytes) -> bytes:
    sections = dict(read_sections(CEREMONY.ptau, b"ptau", 1))
    sections[number] = data + sections[number][len(data) :]
    return write_sections(b"ptau", 1, sections)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (ptau_with(2, encode_g1([g1(5)])), UnusablePowers),
        (ptau_with(2, encode_g1([g1(1), g1(5)])), UnusablePowers),
        (ptau_with(2, b"\xff" * G1_BYTES), UnusablePowers),
        (ptau_with(3, encode_g2([g2(1), g2(5)])), UnusablePowers),
        (ptau_with(3, encode_g2([g2(1)]) + read_sections(CEREMONY.ptau, b"ptau", 1)[3][128:256] * 2), UnusablePowers),
        (ptau_with(4, encode_g1([g1(5)])), UnusablePowers),
        (ptau_with(5, encode_g1([g1(5)])), UnusablePowers),
        (ptau_with(6, encode_g2([g2(5)])), UnusablePowers),
        (ptau_with(1, (48).to_bytes(4, "little")), WrongCurve),
        (write_sections(b"ptau", 1, {**read_sections(CEREMONY.ptau, b"ptau", 1), 2: bytes(64)}), UnusablePowers),
    ],
)
def test_powers_that_are_none_are_refused(data: bytes, error: type[CryptoError]) -> None:
    with pytest.raises(error):
        read_powers(data, KEY.header.domain)


def test_powers_for_a_smaller_circuit_are_refused() -> None:
    with pytest.raises(UnusablePowers, match="2\\^4 points"):
        read_powers(CEREMONY.ptau, 32)
    all_of_them = read_powers(CEREMONY.ptau, 16)
    assert len(all_of_them.tau1) == 31


def test_powers_of_another_ceremony_are_noticed() -> None:
    with pytest.raises(InconsistentKey, match="alpha and beta"):
        check_ceremony(KEY, CIRCUIT, replace(POWERS, alpha=(g1(5), *POWERS.alpha[1:])))


def test_the_generator_gives_points_of_their_groups() -> None:
    random = CeremonyRandom(bytes(range(32)))
    one, two = random.g1(), random.g2()
    assert on_g1(one) and on_twist(two) and in_subgroup(two)
    assert (one, two) != (CeremonyRandom(bytes(32)).g1(), CeremonyRandom(bytes(32)).g2())
