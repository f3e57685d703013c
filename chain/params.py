"""Consensus parameters: they live in state, change by governance, and their hash stands in every header."""

from dataclasses import dataclass, replace
from typing import Final

from chain.codec import decode, encode, wire
from chain.state import keys
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import Amount, Hash, Name, Uint, WorkUnits
from crypto import domains
from crypto.hashing import tagged_hash

VERIFIER_BACKEND: Final = Name("groth16py-0.2.0")
MAX_CEREMONY_QUORUM: Final = 32  # more attestations of one key are not kept
MAX_VALIDATORS: Final = 256  # that a commit has room for
LEAST_POWER: Final = 3  # of a validator: what joins is less than half of what stays, see contracts/staking/epochs.py


@wire()
@dataclass(frozen=True, slots=True)
class WorkPrices:
    """Work units per class; 1 unit is 1 microsecond of measured reference cost (docs/decisions/fees.md)."""

    bytes_bucket: WorkUnits  # per started 256 bytes of a transaction
    signature: WorkUnits
    write: WorkUnits  # per state write that an action's class declares
    groth16: WorkUnits  # per proof
    groth16_input: WorkUnits  # per public input


@wire()
@dataclass(frozen=True, slots=True)
class StakingParams:
    """How stake becomes power, and what a validator loses it for; see docs/decisions/staking.md."""

    power_unit: Amount  # nano-CLU of stake that make one unit of power; what is left over counts for nothing
    min_self_bond: Amount  # of the operator's own stake, below which a validator is not chosen
    max_validators: Uint  # that vote at a time
    epoch_blocks: Uint  # the set changes at the end of heights that this divides
    unbonding: Uint  # heights from asking for stake to getting it, and for which evidence counts
    slash_bps: Uint  # share of stake that a double signature costs, in 1/10,000
    liveness_window: Uint  # heights over which missing precommits are counted
    max_missed: Uint  # of them; whoever misses more is jailed
    jail_heights: Uint  # least heights in jail


@wire()
@dataclass(frozen=True, slots=True)
class Params:
    """All of them; heights and amounts in the units of their types. See docs/parameters.md."""

    verifier_backend: Name
    max_block_bytes: Uint
    max_block_work: WorkUnits
    target_block_work: WorkUnits
    prices: WorkPrices
    initial_base_fee: Amount  # nano-CLU per work unit
    min_base_fee: Amount
    max_expiry: Uint  # heights that a transaction may lie ahead
    activation_delay: Uint  # heights from a key's registration to its first use, at least 1
    min_provider_bond: Amount
    min_collateral: Amount
    max_locks_per_provider: Uint
    max_task_heights: Uint
    max_expiries_per_block: Uint
    settlement_burn_bps: Uint  # share of a settled price that is burnt, in 1/10,000
    block_time_ms: Uint
    allow_insecure_keys: bool  # a devnet's True: keys from a single-party setup may be used
    ceremony_quorum: Uint  # bonded attesters that make a key one of a ceremony
    min_attester_bond: Amount
    attester_unbonding: Uint  # heights from asking for an attester's bond to getting it
    staking: StakingParams

    def hash(self) -> Hash:
        return Hash(tagged_hash(domains.PARAMS, encode(self)))


DEFAULT_PRICES: Final = WorkPrices(
    bytes_bucket=WorkUnits(10),
    signature=WorkUnits(60),
    write=WorkUnits(150),
    groth16=WorkUnits(1_700),
    groth16_input=WorkUnits(120),
)

DEVNET_STAKING: Final = StakingParams(
    power_unit=Amount(10**9),
    min_self_bond=Amount(10 * 10**9),
    max_validators=Uint(100),
    epoch_blocks=Uint(10),
    unbonding=Uint(100),
    slash_bps=Uint(500),
    liveness_window=Uint(100),
    max_missed=Uint(50),
    jail_heights=Uint(20),
)

DEVNET: Final = Params(
    verifier_backend=VERIFIER_BACKEND,
    max_block_bytes=Uint(2**20),
    max_block_work=WorkUnits(400_000),
    target_block_work=WorkUnits(200_000),
    prices=DEFAULT_PRICES,
    initial_base_fee=Amount(100),
    min_base_fee=Amount(8),
    max_expiry=Uint(1_000),
    activation_delay=Uint(1),
    min_provider_bond=Amount(10 * 10**9),
    min_collateral=Amount(10**6),
    max_locks_per_provider=Uint(16),
    max_task_heights=Uint(10_000),
    max_expiries_per_block=Uint(200),
    settlement_burn_bps=Uint(100),
    block_time_ms=Uint(1_000),
    allow_insecure_keys=True,
    ceremony_quorum=Uint(2),
    min_attester_bond=Amount(100 * 10**9),
    attester_unbonding=Uint(100),
    staking=DEVNET_STAKING,
)

MAINNET: Final = replace(  # configs/genesis-mainnet.json is a genesis with these
    DEVNET,
    activation_delay=Uint(1_000),
    allow_insecure_keys=False,
    ceremony_quorum=Uint(5),
    min_attester_bond=Amount(10_000 * 10**9),
    attester_unbonding=Uint(21 * 86_400),  # about three weeks of blocks
    staking=replace(
        DEVNET_STAKING,
        min_self_bond=Amount(10_000 * 10**9),
        epoch_blocks=Uint(600),
        unbonding=Uint(21 * 86_400),
        liveness_window=Uint(10_000),
        max_missed=Uint(5_000),
        jail_heights=Uint(600),
    ),
)


def read_params(view: View) -> Params:
    """The parameters in force. Genesis always writes them."""
    raw = view.get(keys.PARAMS)
    if raw is None:
        raise LookupError("state holds no parameters: genesis was not applied")
    return decode(Params, raw)


def write_params(overlay: Overlay, params: Params) -> None:
    overlay.put(keys.PARAMS, encode(params))
