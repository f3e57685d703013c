"""Methods about validators and the stake behind them."""

from itertools import islice
from typing import Final

from chain.codec import to_json
from chain.execution.validator_schedule import DELAY
from chain.state.view import View
from chain.types.scalars import AccountId, Height, ValidatorId
from contracts.staking import state
from contracts.staking.queries import delegation_views, validator_view
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import AddressBytes, Count, Declared, Json, ValidatorBytes

MAX_LISTED: Final = 200
SOME: Final = Count(100)


class StakingMethods:
    """validator_*, staking_*"""

    def __init__(self, node: Node) -> None:
        self._node = node

    def table(self) -> dict[str, Declared]:
        return {
            "validator_list": self.list_validators,
            "staking_getValidator": self.get_validator,
            "staking_listValidators": self.list_all,
            "staking_getDelegations": self.get_delegations,
        }

    @property
    def _view(self) -> View:
        return self._node.ledger.view

    def list_validators(self, height: Count | None = None) -> Json:
        """The validators of the next height with power, operator and moniker, or of one of the heights beside it.

        With the stake behind them, commission, and whether they are jailed or tombstoned and leave at the epoch's end.
        """
        view = self._view
        at = Height(view.height + 1 if height is None else height)
        if not view.height <= at <= view.height + DELAY:
            known = f"a height that the newest state knows, {view.height} to {view.height + DELAY}"
            raise InvalidParams("height", known, str(at))
        return {"height": at, "validators": [to_json(entry) for entry in state.active_validators(view, at)]}

    def get_validator(self, validator: ValidatorBytes) -> Json:
        """A validator: status, power, stake, commission, absences, jail."""
        return to_json(validator_view(self._view, ValidatorId(validator)))

    def list_all(self, after: ValidatorBytes | None = None, limit: Count = SOME) -> Json:
        """All that were ever bonded by key, those behind `after`, at most `limit` (at most 200); `more` may follow."""
        if limit > MAX_LISTED:
            raise InvalidParams("limit", f"at most {MAX_LISTED}", str(limit))
        view = self._view
        found = list(islice(state.validators(view, None if after is None else ValidatorId(after)), limit + 1))
        return {
            "height": view.height,
            "validators": [to_json(validator_view(view, validator)) for validator in found[:limit]],
            "more": len(found) > limit,
        }

    def get_delegations(self, address: AddressBytes) -> Json:
        """What an account has staked, with whom, what that has earned, and what is on its way back; at most 200."""
        view = self._view
        found = islice(delegation_views(view, AccountId(address)), MAX_LISTED)
        return {"height": view.height, "delegations": [to_json(each) for each in found]}
