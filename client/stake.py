"""Validators and stake as a node tells of them."""

from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar

from chain.codec import from_json
from chain.types.scalars import ValidatorId
from client.errors import NotAnRpc
from client.rpc import RpcClient
from contracts.staking.queries import DelegationView, ValidatorView
from crypto.address import VALIDATOR_HRP, encode_address
from crypto.errors import ClusterError

T = TypeVar("T")
PAGE: Final = 100


def validator_address(validator: ValidatorId) -> str:
    """`clustervaloper1...`"""
    return encode_address(validator, VALIDATOR_HRP)


async def get_validator(rpc: RpcClient, validator: ValidatorId) -> ValidatorView:
    """Raises RpcFailed (NoSuchValidator), Unreachable, NotAnRpc."""
    return _record(rpc, ValidatorView, await rpc.call("staking_getValidator", validator=validator_address(validator)))


async def list_validators(rpc: RpcClient) -> AsyncIterator[ValidatorView]:
    """All that were ever bonded, by key. Raises RpcFailed, Unreachable, NotAnRpc."""
    after: str | None = None
    more = True
    while more:
        behind = {} if after is None else {"after": after}
        answer = await rpc.call("staking_listValidators", limit=PAGE, **behind)
        try:
            found, more = answer["validators"], answer["more"] is True
        except (KeyError, TypeError) as error:
            raise NotAnRpc(rpc.url, f"staking_listValidators answered in an unknown shape ({error})") from error
        for each in found:
            record = _record(rpc, ValidatorView, each)
            after = validator_address(record.validator)
            yield record
        more = more and bool(found)


async def delegations_of(rpc: RpcClient, address: str) -> list[DelegationView]:
    """What an account has with which validator. Raises RpcFailed, Unreachable, NotAnRpc."""
    answer = await rpc.call("staking_getDelegations", address=address)
    try:
        return [_record(rpc, DelegationView, each) for each in answer["delegations"]]
    except (KeyError, TypeError) as error:
        raise NotAnRpc(rpc.url, f"staking_getDelegations answered in an unknown shape ({error})") from error


def _record(rpc: RpcClient, cls: type[T], answer: Any) -> T:
    try:
        return from_json(cls, answer)
    except ClusterError as error:
        raise NotAnRpc(rpc.url, f"a node answered about stake in an unknown shape ({error})") from error
