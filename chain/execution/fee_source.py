"""What pays for a transaction: its signer's account, or a proof whose public output is the fee.

A proof-paid transaction names no account. A one-time key signs it, its uniques (nullifiers) let it work once, and its
first action gives the fee, so that whether it can pay is known before anything else of it is looked at. Nobody could
be charged for its failure: it applies all its actions, or may not stand in a block.
Source: protocol.md, "Transactions, fees".
"""

from chain.amount import show
from chain.errors import InvalidTransaction
from chain.types.scalars import Amount, Nonce
from chain.types.transaction import FROM_ACCOUNT, FROM_PROOF, Envelope
from crypto.errors import ClusterError


class UnsupportedFeeSource(InvalidTransaction):
    """A transaction names a way to pay that this chain version does not know."""

    code = 3010

    def __init__(self, kind: int) -> None:
        super().__init__(
            f"fee source {kind} is not accepted by this chain version; name an account (0) or a proof (1)."
        )
        self.kind = kind


class FeeSourceError(InvalidTransaction):
    """Root of the rules about what pays. They hold or not, whatever state is."""

    code = 3073


class OfferFromAccount(FeeSourceError):
    """An account pays the fee, and an action's proof offers to pay it as well."""

    code = 3074

    def __init__(self, index: int, offer: Amount) -> None:
        super().__init__(
            f"action {index} offers {show(offer)} for the fee, but the sender's account pays it; prove an offer of "
            "0, or name a proof as fee source."
        )
        self.index, self.offer = index, offer


class OneTimeNonce(FeeSourceError):
    """A proof-paid transaction has a nonce: no account counts it."""

    code = 3075

    def __init__(self, nonce: Nonce) -> None:
        super().__init__(f"a transaction that is paid by a proof has nonce 0; this one has {nonce}. Sign it with 0.")
        self.nonce = nonce


class WrongOffers(FeeSourceError):
    """Not exactly the first action of a proof-paid transaction offers the fee."""

    code = 3076

    def __init__(self, offering: tuple[int, ...]) -> None:
        super().__init__(
            "the first action, and no other, offers the fee of a transaction that is paid by a proof; here "
            + (f"actions {', '.join(map(str, offering))} do." if offering else "none does.")
        )
        self.offering = offering


class OfferNotLimit(FeeSourceError):
    """The fee limit of a proof-paid transaction is not what its proof gives."""

    code = 3077

    def __init__(self, offer: Amount, limit: Amount) -> None:
        super().__init__(
            f"the proof gives {show(offer)} for the fee and the fee limit is {show(limit)}; sign it with {show(offer)}."
        )
        self.offer, self.limit = offer, limit


class NothingUnique(FeeSourceError):
    """The action that offers the fee could be used again: it has no nullifier."""

    code = 3078

    def __init__(self) -> None:
        super().__init__(
            "the action that offers the fee names no nullifier, so it could pay twice; spend a note by it."
        )


class RepeatedUnique(FeeSourceError):
    """One transaction uses the same nullifier twice."""

    code = 3079

    def __init__(self, unique: bytes) -> None:
        super().__init__(f"the transaction uses one nullifier twice (id 0x{unique.hex()}); spend each note once.")
        self.unique = unique


class ProofPaidFailure(InvalidTransaction):
    """An action of a proof-paid transaction breaks a rule of state: it may not stand in a block now."""

    code = 3110

    def __init__(self, index: int, rule: ClusterError) -> None:
        super().__init__(
            f"action {index} fails, and the transaction is paid by a proof, which then pays nobody: {rule}"
        )
        self.index, self.rule = index, rule


def check_fee_source(envelope: Envelope) -> None:
    """The rules about what pays, from the envelope alone. Raises UnsupportedFeeSource or a FeeSourceError."""
    kind = envelope.fee_source.kind
    if kind not in (FROM_ACCOUNT, FROM_PROOF):
        raise UnsupportedFeeSource(kind)
    offers = [(index, offer) for index, action in enumerate(envelope.actions) if (offer := action.fee_offer())]
    if kind == FROM_PROOF:
        _check_proof_paid(envelope, dict(offers))
    elif offers:
        raise OfferFromAccount(*offers[0])
    _check_uniques(envelope.uniques)


def _check_proof_paid(envelope: Envelope, offers: dict[int, Amount]) -> None:
    if envelope.nonce != 0:
        raise OneTimeNonce(envelope.nonce)
    if tuple(offers) != (0,):
        raise WrongOffers(tuple(offers))
    if offers[0] != envelope.fee_limit:
        raise OfferNotLimit(offers[0], envelope.fee_limit)
    if not envelope.actions[0].uniques():
        raise NothingUnique


def _check_uniques(uniques: tuple[bytes, ...]) -> None:
    seen: set[bytes] = set()
    for unique in uniques:
        if unique in seen:
            raise RepeatedUnique(unique)
        seen.add(unique)
