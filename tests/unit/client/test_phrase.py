"""Recovery phrases: BIP-39's vectors, what is refused and where, and that the words alone bring an account back."""

import pytest

from client.errors import PhraseChecksum, PhraseLength, PhraseWordUnknown
from client.phrase import COIN_TYPE, check_phrase, new_phrase, phrase_account, phrase_seed
from crypto.slip10 import HARDENED, ChildIndex, derive

# (entropy, words, seed with the passphrase TREZOR), of the vectors of trezor/python-mnemonic that BIP-39 names
VECTORS = [
    (
        "00000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
        "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank year "
        "wave sausage worth useful legal will",
        "f2b94508732bcbacbcc020faefecfc89feafa6649a5491b8c952cede496c214a"
        "0c7b3c392d168748f2d4a612bada0753b52a1c7ac53c1e93abd5c6320b9e95dd",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank year "
        "wave sausage worth useful legal winner thank year wave sausage worth title",
        "bc09fca1804f7e69da93c2f2028eb238c227f2e9dda30cd63699232578480a40"
        "21b146ad717fbb7e451ce9eb835f43620bf5c514db0f8add49f5d121449d3e87",
    ),
    (
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush "
        "open amazing screen patrol group space point ten exist slush involve unfold",
        "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0"
        "e35524a518034ddc1192e1dacd32c1ed3eaa3c3b131c88ed8e7e54c49a5d0998",
    ),
]
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize(("entropy", "words", "seed"), VECTORS)
def test_the_vectors_of_bip_39(entropy: str, words: str, seed: str) -> None:
    assert phrase_seed(words, "TREZOR").hex() == seed
    if len(entropy) == 64:
        assert new_phrase(lambda count: bytes.fromhex(entropy)[:count]) == words


def test_a_new_phrase_has_24_words_and_is_one() -> None:
    phrase = new_phrase(lambda count: bytes(range(count)))
    assert len(phrase.split()) == 24
    assert check_phrase(phrase) == phrase


def test_case_and_spaces_of_a_phrase_do_not_matter() -> None:
    assert check_phrase("  " + PHRASE.upper().replace(" ", " \n ")) == PHRASE


@pytest.mark.parametrize("count", [0, 11, 13, 25])
def test_a_phrase_of_another_length_is_refused(count: int) -> None:
    with pytest.raises(PhraseLength) as refused:
        check_phrase("abandon " * count)
    assert refused.value.words == count


def test_unknown_words_are_named_by_their_places_alone() -> None:
    words = PHRASE.split()
    words[2], words[11] = "thanks", "secretword"
    with pytest.raises(PhraseWordUnknown) as refused:
        check_phrase(" ".join(words))
    assert refused.value.places == (3, 12)
    assert "secretword" not in str(refused.value)


def test_two_words_that_changed_places_are_noticed() -> None:
    words = PHRASE.split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(PhraseChecksum):
        check_phrase(" ".join(words))


def test_accounts_of_a_phrase_lie_on_hardened_paths_of_their_own() -> None:
    keys = [phrase_account(PHRASE, number) for number in range(3)]
    assert len({key.public for key in keys}) == 3
    assert keys[2].seed == derive(phrase_seed(PHRASE), (44, COIN_TYPE, 2)).key
    with pytest.raises(ChildIndex):
        phrase_account(PHRASE, HARDENED)


def test_the_first_account_of_a_known_phrase_stays_what_it_is() -> None:
    assert phrase_account(PHRASE).public.hex() == "ed075eb08b868aa56b6ac828b76dc04bf8b80f8f3fc62cafdee4edbd6fb59a86"
