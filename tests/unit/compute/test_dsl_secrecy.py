"""What depends on a secret becomes public by `reveal` alone, whichever way it was computed."""

from pathlib import Path

import pytest

from compute.dsl import errors
from compute.dsl.readme import readme
from tests.unit.compute.test_dsl_refusals import HEAD, USE, load

SHOWN = """\
from compute.dsl import *

class Bid(Note):
    amount: u64
    open: Bool

@contract
class Shop(Contract):
    prices = Register(Array[u64, 2])

    @method
    def tell(self, bid: Spend[Bid]) -> None:
        self.prices[1] = 5
        LINE

    @method
    def make(self, amount: Private[u64], to: Private[Owner]) -> None:
        self.create(Bid(amount=amount, open=True), to)
"""


SECRETS = [
    ("self.count > c", "the sealed register count"),
    ("a > c", "the argument a"),
    ("c > a", "the argument a"),
    ("c + 1 > self.pair.left + c", "the sealed register pair"),
    ("self.pair == Pair(left=c, right=5)", "the sealed register pair"),
    ("poseidon(c, self.element) == Field(c)", "the sealed register element"),
    ("Array[u64, 2]([c, a])[0 if LIMIT else 1] > [c, a, c][1]", "the argument a"),
    ("[x for x in [c, self.count]][1] > c", "the sealed register count"),
    ("doubled(a) > c", "the argument a"),
    ("self.helper(self.count) > c", "the sealed register count"),
    ("(lambda x: x > c)(a)", "the argument a"),
    ("select(c > 1, lambda: a, lambda: c) > c", "the argument a"),
    ("select(c > self.count, c, 1) > 5", "the sealed register count"),
    ("self.flags[0]", "the sealed register flags"),
    ("self.pairs[u64(flag)].left > c", "the sealed register pairs"),
    ("TABLE[u64(flag)] > c", "the argument flag"),
    ("(c > 5) & ~flag", "the argument flag"),
    ("(c > 5) ^ (a == c)", "the argument a"),
    ("divmod(c, reveal(c) + self.count)[1] > 5", "the sealed register count"),
    ("minimum(c, a) > 5", "the argument a"),
    ("u8(self.count % 2) == 1", "the sealed register count"),
    ("Field(c).inverse() * self.element == 1", "the sealed register element"),
    ("i8(b) > -1", "the argument b"),
]


@pytest.mark.parametrize(("value", "secret"), SECRETS, ids=[value for value, _ in SECRETS])
def test_what_tells_of_a_secret_is_not_shown_however_it_was_computed(tmp_path: Path, value: str, secret: str) -> None:
    with pytest.raises(errors.SecretShown) as caught:
        load(tmp_path, f"{HEAD}        self.agreed = {value}\n        {USE}\n")
    assert f"depends on {secret}," in caught.value.what


FLAGS = HEAD.replace("flags = Sealed(", "flags = Register(")
IN_PLACE = [
    "self.flags[0] = flag",
    "self.flags[1] = flag",
    "self.flags[u64(flag)] = True",
    "self.flags = [c > 5, a > 5]",
]
LATER = [
    "self.flags = [c > 5, c > 6]\n        self.flags[1] = flag",
    "flags = self.flags\n        flags[1] = a > c",
    "self.count = a\n        self.flags[1] = self.count > 5",
    "self.count += c\n        self.flags[1] = self.count > 5",
]


@pytest.mark.parametrize("body", [*IN_PLACE, *LATER])
def test_no_entry_of_a_public_register_shows_a_secret(tmp_path: Path, body: str) -> None:
    with pytest.raises(errors.SecretShown):
        load(tmp_path, f"{FLAGS}        {body}\n        {USE}\n")


