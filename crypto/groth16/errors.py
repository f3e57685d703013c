"""Why a key, a proof or its public inputs are refused: one class per rule (protocol.md, "Verification")."""

from crypto.errors import CryptoError


class Groth16Error(CryptoError):
    """Root of this room's errors."""

    code = 1150


class WrongLength(Groth16Error):
    """Bytes are missing, or bytes follow where the encoding has ended."""

    code = 1151

    def __init__(self, what: str, length: int, expected: str) -> None:
        super().__init__(f"the {what} has {length} bytes; {expected} were expected. Send exactly these bytes.")
        self.what, self.length, self.expected = what, length, expected


class CoordinateOutOfRange(Groth16Error):
    """A coordinate is not below q, so that the same point would have a second encoding."""

    code = 1152

    def __init__(self, point: str, value: int) -> None:
        super().__init__(
            f"a coordinate of {point} is {value:#x}, not below the field order q. Reduce it and encode again."
        )
        self.point, self.value = point, value


class BadFlags(Groth16Error):
    """The two flag bits of a compressed point say neither "smaller y" nor "larger y"."""

    code = 1153

    def __init__(self, point: str, flags: int) -> None:
        super().__init__(
            f"the two leading bits of compressed {point} are {flags:02b}; 10 (smaller y) or 11 (larger y) was due. "
            "Use gnark's compressed encoding: big-endian x with these flags."
        )
        self.point, self.flags = point, flags


class NotOnCurve(Groth16Error):
    """Coordinates that do not satisfy the curve's equation, or a compressed x that no point has."""

    code = 1154

    def __init__(self, point: str) -> None:
        super().__init__(f"{point} does not lie on its curve. Encode the point that the prover or the setup returned.")
        self.point = point


class NotInSubgroup(Groth16Error):
    """A point of the twist that is not of order r."""

    code = 1155

    def __init__(self, point: str) -> None:
        super().__init__(
            f"{point} lies on the twist but not in its subgroup of order r. Encode the point that the prover returned."
        )
        self.point = point


class IdentityPoint(Groth16Error):
    """A point is the identity where no honest key or proof has it."""

    code = 1156

    def __init__(self, point: str) -> None:
        super().__init__(f"{point} is the identity; a point of order r was expected. Prove, or run the setup, again.")
        self.point = point


class UnboundInput(Groth16Error):
    """An IC point is the identity: a proof says nothing of that public input, which anybody could then change."""

    code = 1157

    def __init__(self, index: int) -> None:
        super().__init__(
            f"ic[{index}] of the verifying key is the identity, so proofs do not bind public input {index - 1} "
            "(-1: the constant). Constrain every public input, and contribute to both phases of the setup."
        )
        self.index = index


class MalformedJson(Groth16Error):
    """Text is not what snarkjs writes."""

    code = 1158

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"the {what} is not snarkjs JSON: {reason}. Export it with snarkjs 0.7 for Groth16 on bn128.")
        self.what, self.reason = what, reason


class WrongIcCount(Groth16Error):
    """A key does not have one IC point more than it has public inputs."""

    code = 1159

    def __init__(self, count: int, expected: int) -> None:
        super().__init__(
            f"the verifying key has {count} IC points; {expected} were expected, one more than public inputs. "
            "Export the key that belongs to this circuit."
        )
        self.count, self.expected = count, expected


class UnsupportedInputCount(Groth16Error):
    """A key has no public input, so no context to bind a proof to, or more than a validator is willing to pay for."""

    code = 1160

    def __init__(self, count: int, maximum: int) -> None:
        super().__init__(
            f"the verifying key has {count} public inputs; 1 to {maximum} are supported. "
            "Commit to long inputs by a hash, and make the hash public."
        )
        self.count, self.maximum = count, maximum


class ForgeableKey(Groth16Error):
    """gamma = delta or gamma = -delta: anybody can make a proof of anything (docs/decisions/groth16-key-checks.md)."""

    code = 1161

    def __init__(self) -> None:
        super().__init__(
            "gamma and delta of the verifying key are equal up to sign, so anybody can forge proofs under it. "
            "Contribute to the key's second phase, as `snarkjs zkey contribute` does, and export it again."
        )


class DefaultGenerator(Groth16Error):
    """A point that a setup makes random is the curve's generator: nobody contributed to that setup."""

    code = 1162

    def __init__(self, point: str) -> None:
        super().__init__(
            f"{point} of the verifying key is the default generator: nobody contributed to its setup. "
            "Contribute to it, and export the key again."
        )
        self.point = point


class WrongInputCount(Groth16Error):
    """A proof comes with more or fewer public inputs than its key has."""

    code = 1163

    def __init__(self, count: int, expected: int) -> None:
        super().__init__(
            f"there are {count} public inputs; this key has {expected}. Pass the statement's inputs in order."
        )
        self.count, self.expected = count, expected


class InputOutOfRange(Groth16Error):
    """A public input is negative or not below r, so that x and x + r would both be accepted."""

    code = 1164

    def __init__(self, index: int, value: int) -> None:
        super().__init__(
            f"public input {index} is {value:#x}, outside [0, r) of the scalar field. Reduce it where it is made."
        )
        self.index, self.value = index, value


class FalseProof(Groth16Error):
    """Everything is well formed, and the pairing equation does not hold."""

    code = 1165

    def __init__(self, key_id: bytes, inputs: int) -> None:
        super().__init__(
            f"the proof does not hold under key 0x{key_id.hex()} for these {inputs} public inputs. "
            "Prove again for exactly these inputs, with the proving key of this verifying key."
        )
        self.key_id, self.inputs = key_id, inputs


class KeyIdMismatch(Groth16Error):
    """A compressed key was found under an id that is not its hash."""

    code = 1166

    def __init__(self, key_id: bytes, expected: bytes) -> None:
        super().__init__(
            f"the verifying key hashes to 0x{key_id.hex()}; 0x{expected.hex()} was asked for. "
            "The store is corrupt: restore it from a peer."
        )
        self.key_id, self.expected = key_id, expected


class BackendRefused(Groth16Error):
    """The native library refused what our own checks had let pass; the two should agree, so this is worth a report."""

    code = 1167

    def __init__(self, reason: str) -> None:
        super().__init__(f"the native verifier refused: {reason}. Report this with the key and the proof.")
        self.reason = reason


class BackendPanic(Groth16Error):
    """The native library panicked."""

    code = 1168

    def __init__(self, reason: str) -> None:
        super().__init__(f"the native library panicked: {reason}. The input is refused; report it.")
        self.reason = reason


class SetupRefused(Groth16Error):
    """No keys can be made from these constraints."""

    code = 1169

    def __init__(self, reason: str) -> None:
        super().__init__(f"setup refused the constraint system: {reason}. Compile the circuit again.")
        self.reason = reason


class ProvingRefused(Groth16Error):
    """The witness does not fit the proving key, or one of the two cannot be read."""

    code = 1170

    def __init__(self, reason: str) -> None:
        super().__init__(f"no proof was made: {reason}. Compute the witness with the circuit this proving key is of.")
        self.reason = reason


class UnusableContractName(Groth16Error):
    """A name that no Solidity contract can have."""

    code = 1184

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r:.80} is no name for a Solidity contract; take up to 64 letters, digits and underscores, "
            "a letter first."
        )
        self.name = name
