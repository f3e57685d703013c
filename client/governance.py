"""Proposals and upgrades as a node tells of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from typing import Any, Final

from chain.codec import from_json
from client.errors import NotAnRpc
from client.rpc import RpcClient
from contracts.governance.decisions import DECISION_UNIONS
from contracts.governance.queries import ProposalView, UpgradeView
from crypto.errors import ClusterError

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """The upgrade in force and the one ahead, and the application versions that the node's program knows."""

    upgrade: UpgradeView
    known: tuple[int, ...]


async def get_proposal(rpc: RpcClient, number: int) -> ProposalView:
    """Raises RpcFailed (NoSuchProposal), Unreachable, NotAnRpc."""
    return _proposal(rpc, await rpc.call("governance_getProposal", number=number))


async def list_proposals(rpc: RpcClient) -> AsyncIterator[ProposalView]:
    """All that were ever made, newest first. Raises RpcFailed, Unreachable, NotAnRpc."""
    before: int | None = None
    more = True
    while more:
        answer = await rpc.call(
            "governance_listProposals", limit=PAGE, **({} if before is None else {"before": before})
        )
        try:
            found, more = [_proposal(rpc, each) for each in answer["proposals"]], answer["more"] is True
        except (KeyError, TypeError) as error:
            raise NotAnRpc(rpc.url, f"governance_listProposals answered in an unknown shape ({error})") from error
        for each in found:
            yield each
        if found:
            before = found[-1].proposal.number
        more = more and bool(found)


async def get_upgrade(rpc: RpcClient) -> Rules:
    """Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("chain_getUpgrade")
    try:
        view = from_json(UpgradeView, {entry.name: answer[entry.name] for entry in fields(UpgradeView)})
        return Rules(view, tuple(int(version) for version in answer["known_app_versions"]))
    except (KeyError, TypeError, ValueError, ClusterError) as error:
        raise NotAnRpc(rpc.url, f"chain_getUpgrade answered in an unknown shape ({error})") from error


def _proposal(rpc: RpcClient, answer: Any) -> ProposalView:
    try:
        return from_json(ProposalView, answer, unions=DECISION_UNIONS)
    except ClusterError as error:
        raise NotAnRpc(rpc.url, f"a proposal was answered in an unknown shape ({error})") from error
