"""How validators and commissions are written on a command line."""

from decimal import Decimal, InvalidOperation

from chain.types.scalars import Uint, ValidatorId
from client.rpc import RpcClient
from client.stake import list_validators
from contracts.staking.queries import ValidatorView
from crypto.address import VALIDATOR_HRP, decode_address
from node.cli.errors import BadArgument


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


async def validator_of(rpc: RpcClient, text: str) -> ValidatorId:
    """The validator that an address clustervaloper1... means, or a moniker that only one has. Raises BadArgument."""
    if text.lower().startswith(VALIDATOR_HRP + "1"):
        return ValidatorId(decode_address(text, VALIDATOR_HRP))
    found: list[ValidatorView] = [each async for each in list_validators(rpc) if each.moniker == text]
    if len(found) != 1:
        expected = f"a validator {VALIDATOR_HRP}1... or a moniker that one validator has, see `cluster validator list`"
        raise BadArgument("validator", expected, f"{text}, which {len(found)} have")
    return found[0].validator
