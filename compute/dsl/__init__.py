"""The language in which a Python developer writes a confidential contract. Reference: docs/dsl.md."""

from compute.dsl.composites import Array, Struct
from compute.dsl.contract import Contract, contract
from compute.dsl.declaration import Private, Public, method
from compute.dsl.fields import Register, Sealed
from compute.dsl.membership import Member
from compute.dsl.notes import Note, Owner, Spend
from compute.dsl.operations import maximum, minimum, poseidon, require, reveal, select
from compute.dsl.scalars import NATIVE, Address, Asset, Bool, Field
from compute.dsl.signatures import PublicKey, Signature, is_signed
from compute.dsl.sized import i8, i16, i32, i64, u8, u16, u32, u64, u128

__all__ = [
    "NATIVE",
    "Address",
    "Array",
    "Asset",
    "Bool",
    "Contract",
    "Field",
    "Member",
    "Note",
    "Owner",
    "Private",
    "Public",
    "PublicKey",
    "Register",
    "Sealed",
    "Signature",
    "Spend",
    "Struct",
    "contract",
    "i8",
    "i16",
    "i32",
    "i64",
    "is_signed",
    "maximum",
    "method",
    "minimum",
    "poseidon",
    "require",
    "reveal",
    "select",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
]
