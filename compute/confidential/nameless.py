"""Calls that name no account, as a shielded transfer pays for them: what they cannot be about, and what overtakes them.

Such a transaction is signed by a key that is used once. That key has no money, holds no lease and owns no contract, and
what is paid to it nobody can spend. If state moves on before such a transaction is in a block, no receipt ever says so:
the chain charges nobody for what it cannot apply. So the wallet looks at the contract itself. Where a light client is
at hand, only what validators signed makes it give a call up: no node talks it into that.
"""

from typing import Protocol

from client.wallet import Overtaken
from compute.confidential.errors import ContractNotSigned, NamesItsCaller, StateTooOld
from compute.confidential.prover import Draft
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractState, ContractView
from contracts.confidential.specs import LEASE


class Standing(Protocol):
    """A contract as a ContractClient shows it: the node's word, or what validators signed."""

    async def view(self) -> ContractView: ...

    async def now(self) -> ContractState: ...


def require_nameless(draft: Draft, contract: ContractView) -> Call:
    """The drafted call of the contract, if it can do without an account. Raises NamesItsCaller."""
    call = draft.action
    if not isinstance(call, Call):
        raise NamesItsCaller(call.name, "is for the account that owns something")
    if call.caller:
        raise NamesItsCaller(call.method, "asks who calls it")
    if any(take.amount for take in call.takes):
        raise NamesItsCaller(call.method, "takes tokens from the account that calls it")
    for move in call.moves:
        spec = contract.record.registers[move.register]
        if spec.mode == LEASE:
            raise NamesItsCaller(call.method, f"writes {spec.name!r}, which only the account that leases it may")
    return call


def overtaken(contract: Standing, *calls: Call) -> Overtaken:
    """Whether one of these calls of the contract can be in no block after a height. Asks once a height.

    What is not signed, or too long ago, decides nothing: it is asked again at the next height. What it answers raises
    RpcFailed, AnswerRefused, Unreachable, NotAnRpc, and what LightClient.prove raises.
    """
    asked = 0

    async def at(height: int) -> bool:
        nonlocal asked
        if height <= asked:
            return False
        asked = height
        try:
            return any([await _too_late(contract, call, height) or await _moved_on(contract, call) for call in calls])
        except (ContractNotSigned, StateTooOld):
            return False

    return at


async def _too_late(standing: Standing, call: Call, height: int) -> bool:
    """Whether the call's period is over. height: as the node says, which alone is not believed."""
    return height >= call.before > 0 and (await standing.now()).height >= call.before


async def _moved_on(standing: Standing, call: Call) -> bool:
    """Whether the key epoch, a register or an inbox is another than the call speaks of."""
    contract = await standing.view()
    if call.kc is not None and call.epoch != contract.record.epoch:
        return True
    spoken_of = [
        *((read.register, read.version) for read in call.reads),
        *((move.register, move.version) for move in call.moves),
    ]
    if any(contract.registers[index].version != version for index, version in spoken_of):
        return True
    if not call.counts:
        return False
    method = next(each for each in contract.record.methods if each.name == call.method)
    now = await standing.now()
    return any(now.registers[index].posted != count for index, count in zip(method.counts, call.counts, strict=True))
