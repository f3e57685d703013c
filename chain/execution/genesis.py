"""From a genesis document to the state of height 0 and the tip that header 1 builds on."""

from itertools import pairwise

from chain.errors import ChainError
from chain.execution import accounts, fees
from chain.execution.application import Application
from chain.execution.block import Chain, Result, Tip
from chain.execution.validator_schedule import set_validators
from chain.params import (
    LEAST_POWER,
    MAX_CEREMONY_QUORUM,
    MAX_VALIDATORS,
    VERIFIER_BACKEND,
    Params,
    StakingParams,
    write_params,
)
from chain.state.overlay import Overlay
from chain.state.store import Store
from chain.state.view import StateView
from chain.types.genesis import Genesis
from chain.types.receipt import OK, Receipt
from chain.types.scalars import Amount, BlockId, Hash, Height, VrfOutput, WorkUnits
from chain.types.transaction import MAX_TRANSACTION_BYTES
from chain.types.validators import ValidatorSet
from crypto.beacon import genesis_output


class UnusableGenesis(ChainError):
    """A genesis document contradicts itself or this software."""

    code = 3080

    def __init__(self, reason: str) -> None:
        super().__init__(f"this genesis cannot start a chain: {reason}.")
        self.reason = reason


def check_genesis(genesis: Genesis) -> None:
    """Validators sorted, distinct and powerful; accounts distinct; the verifier backend the one that runs here."""
    keys = [entry.validator.public_key for entry in genesis.validators]
    if not keys:
        raise UnusableGenesis("it names no validators")
    if any(left >= right for left, right in pairwise(keys)):
        raise UnusableGenesis("its validators are not sorted by public key, or one stands twice")
    if any(entry.validator.power < 1 for entry in genesis.validators):
        raise UnusableGenesis("a validator has no power")
    holders = [entry.account for entry in genesis.accounts]
    if len(set(holders)) != len(holders):
        raise UnusableGenesis("an account stands twice")
    if len(keys) > genesis.params.staking.max_validators:
        raise UnusableGenesis(f"it names {len(keys)} validators; staking.max_validators lets fewer vote")
    if genesis.params.verifier_backend != VERIFIER_BACKEND:
        raise UnusableGenesis(
            f"it asks for verifier {genesis.params.verifier_backend}; this node runs {VERIFIER_BACKEND}"
        )
    check_params(genesis.params)


def check_params(params: Params) -> None:
    """Whether a chain can run with these at all. Raises UnusableGenesis."""
    if params.activation_delay < 1:
        raise UnusableGenesis("activation_delay must be at least 1: keys are looked up in committed state")
    if not 1 <= params.target_block_work <= params.max_block_work:
        raise UnusableGenesis("target_block_work must be between 1 and max_block_work")
    if params.max_block_bytes < 2 * MAX_TRANSACTION_BYTES:
        raise UnusableGenesis(f"max_block_bytes must be at least {2 * MAX_TRANSACTION_BYTES}: two large transactions")
    if params.max_expiries_per_block < 1:
        raise UnusableGenesis("max_expiries_per_block must be at least 1: tasks would never end")
    if params.settlement_burn_bps > 10_000:
        raise UnusableGenesis("settlement_burn_bps must be at most 10,000: the whole price")
    if not 1 <= params.ceremony_quorum <= MAX_CEREMONY_QUORUM:
        raise UnusableGenesis(f"ceremony_quorum must be between 1 and {MAX_CEREMONY_QUORUM}")
    if params.min_attester_bond < 1 and not params.allow_insecure_keys:
        raise UnusableGenesis("min_attester_bond must be at least 1: whoever attests a ceremony has something at stake")
    _check_staking(params.staking)


def _check_staking(params: StakingParams) -> None:
    if params.power_unit < 1:
        raise UnusableGenesis("staking.power_unit must be at least 1: it divides stake")
    if params.min_self_bond < LEAST_POWER * params.power_unit:
        raise UnusableGenesis(
            f"staking.min_self_bond must be at least {LEAST_POWER} power units: a set whose power can be no larger "
            "would never let anybody in"
        )
    if not 1 <= params.max_validators <= MAX_VALIDATORS:
        raise UnusableGenesis(f"staking.max_validators must be between 1 and {MAX_VALIDATORS}")
    if not 1 <= params.epoch_blocks <= params.unbonding:
        raise UnusableGenesis("staking.epoch_blocks must be at least 1 and at most staking.unbonding")
    if not 1 <= params.slash_bps <= 10_000:
        raise UnusableGenesis("staking.slash_bps must be between 1 and 10,000: all of the stake")
    if not params.liveness_window <= 2 * params.max_missed <= 2 * params.liveness_window:
        raise UnusableGenesis(
            "staking.max_missed must be from half of staking.liveness_window to all of it: proposers with a third of "
            "the power choose whose precommits they leave out"
        )
    if params.liveness_window < 1 or params.jail_heights < 1:
        raise UnusableGenesis("staking.liveness_window and staking.jail_heights must be at least 1")


def _check_sections(genesis: Genesis, application: Application) -> None:
    known = [component.name for component in application.components]
    named = [section.component for section in genesis.sections]
    for place, name in enumerate(named):
        if name not in known:
            raise UnusableGenesis(f"it has a section {name}; the components here are {', '.join(known)}")
        if name in named[:place]:
            raise UnusableGenesis(f"its section {name} stands twice")


def apply_genesis(genesis: Genesis, store: Store, application: Application) -> tuple[Chain, Result]:
    """The chain's identity and the state of height 0, not yet committed. Raises UnusableGenesis."""
    check_genesis(genesis)
    _check_sections(genesis, application)
    overlay = Overlay(StateView(store, Height(0)))
    write_params(overlay, genesis.params)
    fees.write_base_fee(overlay, genesis.params.initial_base_fee)
    validators = ValidatorSet(tuple(entry.validator for entry in genesis.validators))
    set_validators(overlay, validators, Height(0), Height(0))
    for entry in genesis.accounts:
        accounts.mint(overlay, entry.account, entry.balance)
    application.genesis(overlay, genesis)
    closing = Receipt(OK, Amount(0), WorkUnits(0), ())
    return Chain(genesis.chain_id, genesis.hash(), application), Result(overlay, (closing,))


def genesis_tip(genesis: Genesis, state_root: Hash, receipts_root: Hash) -> Tip:
    """The tip at height 0; its block id is the genesis hash."""
    hash_ = genesis.hash()
    output = VrfOutput(genesis_output(hash_))
    return Tip(Height(0), BlockId(hash_), genesis.time, output, state_root, receipts_root)
