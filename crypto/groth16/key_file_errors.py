"""Why a key file, or the ceremony that it came from, is refused: one class per rule.

That bytes are missing, doubled or not canonical is said by crypto.r1cs.sections, as for every file of these formats.
"""

from pathlib import Path

from crypto.groth16.errors import Groth16Error


class KeyFileError(Groth16Error):
    """Root of the errors of .zkey and .ptau files."""

    code = 1171


class NotGroth16(KeyFileError):
    """A .zkey is for another proof system."""

    code = 1172

    def __init__(self, protocol: int) -> None:
        name = {2: "PLONK", 10: "FFLONK"}.get(protocol, f"protocol {protocol}")
        super().__init__(f"the .zkey is for {name}; only Groth16 is proven here. Make it with `snarkjs groth16 setup`.")
        self.protocol = protocol


class WrongCurve(KeyFileError):
    """A file's points are of another curve than BN254."""

    code = 1173

    def __init__(self, field: int) -> None:
        super().__init__(
            f"the file's points are over the field of {field}; only bn128 (BN254) is supported. "
            "Start from powers of tau of bn128."
        )
        self.field = field


class WrongDomain(KeyFileError):
    """A key's counts of wires, public inputs and domain points cannot be those of one circuit."""

    code = 1174

    def __init__(self, cells: int, public: int, domain: int) -> None:
        super().__init__(
            f"the .zkey speaks of {cells} wires, {public} of them public, and a domain of {domain}; expected fewer "
            "public inputs than wires, and a power of two from 2 to 2^27. Export the key again."
        )
        self.cells, self.public, self.domain = cells, public, domain


class AnotherCircuit(KeyFileError):
    """A key was made for another constraint system than the one it is used with."""

    code = 1175

    def __init__(self, what: str, found: int | str, expected: int | str) -> None:
        super().__init__(
            f"the key is for another circuit: its {what} is {found}, the circuit's is {expected}. "
            "Use the .zkey that was made from exactly this .r1cs."
        )
        self.what, self.found, self.expected = what, found, expected


class ImpossibleCoefficient(KeyFileError):
    """A coefficient of a .zkey names a matrix, row or wire that the key does not have."""

    code = 1176

    def __init__(self, position: int) -> None:
        super().__init__(
            f"coefficient {position} of the .zkey names a matrix, row or wire that is not there. Export the key again."
        )
        self.position = position


class MalformedContributions(KeyFileError):
    """The record of a ceremony's second phase cannot be read."""

    code = 1177

    def __init__(self, reason: str) -> None:
        super().__init__(f"the .zkey's contributions cannot be read: {reason}. Export the key with snarkjs 0.7 again.")
        self.reason = reason


class FalseContribution(KeyFileError):
    """A contribution to the second phase does not follow from the one before it."""

    code = 1178

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(
            f"contribution {number} of the ceremony (the first is 1) is false: {reason}. "
            "Do not use this key; ask its coordinator for the key before that contribution."
        )
        self.number, self.reason = number, reason


class InconsistentKey(KeyFileError):
    """Parts of a key that a ceremony makes from one another do not agree."""

    code = 1179

    def __init__(self, part: str, source: str) -> None:
        super().__init__(
            f"{part} of the key do not follow from {source}. Do not use this key: the ceremony was not followed."
        )
        self.part, self.source = part, source


class UnusablePowers(KeyFileError):
    """A .ptau file is too small for the circuit, or its points are not powers of one number."""

    code = 1180

    def __init__(self, reason: str) -> None:
        super().__init__(f"the powers of tau cannot be used: {reason}. Take those that the ceremony names.")
        self.reason = reason


class TranscriptMismatch(KeyFileError):
    """A ceremony's files are not those whose hashes are registered."""

    code = 1181

    def __init__(self, what: str, found: bytes, expected: bytes) -> None:
        super().__init__(
            f"the ceremony's {what} hashes to 0x{found.hex()}; 0x{expected.hex()} is registered. "
            "Get the files that the key's registrant published."
        )
        self.what, self.found, self.expected = what, found, expected


class DamagedKeyFile(KeyFileError):
    """A development key on disk is not what was written there, or not of this circuit."""

    code = 1182

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the development key {path} cannot be used: {reason.rstrip('.')}. "
            "Delete the file and run the setup again, or get it from the model's publisher again."
        )
        self.path, self.reason = str(path), reason


class NotADevelopmentKey(KeyFileError):
    """A file's digest is not that of its contents and of the circuit it is wanted for."""

    code = 1183

    def __init__(self, found: bytes, expected: bytes) -> None:
        super().__init__(
            f"its digest is 0x{found.hex()}; 0x{expected.hex()} was expected for these contents and this circuit, so "
            "it was changed, comes from a ceremony, or is for another circuit."
        )
        self.found, self.expected = found, expected
