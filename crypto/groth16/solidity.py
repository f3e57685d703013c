"""A Solidity contract that verifies proofs under one key, with the precompiles of EIP-196 and EIP-197.

It answers false where the equation does not hold, where a public input is not below r (x and x + r would both be
accepted otherwise), and where a point is off its curve or outside its subgroup, which the precompiles find. The
arguments are those of snarkjs's verifier, so its callers work with this one too. The text is our own, under MIT: the
rest of this project's licence does not reach whoever deploys the contract.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

from crypto.groth16.errors import UnusableContractName
from crypto.groth16.inputs import check_range
from crypto.groth16.keycheck import check_key
from crypto.groth16.types import BASE_FIELD, G1, G2, SCALAR_FIELD, Proof, VerifyingKey

_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}", re.ASCII)

_CONTRACT: Final = """\
// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4 <0.9.0;

/// Groth16 over BN254 (alt_bn128), for one verifying key with {inputs} public inputs.
contract {name} {{
    uint256 private constant Q = {q};
    uint256 private constant R = {r};

    /// @param a (x, y) of A
    /// @param b ((x.c1, x.c0), (y.c1, y.c0)) of B: the order of EIP-197
    /// @param c (x, y) of C
    /// @param input the public inputs, each below R
    /// @return whether the proof holds for exactly these inputs
    function verifyProof(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        uint256[{inputs}] calldata input
    ) external view returns (bool) {{
        if (a[1] >= Q) return false;
        uint256[2] memory sum = [uint256({ic_x}), {ic_y}];
{terms}
        // e(-A, B) e(alpha, beta) e(sum, gamma) e(C, delta) = 1
        uint256[24] memory pairs;
        pairs[0] = a[0];
        pairs[1] = Q - a[1];
        pairs[2] = b[0][0];
        pairs[3] = b[0][1];
        pairs[4] = b[1][0];
        pairs[5] = b[1][1];
{constants}
        pairs[12] = sum[0];
        pairs[13] = sum[1];
        pairs[18] = c[0];
        pairs[19] = c[1];
        uint256[1] memory one;
        bool ok;
        assembly ("memory-safe") {{
            ok := staticcall(gas(), 8, pairs, 768, one, 32)
        }}
        return ok && one[0] == 1;
    }}

    /// Adds scalar times (x, y) to sum; false for a scalar that is not below R.
    function _add(uint256[2] memory sum, uint256 x, uint256 y, uint256 scalar) private view returns (bool ok) {{
        if (scalar >= R) return false;
        uint256[4] memory words = [x, y, scalar, 0];
        assembly ("memory-safe") {{
            ok := staticcall(gas(), 7, words, 96, words, 64)
            mstore(add(words, 64), mload(sum))
            mstore(add(words, 96), mload(add(sum, 32)))
            ok := and(ok, staticcall(gas(), 6, words, 128, sum, 64))
        }}
    }}
}}
"""


def solidity_verifier(key: VerifyingKey, name: str = "Groth16Verifier") -> str:
    """The contract's source, for Solidity 0.8.4 and up.

    Raises UnusableContractName, and what `keycheck.check_key` raises: no contract is written for a forgeable key.
    """
    if not _NAME.fullmatch(name):
        raise UnusableContractName(name)
    check_key(key)
    fixed = [*zip(range(6, 12), (*key.alpha, *_words(key.beta)), strict=True)]
    fixed += [*zip(range(14, 18), _words(key.gamma), strict=True), *zip(range(20, 24), _words(key.delta), strict=True)]
    return _CONTRACT.format(
        name=name,
        inputs=key.public_inputs,
        q=BASE_FIELD,
        r=SCALAR_FIELD,
        ic_x=key.ic[0][0],
        ic_y=key.ic[0][1],
        terms="\n".join(_term(index, point) for index, point in enumerate(key.ic[1:])),
        constants="\n".join(f"        pairs[{place}] = {value};" for place, value in fixed),
    )


def solidity_arguments(proof: Proof, inputs: Sequence[int]) -> str:
    """The arguments of `verifyProof` as `snarkjs zkey export soliditycalldata` prints them. Raises InputOutOfRange."""
    check_range(inputs)
    (bx0, bx1), (by0, by1) = proof.b
    b = [_hex((bx1, bx0)), _hex((by1, by0))]
    return ",".join(
        json.dumps(group, separators=(",", ":")) for group in (_hex(proof.a), b, _hex(proof.c), _hex(inputs))
    )


def _term(index: int, point: G1) -> str:
    return f"        if (!_add(sum, {point[0]}, {point[1]}, input[{index}])) return false;"


def _words(point: G2) -> tuple[int, int, int, int]:
    (x0, x1), (y0, y1) = point
    return (x1, x0, y1, y0)


def _hex(values: Sequence[int]) -> list[str]:
    return [f"0x{value:064x}" for value in values]
