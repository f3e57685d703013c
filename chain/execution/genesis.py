"""From a genesis document to the state of height 0 and the tip that header 1 builds on."""

from itertools import pairwise

from chain.errors import ChainError
from chain.execution import accounts, fees
from chain.execution.application import Application
from chain.execution.block import Chain, Result, Tip
from chain.execution.validator_schedule import set_validators
from chain.params import MAX_CEREMONY_QUORUM, VERIFIER_BACKEND, Params, write_params
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
