"""What a `.zkey` must satisfy before anything is proven with it. Its reader has checked the lengths already.

Every point of every section is looked at, none is sampled: 1 us a point of G1, 3 us a point of G2, so 2 s for 2^18
constraints. That B in G2 is of order r, and that the sections belong together, is what `ceremony.check_ceremony` shows;
whoever proves verifies each proof before giving it out, so a key that lies there makes no proofs.
"""

from crypto.field import SCALAR_FIELD
from crypto.groth16.encoding import checked_g1
from crypto.groth16.errors import DefaultGenerator
from crypto.groth16.key_file_errors import ImpossibleCoefficient, InconsistentKey
from crypto.groth16.keycheck import check_key
from crypto.groth16.montgomery import check_g1_section, check_g2_section
from crypto.groth16.pairing import same_ratio
from crypto.groth16.types import G1_GENERATOR, G2_GENERATOR, VerifyingKey
from crypto.groth16.zkey import B2, POINT_SECTIONS, Zkey, entries, read_zkey
from crypto.r1cs.sections import NotCanonical


def check_zkey(zkey: Zkey) -> VerifyingKey:
    """The verifying key of a proving key that may be used.

    Raises what `keycheck.check_key` raises (ForgeableKey and DefaultGenerator for a key without contributions),
    InconsistentKey, ImpossibleCoefficient, NotCanonical, CoordinateOutOfRange, NotOnCurve.
    """
    verifying = zkey.verifying()
    check_key(verifying)
    head = zkey.header
    for name, point, twin in (("beta1", head.beta1, head.beta2), ("delta1", head.delta1, head.delta2)):
        checked_g1(name, point)
        if point == G1_GENERATOR:
            raise DefaultGenerator(name)
        if not same_ratio(G1_GENERATOR, point, G2_GENERATOR, twin):
            raise InconsistentKey(name, f"{name[:-1]}2")
    for section, title in POINT_SECTIONS.items():
        (check_g2_section if section == B2 else check_g1_section)(zkey.sections[section], title)
    _check_coefficients(zkey)
    return verifying


def load_zkey(data: bytes) -> tuple[Zkey, VerifyingKey]:
    """Reads and checks a file. Raises what `zkey.read_zkey` and `check_zkey` raise."""
    zkey = read_zkey(data)
    return zkey, check_zkey(zkey)


def _check_coefficients(zkey: Zkey) -> None:
    cells, domain = zkey.header.cells, zkey.header.domain
    seen = set()
    for position, (matrix, row, wire, value) in enumerate(entries(zkey)):
        if matrix > 1 or row >= domain or wire >= cells:
            raise ImpossibleCoefficient(position)
        seen.add(value)
    for value in seen:
        if (number := int.from_bytes(value, "little")) >= SCALAR_FIELD:
            raise NotCanonical(number)
