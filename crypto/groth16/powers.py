"""`.ptau`: powers of tau, the first phase of a ceremony, which serves circuits of any kind up to its size.

Source: snarkjs 0.7, `src/powersoftau_new.js`. Sections: 1 header, 2 tau^i in G1 (2^(p+1) - 1 of them), 3 tau^i in G2,
4 alpha tau^i and 5 beta tau^i in G1 (2^p each), 6 beta in G2. Later sections (contributions, Lagrange bases) are not
read: bases are computed here from the powers.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crypto.field import FIELD_BYTES
from crypto.groth16.bulk import combine1, combine2
from crypto.groth16.chance import factors
from crypto.groth16.encoding import checked_g2
from crypto.groth16.errors import Groth16Error
from crypto.groth16.key_file_errors import UnusablePowers, WrongCurve
from crypto.groth16.montgomery import G1_BYTES, G2_BYTES, decode_g1_section, decode_g2, decode_g2_section
from crypto.groth16.pairing import same_ratio
from crypto.groth16.types import BASE_FIELD, G1, G1_GENERATOR, G2, G2_GENERATOR
from crypto.r1cs.sections import read_sections, require_section

_MAGIC: Final = b"ptau"
_VERSION: Final = 1
_HEADER, _TAU1, _TAU2, _ALPHA, _BETA, _BETA2 = 1, 2, 3, 4, 5, 6
_HEAD: Final = struct.Struct("<I32sII")
_MAX_POWER: Final = 28


@dataclass(frozen=True, slots=True)
class Powers:
    """The first powers of tau, as many as were asked for; checked to be powers of one tau."""

    tau1: tuple[G1, ...]
    tau2: tuple[G2, ...]
    alpha: tuple[G1, ...]
    beta: tuple[G1, ...]
    beta2: G2


def read_powers(data: bytes, domain: int) -> Powers:
    """Powers enough for a key on `domain` points: twice as many of tau in G1, but the last where the file has none.

    They are checked to be powers of one tau, alpha and beta, by random linear combinations; that nobody knows these is
    what the file's contributions are for, which `snarkjs powersoftau verify` follows. Raises UnusablePowers,
    WrongCurve, a CircuitFileError.
    """
    sections = read_sections(data, _MAGIC, _VERSION)
    head = require_section(sections, _HEADER)
    if len(head) != _HEAD.size:
        raise UnusablePowers(f"the header has {len(head)} bytes, not {_HEAD.size}")
    width, q, power, _ = _HEAD.unpack(head)
    if width != FIELD_BYTES or int.from_bytes(q, "little") != BASE_FIELD:
        raise WrongCurve(int.from_bytes(q, "little"))
    if power > _MAX_POWER or domain > 1 << power:
        raise UnusablePowers(f"the file is for 2^{power} points, the key stands on {domain}")
    try:
        powers = Powers(
            tuple(decode_g1_section(_first(sections, _TAU1, min(2 * domain, (2 << power) - 1) * G1_BYTES), "tau")),
            tuple(decode_g2_section(_first(sections, _TAU2, domain * G2_BYTES), "tau2")),
            tuple(decode_g1_section(_first(sections, _ALPHA, domain * G1_BYTES), "alpha tau")),
            tuple(decode_g1_section(_first(sections, _BETA, domain * G1_BYTES), "beta tau")),
            checked_g2("beta2", decode_g2(_first(sections, _BETA2, G2_BYTES), "beta2")),
        )
        _check(powers)
    except Groth16Error as error:
        raise error if isinstance(error, UnusablePowers) else UnusablePowers(str(error)) from error
    return powers


def _first(sections: Mapping[int, bytes], number: int, length: int) -> bytes:
    section = require_section(sections, number)
    if len(section) < length:
        raise UnusablePowers(f"section {number} has {len(section)} bytes, {length} are needed")
    return section[:length]


def _check(powers: Powers) -> None:
    if (powers.tau1[0], powers.tau2[0]) != (G1_GENERATOR, G2_GENERATOR):
        raise UnusablePowers("they do not begin with the generators")
    tau2 = powers.tau2[1]
    for name, row in (("tau", powers.tau1), ("alpha tau", powers.alpha), ("beta tau", powers.beta)):
        weights = factors(len(row) - 1)
        before, after = combine1(row[:-1], weights), combine1(row[1:], weights)
        if before is None or after is None or not same_ratio(before, after, G2_GENERATOR, tau2):
            raise UnusablePowers(f"{name} in G1 are not powers of the tau in G2")
    weights = factors(len(powers.tau2))
    one, two = combine1(powers.tau1[: len(weights)], weights), combine2(powers.tau2, weights)
    if one is None or two is None or not same_ratio(G1_GENERATOR, one, G2_GENERATOR, two):
        raise UnusablePowers("tau in G2 are not those in G1")
    if not same_ratio(G1_GENERATOR, powers.beta[0], G2_GENERATOR, powers.beta2):
        raise UnusablePowers("beta in G2 is not that in G1")
