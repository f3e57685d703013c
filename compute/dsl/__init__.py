"""The language in which a Python developer writes a confidential contract. Reference: docs/dsl.md."""

from compute.dsl.composites import Array, Struct
from compute.dsl.contract import Contract, contract
from compute.dsl.declaration import Private, Public, method
from compute.dsl.fields import Register, Sealed
from compute.dsl.operations import maximum, minimum, poseidon, require, select
from compute.dsl.scalars import Address, Bool, Field
from compute.dsl.sized import i8, i16, i32, i64, u8, u16, u32, u64, u128

__all__ = [
    "Address",
    "Array",
    "Bool",
    "Contract",
    "Field",
    "Private",
    "Public",
    "Register",
    "Sealed",
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
