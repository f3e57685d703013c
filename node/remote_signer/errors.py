"""Errors of a signer in a process of its own: 7110 to 7119, beside those of the guard (node/signer_state.py)."""

from pathlib import Path

from chain.types.scalars import ChainId, ValidatorId
from node.signer_state import SignerError
from p2p.address import NodeId


class SignerAway(SignerError):
    """The remote signer gave no signature: it cannot be reached, or what it said is of no use. The node is silent."""

    code = 7110

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the remote signer gives no signatures: {reason.rstrip('.')}. The node follows the chain in silence and "
            "goes on trying; look at the signer's process and the way to it."
        )
        self.reason = reason


class SignerSilent(SignerError):
    """The remote signer did not answer a question in time; the link is given up and made anew."""

    code = 7111

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the remote signer did not answer within {seconds} s. Look at its machine, its disk and the way between; "
            "signer.timeout_ms says how long the node waits."
        )
        self.seconds = seconds


class KeyInTwoPlaces(SignerError):
    """A node with a remote signer has the validator's key in its own home too: two signers would get it slashed."""

    code = 7112

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} holds the key of the remote signer too, and one key in two places gets slashed. If the signer has "
            "it and its newest state, remove this file."
        )
        self.path = str(path)


class SignersValidatorDiffers(SignerError):
    """The remote signer signs for another validator than the node's configuration names."""

    code = 7113

    def __init__(self, expected: ValidatorId, found: ValidatorId) -> None:
        super().__init__(
            f"the signer signs for validator 0x{found.hex()}; signer.validator is 0x{expected.hex()}. Correct the "
            "configuration, or connect to the right signer."
        )
        self.expected, self.found = expected, found


class UnknownNodeAtSigner(SignerError):
    """A node asked for signatures that the signer's settings do not name."""

    code = 7114

    def __init__(self, node: NodeId) -> None:
        super().__init__(
            f"node {node.hex()} is not among `nodes` of signer.toml, so it gets no signatures. Is it yours? Add it."
        )
        self.node = node


class SignersChainDiffers(SignerError):
    """A node of another chain asked for signatures."""

    code = 7115

    def __init__(self, expected: ChainId, found: ChainId) -> None:
        super().__init__(f"the node is of chain {found}; this signer signs for {expected}. Connect each to its own.")
        self.expected, self.found = expected, found


class UnusableWord(SignerError):
    """A message between node and signer is not one, or answers another question."""

    code = 7116

    def __init__(self, reason: str) -> None:
        super().__init__(f"a message of the signer's link is of no use: {reason}. Run the same version at both ends.")
        self.reason = reason


class SignerHomeExists(SignerError):
    """A signer's home was to be made where files lie already."""

    code = 7117

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not empty; name an empty or new folder with --home, or remove it first.")
        self.path = str(path)


class NothingToAdopt(SignerError):
    """A node's key was to be moved to a signer, but the node does not sign with a key of its own."""

    code = 7118

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} has no key to move: {reason}. Name the home of a validator that signs by itself.")
        self.path, self.reason = str(path), reason
