"""Changes of single parameters by vote: which may change, and within which bounds.

A genesis may start a chain at any parameters that it can run with (`check_params`). A vote may not lead to where the
next vote could not lead back from: the bounds here keep blocks large enough, and prices low enough, for governance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

from chain.codec import wire
from chain.errors import ChainError
from chain.execution.genesis import UnusableGenesis, check_params
from chain.params import MAX_CEREMONY_QUORUM, MAX_VALIDATORS, Params
from chain.types.scalars import Name, Uint
from chain.types.transaction import MAX_TRANSACTION_BYTES

MOST_CLU: Final = 10**9 * 10**9  # nano-CLU: no bond above what a devnet's faucet holds

RANGES: Final[dict[str, tuple[int, int]]] = {
    "max_block_bytes": (2 * MAX_TRANSACTION_BYTES, 2**20),
    "max_block_work": (100_000, 2_000_000),
    "target_block_work": (50_000, 2_000_000),
    "prices.bytes_bucket": (1, 1_000),
    "prices.signature": (1, 10_000),
    "prices.write": (1, 10_000),
    "prices.groth16": (1, 50_000),
    "prices.groth16_input": (1, 1_000),
    "min_base_fee": (1, 10**6),
    "max_expiry": (100, 100_000),
    "activation_delay": (1, 10**6),
    "min_provider_bond": (1, MOST_CLU),
    "min_collateral": (1, MOST_CLU),
    "max_locks_per_provider": (1, 1_024),
    "max_task_heights": (100, 10**6),
    "max_expiries_per_block": (1, 1_000),
    "settlement_burn_bps": (0, 10_000),
    "block_time_ms": (100, 60_000),
    "allow_insecure_keys": (0, 0),  # a chain that has refused keys of one party's setup goes on refusing them
    "ceremony_quorum": (1, MAX_CEREMONY_QUORUM),
    "min_attester_bond": (1, MOST_CLU),
    "attester_unbonding": (1, 10**7),
    "staking.min_self_bond": (1, MOST_CLU),
    "staking.max_validators": (4, MAX_VALIDATORS),
    "staking.epoch_blocks": (1, 100_000),
    "staking.unbonding": (100, 10**7),
    "staking.slash_bps": (1, 10_000),
    "staking.liveness_window": (10, 100_000),
    "staking.max_missed": (5, 100_000),
    "staking.jail_heights": (1, 10**6),
}
FIXED: Final = (  # the release's; of no effect after height 0; what all power is counted in
    "verifier_backend",
    "initial_base_fee",
    "staking.power_unit",
)


class ParameterError(ChainError):
    """Root of the reasons for which parameters do not change as proposed."""

    code = 3130


class NotChangeable(ParameterError):
    """A name is no parameter's, or that of one which no vote changes."""

    code = 3131

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is no parameter that a vote can change; docs/parameters.md lists those with bounds."
        )
        self.parameter = name


class ParameterOutOfRange(ParameterError):
    """A value lies outside of what a vote may set."""

    code = 3132

    def __init__(self, name: str, value: int, low: int, high: int) -> None:
        super().__init__(f"{name} may be voted to {low} ... {high}; this proposal says {value}.")
        self.parameter, self.value, self.low, self.high = name, value, low, high


class ParameterTwice(ParameterError):
    """One proposal sets a parameter twice."""

    code = 3133

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} stands twice in one proposal; name each parameter once.")
        self.parameter = name


class ParametersContradict(ParameterError):
    """Each value is allowed, and all parameters together are not."""

    code = 3134

    def __init__(self, reason: str) -> None:
        super().__init__(f"the parameters would contradict one another: {reason}. Change both in one proposal.")
        self.reason = reason


class NothingChanges(ParameterError):
    """A proposal to change parameters names none."""

    code = 3135

    def __init__(self) -> None:
        super().__init__("the proposal names no parameter; name at least one with its new value.")


@wire()
@dataclass(frozen=True, slots=True)
class ParamChange:
    """A parameter by its dotted name, and its new value in its own unit; false is 0."""

    name: Name
    value: Uint


def change_params(params: Params, changes: Sequence[ParamChange]) -> Params:
    """The parameters after all changes. Raises the ParameterError of the broken rule."""
    if not changes:
        raise NothingChanges
    seen: set[str] = set()
    for change in changes:
        if change.name not in RANGES:
            raise NotChangeable(change.name)
        if change.name in seen:
            raise ParameterTwice(change.name)
        low, high = RANGES[change.name]
        if not low <= change.value <= high:
            raise ParameterOutOfRange(change.name, change.value, low, high)
        seen.add(change.name)
    changed = params
    for change in changes:
        changed = _replaced(changed, change.name.split("."), change.value)
    try:
        check_params(changed)
    except UnusableGenesis as unusable:
        raise ParametersContradict(unusable.reason) from unusable
    return changed


def param_names(params: Any) -> Iterable[str]:
    """The dotted names of all parameters."""
    for entry in fields(params):
        value = getattr(params, entry.name)
        if is_dataclass(value):
            yield from (f"{entry.name}.{inner}" for inner in param_names(value))
        else:
            yield entry.name


def _replaced(params: Any, path: list[str], value: int) -> Any:
    name, *rest = path
    old = getattr(params, name)
    new = _replaced(old, rest, value) if rest else type(old)(value)
    return replace(params, **{name: new})
