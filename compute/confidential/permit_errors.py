"""What can go wrong with a permit. Codes 6320-6329."""

from compute.confidential.errors import ConfidentialComputeError


class PermitError(ConfidentialComputeError):
    """Root of the errors of permits."""

    code = 6320


class BadScope(PermitError):
    """A permit is to be made for epochs that a contract does not have, for none, or for too many."""

    code = 6321

    def __init__(self, first: int, last: int, newest: int, most: int) -> None:
        super().__init__(
            f"a permit cannot be made for epochs {first} to {last}: this contract has had 1 to {newest}, of which one "
            f"permit gives up to {most}. Data keys of epochs to come do not exist yet."
        )
        self.first, self.last, self.newest, self.most = first, last, newest, most


class OutsidePermit(PermitError):
    """Something is to be opened that was written in an epoch that the permit does not give."""

    code = 6322

    def __init__(self, first: int, last: int, epoch: int) -> None:
        given = f"epoch {first}" if first == last else f"epochs {first} to {last}"
        when = "earlier ones" if epoch < first else "later ones: it ended with the last of them"
        super().__init__(
            f"this was written in epoch {epoch}, and the permit gives {given} and no {when}. "
            f"Ask a reader of epoch {epoch} for a permit that includes it."
        )
        self.first, self.last, self.epoch = first, last, epoch


class AnotherContract(PermitError):
    """A permit is used on a contract that it is not for."""

    code = 6323

    def __init__(self, permitted: bytes, contract: bytes) -> None:
        super().__init__(
            f"the permit is for contract 0x{permitted.hex()} and not for 0x{contract.hex()}; name the former by its "
            f"id: a label means what was deployed under it last."
        )
        self.permitted, self.contract = permitted, contract


class AnotherAuditor(PermitError):
    """A permit is sealed to another reader key."""

    code = 6324

    def __init__(self) -> None:
        super().__init__("the permit is sealed to another auditor's key; use the account whose key its giver was told.")


class AnotherChain(PermitError):
    """A permit is for a contract of another chain."""

    code = 6325

    def __init__(self, permitted: str, chain: str) -> None:
        super().__init__(f"the permit is for chain {permitted}; this node follows {chain}.")
        self.permitted, self.chain = permitted, chain


class ForgedPermit(PermitError):
    """A permit's signature is not its giver's over its terms."""

    code = 6326

    def __init__(self) -> None:
        super().__init__("the permit was altered or is not from the reader that it names; ask for it again.")


class GiverIsNoReader(PermitError):
    """Whoever signed a permit is no reader of an epoch that it claims to give."""

    code = 6327

    def __init__(self, epoch: int) -> None:
        super().__init__(
            f"the permit is signed by a key that is no reader of epoch {epoch} on this chain; "
            f"a permit for it comes from one who is."
        )
        self.epoch = epoch


class NotAPermit(PermitError):
    """A file is not a permit, or one of a version that this software does not know."""

    code = 6328

    def __init__(self, problem: str) -> None:
        super().__init__(f"this file is no permit: {problem}. Make one with `cluster contract permit make`.")
        self.problem = problem