@pytest.mark.parametrize("line", ["self.prices[0] = bid.amount", "self.prices[u64(bid.open)] = 7"])
def test_what_a_spent_note_holds_becomes_public_by_reveal_alone(tmp_path: Path, line: str) -> None:
    """Also in place, and also where only the place tells."""
    with pytest.raises(errors.SecretShown, match="the note bid") as caught:
        load(tmp_path, SHOWN.replace("LINE", line))
    assert caught.value.source == line
    for part in ("bid.amount", "u64(bid.open)"):
        line = line.replace(part, f"reveal({part})")
    revealed = load(tmp_path, SHOWN.replace("LINE", line)).Shop.compiled
    hidden = load(tmp_path, SHOWN.replace("LINE", "require(bid.amount > 5)")).Shop.compiled
    assert revealed.method("tell").shape.reveals == (line,) and hidden.method("tell").shape.reveals == ()
    assert f"what `{line}` shows" in readme(revealed) and "reveal" not in readme(hidden)


ONCE = """\
from compute.dsl import *

class Slip(Note):
    number: u64
    owner: Address

@contract
class Till(Contract):
    pin = Sealed(u16)
    key = Sealed(Field)
    last = Register(u64)

    @method
    def use(self, slip: Spend[Slip], a: Private[u64], b: Private[i64], whom: Private[Address], c: Public[u64]) -> None:
        require((a != 1) & (b != 1) & (whom != NATIVE_ONE) & (slip.number != 7))
        self.last = c
        self.once(VALUE)

    @method
    def make(self, number: Private[u64], to: Private[Owner]) -> None:
        self.create(Slip(number=number, owner=self.caller), to)

    @method
    def keep(self, pin: Private[u16], key: Private[Field]) -> None:
        self.pin, self.key = pin, key
""".replace("NATIVE_ONE", "Address(1)")

GUESSED = [
    ("Field(self.pin)", "the sealed register pin", 16),
    ("poseidon(self.pin)", "the sealed register pin", 16),
    ("poseidon(self.pin, self.pin * self.pin, self.pin == 5)", "the sealed register pin", 16),
    ("poseidon(a, c)", "the argument a", 64),
    ("poseidon(a, self.pin, a)", "the argument a", 80),
    ("Field(select(a > c, a, c))", "the argument a", 64),
    ("poseidon(slip.number, self.caller)", "the note slip", 64),
    ("Field(whom)", "the argument whom", 0),
    ("poseidon(whom, slip.owner)", "the argument whom", 0),
    ("Field(self.key == Field(5))", "the sealed register key", 1),
    ("poseidon(self.key == Field(5), self.key == Field(6))", "the sealed register key", 2),
    ("poseidon(reveal(self.key), self.pin)", "the sealed register pin", 16),
    ("Field(u32(self.key))", "the sealed register key", 32),
]
UNGUESSED = [
    "self.key",
    "self.key * self.key",
    "poseidon(self.key, self.pin)",
    "poseidon(a, b)",
    "poseidon(poseidon(a), poseidon(b))",
    "Field(u128(self.key))",
    "Field(reveal(self.pin))",
    "reveal(poseidon(self.pin))",
    "Field(c)",
    "Field(self.caller)",
]


@pytest.mark.parametrize(("value", "secret", "bits"), GUESSED, ids=[value for value, *_ in GUESSED])
def test_once_takes_no_secret_that_can_be_guessed(tmp_path: Path, value: str, secret: str, bits: int) -> None:
    """Its hash is public and has no salt, so whoever tries all of so few values finds the one."""
    with pytest.raises(errors.SecretShown, match="hash of what") as caught:
        load(tmp_path, ONCE.replace("VALUE", value))
    assert f"finds {secret} by trying: it hides at most {bits} bits." in caught.value.what
    assert "poseidon(key, x)" in caught.value.instead and caught.value.source == f"self.once({value})"


def test_once_takes_what_nobody_guesses_and_what_is_revealed(tmp_path: Path) -> None:
    uses = [
        f"    @method\n    def use_{place}(self, a: Private[u64], b: Private[i64], c: Public[u64]) -> None:\n"
        f"        require((a != 1) & (b != 1))\n        self.once({value})\n\n"
        for place, value in enumerate(UNGUESSED)
    ]
    head, _, _ = ONCE.partition("    @method\n    def use")
    compiled = load(tmp_path, head + "".join(uses) + "    @method" + ONCE.rpartition("    @method")[2]).Till.compiled
    assert len(compiled.methods) == len(UNGUESSED) + 1
    assert "whoever guesses that, knows it" in readme(compiled)
