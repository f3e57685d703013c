"""Methods about what the validators decide: proposals, and upgrades of the chain."""

from typing import Final

from chain.codec import to_json
from chain.types.scalars import Height, Uint
from contracts.governance import state
from contracts.governance.queries import proposal_view, upgrade_view
from node.parts import Node
from node.rpc.errors import InvalidParams
from node.rpc.method import Count, Declared, Json

MAX_PROPOSALS: Final = 100
SOME: Final = Count(20)


class GovernanceMethods:
    """governance_*, chain_getUpgrade"""

    def __init__(self, node: Node) -> None:
        self._ledger = node.ledger

    def table(self) -> dict[str, Declared]:
        return {
            "governance_getProposal": self.get_proposal,
            "governance_listProposals": self.list_proposals,
            "chain_getUpgrade": self.get_upgrade,
        }

    def get_proposal(self, number: Count) -> Json:
        """A proposal by its number: its decision, votes and status, and how the votes of an open one count now."""
        return self._shown(number)

    def list_proposals(self, before: Count | None = None, limit: Count = SOME) -> Json:
        """Proposals, newest first, those before number `before`, at most `limit` (at most 100); the open ones' numbers.

        `more` says whether older ones follow.
        """
        if limit > MAX_PROPOSALS:
            raise InvalidParams("limit", f"at most {MAX_PROPOSALS}", str(limit))
        view = self._ledger.view
        made = state.count(view)
        newest = made if before is None else min(before - 1, made)
        oldest = max(newest - limit, 0)
        return {
            "proposals": [self._shown(number) for number in range(newest, oldest, -1)],
            "open": sorted(each.number for each in state.open_proposals(view)),
            "more": oldest > 0,
        }

    def get_upgrade(self) -> Json:
        """Application version and fork id of the next block, the upgrade ahead, and the versions this node knows."""
        view = self._ledger.view
        shown = to_json(upgrade_view(view, Height(view.height + 1)))
        return {**shown, "known_app_versions": sorted(self._ledger.chain.app_versions)}

    def _shown(self, number: int) -> dict[str, Json]:
        view = self._ledger.view
        return to_json(proposal_view(view, Uint(number), Height(view.height + 1)))
