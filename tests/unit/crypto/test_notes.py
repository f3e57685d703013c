"""Notes: keys, owners, commitments and nullifiers as they were fixed; only the owner's keys decrypt."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import babyjubjub, notes
from crypto.babyjubjub import IDENTITY, NotInSubgroup, NotOnCurve, Point, ScalarOutOfRange
from crypto.field import SCALAR_FIELD
from crypto.note_errors import (
    DiversifierOutOfRange,
    MemoTooLong,
    NoteSecretOutOfRange,
    NoteValueOutOfRange,
    PlaintextLength,
)
from crypto.notes import PoolNote

SK, IVK, DIVERSIFIER, E_SECRET, POOL = 1234567, bytes(range(32)), 0x0102030405060708090A0B, 987654321, 42
AK, NK = notes.authorising_key(SK), notes.nullifier_key(SK)
AUTH, PK = notes.address_authority(AK, DIVERSIFIER), notes.address_key(IVK, DIVERSIFIER)
OWNER = notes.owner(AUTH, PK)
NOTE = PoolNote(asset=0, value=1_000, rcm=77, memo=b"for the ferry".ljust(62, b"\0"))
CM = NOTE.commitment(POOL, OWNER)

elements = st.integers(0, SCALAR_FIELD - 1)
GOLDEN = {
    "ak": 0x181194721FDEC86C12F6F983678E1EF0E5C18C679647016BE2A4395DC1DBCBED,
    "nk": 0x19757791EA427337F03F8C5A8182B644B9E27C351890D9395779B77B48FCD5CA,
    "auth": 0x254AE475EC468F292F40035B4C9418FA7138CCD4FB3DF7BAC59561835F18B1DC,
    "pk": (
        0x949AF52A856224C730242300F841C7C20683083A3207385F476A8533E138B0E,
        0x1085C1BE64483F2758660C401158D9926F296FC698FC0CAA41A32DF302CFD1B3,
    ),
    "owner": 0x219AD838689891B7136D97D7BF6965003068ACD207E63A845B77B4558DD55922,
    "cm": 0x7F1C89573BCC2365F343ED4888C20C31AA937EE4B2DCA80FB75A2FDE6BBB286,
    "nf": 0x22980CE8C3BB25981FA43C8465E0EA584B935EBB16B46B412D04A26948D4E916,
    "content": 0xB7047AB6503D61500B631524DCE8C5BA01A3E84581F6F8DCF4744EAA07941D9,
    "ct": (
        0x73D78A784B6075BA05EFCA1FA37E9EDC936B0D62D4FFCEE142E00D25040C358,
        0x1FF6A43DB108DBE3572034F3E2E88FD099B539B90C6B0B51734F4197FAAF2138,
        0x282445D6C697FBC3903D795CF365A720B3E81847DDBD406CB2BF95246D17850,
        0x68B82B9C41EC07406297C7177A8FE950463B3DA4D6D404748805181D5402508,
        0x1F9528AAF88BEE2B9002B087CE763A3C983CEB7D865A2AE922779A87ABA4E93C,
    ),
}


def test_every_formula_is_as_it_was_fixed() -> None:
    shared = notes.sender_shared(E_SECRET, PK)
    found = {
        "ak": AK,
        "nk": NK,
        "auth": AUTH,
        "pk": (PK.x, PK.y),
        "owner": OWNER,
        "cm": CM,
        "nf": notes.nullifier(NK, CM, 5),
        "content": notes.contract_content([1, 2, 3]),
        "ct": notes.encrypt(shared, CM, NOTE.plaintext()),
    }
    assert found == GOLDEN


def test_sender_and_receiver_share_one_point() -> None:
    ephemeral = notes.ephemeral_point(E_SECRET)
    assert ephemeral == babyjubjub.multiply_base(E_SECRET)
    shared = notes.receiver_shared(notes.address_secret(IVK, DIVERSIFIER), ephemeral)
    assert shared == notes.sender_shared(E_SECRET, PK)


@settings(max_examples=20, deadline=None)
@given(st.lists(elements, min_size=1, max_size=16), elements)
def test_decryption_undoes_encryption(plaintext: list[int], commitment: int) -> None:
    shared = Point(11, 22)
    ciphertext = notes.encrypt(shared, commitment, plaintext)
    assert len(ciphertext) == len(plaintext)
    assert notes.decrypt(shared, commitment, ciphertext) == tuple(plaintext)


def test_another_point_note_or_length_gives_other_pads() -> None:
    shared = Point(11, 22)
    first = notes.pads(shared, 7, 3)
    assert set(first).isdisjoint(notes.pads(Point(12, 22), 7, 3))
    assert set(first).isdisjoint(notes.pads(shared, 8, 3))
    for length in (1, 2, 4, 16):
        assert set(first).isdisjoint(notes.pads(shared, 7, length))


def test_a_decrypted_note_opens_its_commitment_only_for_its_owner() -> None:
    shared = notes.sender_shared(E_SECRET, PK)
    ciphertext = notes.encrypt(shared, CM, NOTE.plaintext())
    mine = notes.parse_pool_note(notes.decrypt(shared, CM, ciphertext))
    assert mine == NOTE and mine.commitment(POOL, OWNER) == CM
    stranger = notes.receiver_shared(notes.address_secret(bytes(32), DIVERSIFIER), notes.ephemeral_point(E_SECRET))
    assert notes.parse_pool_note(notes.decrypt(stranger, CM, ciphertext)) is None


def test_addresses_of_one_account_are_unlike_and_stable() -> None:
    other = notes.address_authority(AK, DIVERSIFIER + 1), notes.address_key(IVK, DIVERSIFIER + 1)
    assert other[0] != AUTH and other[1] != PK
    assert notes.address_key(IVK, DIVERSIFIER) == PK
    babyjubjub.require_subgroup(PK)


@pytest.mark.parametrize("change", [{"asset": 1}, {"value": 1_001}, {"rcm": 78}])
def test_a_commitment_is_of_every_field(change: dict[str, int]) -> None:
    assert replace(NOTE, **change).commitment(POOL, OWNER) != CM  # type: ignore[arg-type]
    assert NOTE.commitment(POOL + 1, OWNER) != CM
    assert NOTE.commitment(POOL, OWNER + 1) != CM


def test_a_nullifier_is_of_key_note_and_place() -> None:
    nullifiers = {notes.nullifier(*parts) for parts in [(NK, CM, 0), (NK, CM, 1), (NK, CM + 1, 0), (NK + 1, CM, 0)]}
    assert len(nullifiers) == 4


def test_a_memo_is_62_bytes_on_the_way() -> None:
    assert notes.parse_pool_note(replace(NOTE, memo=b"").plaintext()) == replace(NOTE, memo=bytes(62))
    full = replace(NOTE, memo=bytes(range(194, 256)))
    assert notes.parse_pool_note(full.plaintext()) == full
    with pytest.raises(MemoTooLong):
        replace(NOTE, memo=bytes(63)).plaintext()


@pytest.mark.parametrize("row", [(0, 2**64, 1, 0, 0), (0, 1, 1, 2**248, 0), (0, 1, 1, 0, 2**248), (0, 1, 1, 0), ()])
def test_rows_that_no_note_encodes_are_no_notes(row: tuple[int, ...]) -> None:
    assert notes.parse_pool_note(row) is None


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_value_has_64_bits(value: int) -> None:
    with pytest.raises(NoteValueOutOfRange):
        replace(NOTE, value=value).plaintext()


@pytest.mark.parametrize("value", [-1, SCALAR_FIELD])
def test_secrets_outside_the_field_are_refused_without_being_shown(value: int) -> None:
    for made in (
        lambda: notes.authorising_key(value),
        lambda: notes.nullifier_key(value),
        lambda: notes.address_authority(value, 0),
        lambda: notes.nullifier(value, CM, 0),
        lambda: replace(NOTE, rcm=value).plaintext(),
        lambda: replace(NOTE, rcm=value).commitment(POOL, OWNER),
    ):
        with pytest.raises(NoteSecretOutOfRange) as refused:
            made()
        assert str(value) not in str(refused.value)


@pytest.mark.parametrize("diversifier", [-1, 2**88])
def test_a_diversifier_has_11_bytes(diversifier: int) -> None:
    with pytest.raises(DiversifierOutOfRange):
        notes.address_authority(AK, diversifier)
    with pytest.raises(DiversifierOutOfRange):
        notes.address_key(IVK, diversifier)


@pytest.mark.parametrize("length", [0, 17])
def test_a_plaintext_has_1_to_16_elements(length: int) -> None:
    with pytest.raises(PlaintextLength):
        notes.encrypt(PK, CM, [0] * length)


def test_keys_that_would_leak_or_lose_a_note_are_refused() -> None:
    with pytest.raises(NotInSubgroup):
        notes.sender_shared(E_SECRET, IDENTITY)
    with pytest.raises(NotOnCurve):
        notes.sender_shared(E_SECRET, Point(1, 1))
    with pytest.raises(NotOnCurve):
        notes.receiver_shared(5, Point(1, 1))
    for secret in (0, babyjubjub.SUBORDER):
        with pytest.raises(ScalarOutOfRange):
            notes.ephemeral_point(secret)


def test_a_note_does_not_show_what_it_holds() -> None:
    assert "1000" not in repr(NOTE) and "77" not in repr(NOTE) and "ferry" not in repr(NOTE)


def test_ephemeral_secrets_are_made_of_numbers_that_circuits_take() -> None:
    numbers = (0, 1, 2**notes.EPHEMERAL_BITS - 1)
    assert [notes.ephemeral_secret(number) for number in numbers] == [
        (2**251 + 1 + 2 * number) % babyjubjub.SUBORDER for number in numbers
    ]
    for number in (-1, 2**notes.EPHEMERAL_BITS):
        with pytest.raises(babyjubjub.NumberTooWide):
            notes.ephemeral_secret(number)
