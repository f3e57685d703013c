"""The language in which a Python developer writes a confidential contract. Reference: docs/dsl.md."""

from compute.dsl.composites import Array, Struct
from compute.dsl.contract import Contract, contract
from compute.dsl.declaration import Private, Public, method
from compute.dsl.fields import Register, Sealed
from compute.dsl.notes import Note, Owner, Spend
from compute.dsl.operations import maximum, minimum, poseidon, require, select
from compute.dsl.scalars import NATIVE, Address, Asset, Bool, Field
from compute.dsl.sized import i8, i16, i32, i64, u8, u16, u32, u64, u128

__all__ = [
    "NATIVE",
    "Address",
    "Array",
    "Asset",
    "Bool",
    "Contract",
    "Field",
    "Note",
    "Owner",
    "Private",
    "Public",
    "Register",
    "Sealed",
    "Spend",
    "Struct",
    "contract",
    "i8",
    "i16",
    "i32",
    "i64",
    "maximum",
    "method",
    "minimum",
    "poseidon",
    "require",
    "select",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
]
