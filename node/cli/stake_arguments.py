"""How validators and commissions are written on a command line."""

from decimal import Decimal, InvalidOperation

from chain.types.scalars import AccountId, Uint, ValidatorId
from client.rpc import RpcClient
from client.stake import list_validators, validator_address
from contracts.staking.queries import ValidatorView
from crypto.address import VALIDATOR_HRP, decode_address
from node.cli.errors import BadArgument, MonikerShared


def parse_commission(text: str) -> Uint:
    """5 or 2.5, of a hundred, in 1/10,000. Raises BadArgument."""
    try:
        hundredths = Decimal(text.removesuffix("%")) * 100
    except InvalidOperation:
        raise BadArgument("commission", "a percentage such as 5 or 2.5", text) from None
    if not hundredths.is_finite() or hundredths != int(hundredths) or not 0 <= hundredths <= 10_000:
        raise BadArgument("commission", "0 to 100 percent, with at most two places", text)
    return Uint(int(hundredths))


def show_commission(bps: int) -> str:
    """250 as "2.5 %"."""
    return f"{Decimal(bps) / 100} %"


async def validator_of(rpc: RpcClient, text: str, operator: AccountId | None = None) -> ValidatorId:
    """The validator that an address clustervaloper1... means, or a moniker.

    operator: who acts for his validator. Of several with the moniker his is meant: a stranger who takes its name does
    not come between them. Raises BadArgument, MonikerShared, and what decode_address raises.
    """
    if text.lower().startswith(VALIDATOR_HRP + "1"):
        return ValidatorId(decode_address(text, VALIDATOR_HRP))
    found = await named(rpc, text)
    own = [each for each in found if each.operator == operator]
    if not found:
        expected = f"an address {VALIDATOR_HRP}1..., or a moniker that `cluster validator list` shows"
        raise BadArgument("validator", expected, text)
    if 1 not in (len(own), len(found)):
        raise MonikerShared(text, tuple(validator_address(each.validator) for each in found))
    return (own if len(own) == 1 else found)[0].validator


async def named(rpc: RpcClient, moniker: str) -> list[ValidatorView]:
    """All validators of a moniker. Raises RpcFailed, Unreachable, NotAnRpc."""
    return [each async for each in list_validators(rpc) if each.moniker == moniker]
