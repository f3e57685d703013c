"""Validators and stake as clients read them: page after page, and nothing that a node may say otherwise."""

from typing import Any

import pytest

from chain.types.scalars import Amount, ValidatorId
from client import stake
from client.errors import NotAnRpc, RpcFailed
from client.stake import delegations_of, get_validator, list_validators, validator_address
from contracts.staking.delegation_actions import Delegate, Unbond
from crypto.address import encode_address
from tests.support.chain_rpc import ChainRpc
from tests.support.small_chain import account, consensus_key, operator
from tests.support.stake_chain import StakeChain, validator_id

NOBODY = ValidatorId(bytes(32))


def bonded(count: int) -> ChainRpc:
    """A validator of genesis and so many others."""
    rpc = ChainRpc()
    for index in range(1, count + 1):
        assert rpc.chain.do(index, StakeChain.bond_of(rpc.chain, index, index)).code == 0  # type: ignore[arg-type]
    return rpc


@pytest.mark.parametrize("count", [0, 1, 2, 5])
async def test_validators_are_read_to_their_end(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stake, "PAGE", 2)
    found = [each.validator async for each in list_validators(bonded(count))]
    assert found == sorted(consensus_key(index).public for index in range(count + 1))


async def test_a_validator_and_what_an_account_has_with_it() -> None:
    rpc = bonded(1)
    rpc.chain.do(2, Delegate(validator_id(1), Amount(50)))
    rpc.chain.do(2, Unbond(validator_id(1), Amount(20)))
    known = await get_validator(rpc, validator_id(1))
    assert (known.operator, known.moniker, known.status, known.power) == (account(1), "validator-1", "waiting", 0)
    assert known.stake == known.self_bond + 30
    (own,) = await delegations_of(rpc, encode_address(account(2)))
    assert (own.validator, own.staked, own.rewards) == (validator_id(1), 30, 0)
    assert [entry.amount for entry in own.unbonding] == [20]
    assert await delegations_of(rpc, encode_address(account(3))) == []
    with pytest.raises(RpcFailed) as refused:
        await get_validator(rpc, NOBODY)
    assert refused.value.name == "NoSuchValidator"


async def test_an_account_is_no_validator() -> None:
    rpc = ChainRpc()
    for given in (encode_address(account(operator(0))), "0x" + consensus_key(0).public.hex(), 7):
        with pytest.raises(RpcFailed) as refused:
            await rpc.call("staking_getValidator", validator=given)
        assert refused.value.name == "InvalidParams"
    assert (await rpc.call("staking_getValidator", validator=validator_address(validator_id(0))))["power"] == 10


@pytest.mark.parametrize("answer", [None, {}, {"validators": [{}], "delegations": [{}], "more": False}, {"more": True}])
async def test_other_answers_are_refused(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(_method: str, /, **_params: Any) -> Any:
        return answer

    rpc = ChainRpc()
    monkeypatch.setattr(rpc, "call", call)
    with pytest.raises(NotAnRpc):
        await get_validator(rpc, NOBODY)
    with pytest.raises(NotAnRpc):
        [each async for each in list_validators(rpc)]
    with pytest.raises(NotAnRpc):
        await delegations_of(rpc, "")


async def test_a_node_that_says_more_and_shows_nothing_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(_method: str, /, **_params: Any) -> Any:
        return {"validators": [], "more": True}

    rpc = ChainRpc()
    monkeypatch.setattr(rpc, "call", call)
    assert [each async for each in list_validators(rpc)] == []
