"""What the chain keeps of its validators beside keys and power, which `chain/execution/validator_schedule.py` holds."""

from dataclasses import dataclass
from typing import Final

from chain.codec import decode, encode, wire
from chain.execution.validator_schedule import validators_at
from chain.state.keys import ID, Space
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.scalars import AccountId, Height, Name, Power, ValidatorId
from contracts.staking.errors import NoSuchValidator

VALIDATOR: Final = Space("staking/validator", (ID,))
OPERATOR: Final = Space("staking/operator", (ID, ID))  # operator, validator

_PRESENT: Final = b"\x01"


@wire()
@dataclass(frozen=True, slots=True)
class ValidatorRecord:
    """The account that a validator's rewards go to and that speaks for it, and the name it shows to people."""

    operator: AccountId
    moniker: Name


@wire()
@dataclass(frozen=True, slots=True)
class ActiveValidator:
    """A member of the set in force, as `validator_list` shows it."""

    validator: ValidatorId
    power: Power
    operator: AccountId
    moniker: Name


def read_validator(view: View, validator: ValidatorId) -> ValidatorRecord:
    """The validator's record. Raises NoSuchValidator."""
    raw = view.get(VALIDATOR.key(validator))
    if raw is None:
        raise NoSuchValidator(validator)
    return decode(ValidatorRecord, raw)


def write_validator(overlay: Overlay, validator: ValidatorId, record: ValidatorRecord) -> None:
    overlay.put(VALIDATOR.key(validator), encode(record))
    overlay.put(OPERATOR.key(record.operator, validator), _PRESENT)


def active_validators(view: View, height: Height) -> tuple[ActiveValidator, ...]:
    """Everybody who votes at `height`, sorted by key."""
    found = []
    for member in validators_at(view, height).validators:
        record = read_validator(view, member.public_key)
        found.append(ActiveValidator(member.public_key, member.power, record.operator, record.moniker))
    return tuple(found)


def validators_of(view: View, operator: AccountId) -> tuple[ValidatorId, ...]:
    """The validators that an account speaks for, in force or not, sorted by key."""
    return tuple(ValidatorId(OPERATOR.parts(key)[1]) for key, _ in view.iterate(OPERATOR.scan(operator)))
