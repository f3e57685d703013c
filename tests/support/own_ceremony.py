"""A ceremony of one contributor for any circuit, without snarkjs: its secrets are known, all else is as snarkjs's."""

import struct
from hashlib import blake2b
from unittest import mock

from crypto.field import FIELD_BYTES, SCALAR_FIELD
from crypto.groth16 import zkey as z
from crypto.groth16.ceremony_random import CeremonyRandom
from crypto.groth16.contributions import HASH_BYTES, uncompressed1
from crypto.groth16.curve import multiply_g1, multiply_twist
from crypto.groth16.dev_setup import development_zkey, encoded_multiples
from crypto.groth16.montgomery import encode_g1, encode_g2
from crypto.groth16.types import BASE_FIELD, G1_GENERATOR
from crypto.r1cs.circuit import Circuit
from crypto.r1cs.sections import write_sections

TAU, ALPHA, BETA, DELTA, S = 0x1234567, 0x2345678, 0x3456789, 0x456789A, 0x56789AB
NAME = b"tester"


def own_ceremony(circuit: Circuit, delta: int = DELTA) -> bytes:
    """The .zkey that it ends with; another delta makes another key of the same powers."""
    with mock.patch("crypto.groth16.dev_setup.secret_scalar", iter((TAU, ALPHA, BETA, delta)).__next__):
        made = development_zkey(circuit.constraints, circuit.cell_count, circuit.public_count, bytes(32))
    return z.write_zkey({**z.read_zkey(made).sections, z.CONTRIBUTIONS: _record(delta)})


def _record(delta: int) -> bytes:
    """One contribution, whose factor is all of delta."""
    before = blake2b(b"circuit", digest_size=HASH_BYTES).digest()
    s = multiply_g1(G1_GENERATOR, S)
    sx, after = multiply_g1(s, delta), multiply_g1(G1_GENERATOR, delta)
    transcript = blake2b(before + uncompressed1(s) + uncompressed1(sx), digest_size=HASH_BYTES).digest()
    spx = multiply_twist(CeremonyRandom(transcript).g2(), delta)
    assert spx is not None
    name = bytes((1, len(NAME))) + NAME
    ends = transcript + struct.pack("<II", 0, len(name)) + name
    return before + struct.pack("<I", 1) + encode_g1((after, s, sx)) + encode_g2((spx,)) + ends


def own_powers(circuit: Circuit) -> bytes:
    """The .ptau that it began with, of twice the circuit's domain."""
    power = z.domain_size(len(circuit.constraints), circuit.public_count).bit_length()
    taus = [pow(TAU, i, SCALAR_FIELD) for i in range((2 << power) - 1)]
    short = taus[: 1 << power]
    head = struct.pack("<I32sII", FIELD_BYTES, BASE_FIELD.to_bytes(FIELD_BYTES, "little"), power, power)
    sections = {
        1: head,
        2: encoded_multiples(False, taus),
        3: encoded_multiples(True, short),
        4: encoded_multiples(False, [ALPHA * tau % SCALAR_FIELD for tau in short]),
        5: encoded_multiples(False, [BETA * tau % SCALAR_FIELD for tau in short]),
        6: encoded_multiples(True, [BETA]),
    }
    return write_sections(b"ptau", 1, sections)
