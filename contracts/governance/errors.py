"""The rules of governance, one class each. Codes 4450-4499. What is wrong with new parameters, chain/execution says."""

from chain.types.scalars import AccountId, Height
from crypto.address import encode_address
from crypto.errors import ClusterError


class GovernanceError(ClusterError):
    """Root of the errors of governance."""

    code = 4450


class NotAnOperator(GovernanceError):
    """A proposal or a vote comes from an account that operates no validator of the present set."""

    code = 4451

    def __init__(self, account: AccountId) -> None:
        super().__init__(
            f"account {encode_address(account)} operates no validator of the present set; sign with an "
            "operator's account."
        )
        self.account = account


class WrongDeadline(GovernanceError):
    """The last height to vote at has passed, or lies too far ahead."""

    code = 4452

    def __init__(self, deadline: Height, first: int, last: int) -> None:
        super().__init__(
            f"the last height to vote at must be {first} to {last}; the proposal says {deadline}. Propose again "
            "with other --voting, and --at behind the votes."
        )
        self.deadline, self.first, self.last = deadline, first, last


class EffectTooSoon(GovernanceError):
    """A decision would take effect while votes are still cast."""

    code = 4453

    def __init__(self, effect: Height, deadline: Height) -> None:
        super().__init__(
            f"it would take effect at height {effect}, and votes are cast until {deadline}; name a later height, or an "
            "earlier deadline."
        )
        self.effect, self.deadline = effect, deadline


class TooManyOpen(GovernanceError):
    """An operator has as many proposals open as one may."""

    code = 4454

    def __init__(self, open_: int, limit: int) -> None:
        super().__init__(
            f"{open_} proposals of yours are open; at most {limit} may be. Withdraw one, or wait for its end."
        )
        self.open, self.limit = open_, limit


class NoSuchProposal(GovernanceError):
    """A proposal is named that was never made."""

    code = 4455

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no proposal {number}; `cluster gov list` shows those that are open.")
        self.number = number


class ProposalClosed(GovernanceError):
    """A proposal is voted on, or withdrawn, that is no longer open."""

    code = 4456

    def __init__(self, number: int, status: str) -> None:
        super().__init__(f"proposal {number} is {status}; only open ones are voted on. Propose it anew.")
        self.number, self.status = number, status


class NotTheProposer(GovernanceError):
    """Only who made a proposal withdraws it."""

    code = 4457

    def __init__(self, number: int, proposer: AccountId) -> None:
        super().__init__(
            f"proposal {number} is of {encode_address(proposer)}; only that account withdraws it. Vote no."
        )
        self.number, self.proposer = number, proposer


class UpgradePending(GovernanceError):
    """An upgrade is planned while another one has passed and lies ahead."""

    code = 4460

    def __init__(self, name: str, height: Height) -> None:
        super().__init__(
            f"upgrade {name!r} has passed and comes at height {height}; cancel it by vote first, or wait for it."
        )
        self.upgrade, self.height = name, height


class VersionNotNewer(GovernanceError):
    """An upgrade leads to an application version that the chain is at or has left behind."""

    code = 4461

    def __init__(self, active: int, wanted: int) -> None:
        super().__init__(
            f"the chain is at application version {active}; an upgrade leads to a later one, not {wanted}."
        )
        self.active, self.wanted = active, wanted


class NoSuchUpgrade(GovernanceError):
    """An upgrade is to be cancelled that is not pending."""

    code = 4462

    def __init__(self, name: str) -> None:
        super().__init__(f"no upgrade {name!r} is pending; `cluster gov list` names the one that is, if any.")
        self.upgrade = name
