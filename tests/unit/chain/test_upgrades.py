"""Upgrades: fork ids, headers, actions of a later version, and that a program stops before the rules it lacks."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from chain.codec import wire
from chain.execution.action import Action, Event
from chain.execution.context import BlockContext, ExecutionContext
from chain.execution.header import WrongHeader
from chain.execution.transaction import NotYet, WrongFork
from chain.execution.upgrades import (
    GENESIS_FORK,
    NO_FORK,
    Upgrade,
    UpgradeNeeded,
    fork_at,
    pending_upgrade,
)
from chain.mempool import Mempool
from chain.state.overlay import Overlay
from chain.state.view import View
from chain.types.block import APP_VERSIONS
from chain.types.genesis import Genesis
from chain.types.receipt import OK
from chain.types.scalars import Amount, Hash, Height, Name, Nonce, Text, Uint, ValidatorId, WorkUnits
from contracts.governance.decisions import CancelUpgrade, PlanUpgrade
from contracts.governance.errors import EffectTooSoon, NoSuchUpgrade, UpgradePending, VersionNotNewer
from contracts.governance.events import UpgradeCancelled, UpgradePlanned
from contracts.token.actions import Transfer
from tests.support.sealed_chain import SealedChain, with_header
from tests.support.small_chain import SmallChain, account, operator
from tests.support.votes import decide, proposal_of

AT = Height(20)
TWO = Upgrade(Name("two"), AT, Uint(2), Text("cluster 0.2.0"))
BOTH = frozenset((Uint(1), Uint(2)))
PAYS = Transfer(account(2), Amount(1))


@wire()
@dataclass(frozen=True, slots=True)
class Greet(Action):
    """An action that version 2 brings."""

    tag: ClassVar[int] = 900
    name: ClassVar[str] = "greeting.greet"
    writes: ClassVar[int] = 1
    since: ClassVar[int] = 2

    def check(self, view: View, context: ExecutionContext) -> None:
        """Everybody may."""

    def execute(self, overlay: Overlay, context: ExecutionContext) -> None:
        """To nobody in particular."""


class Greeting:
    """A component of the next release."""

    name: str = "greeting"
    actions: tuple[type[Action], ...] = (Greet,)
    events: tuple[type[Event], ...] = ()

    def genesis(self, overlay: Overlay, data: bytes, genesis: Genesis) -> None:
        """Nothing."""

    def end_block(self, overlay: Overlay, block: BlockContext, proposer: ValidatorId) -> tuple[Event, ...]:
        return ()


def upgrading(upgrade: Upgrade = TWO) -> SmallChain:
    """A chain of the next release on which an upgrade has passed."""
    chain = SmallChain(components=(Greeting(),))
    chain.chain = replace(chain.chain, app_versions=BOTH)
    assert decide(chain, PlanUpgrade(upgrade))[0].code == OK
    return chain


# The plan


def test_before_any_upgrade_the_fork_id_is_zero_and_the_version_the_first() -> None:
    chain = SmallChain()
    assert fork_at(chain.view, Height(10**6)) == GENESIS_FORK
    assert (GENESIS_FORK.id, GENESIS_FORK.app_version) == (NO_FORK, 1)


def test_a_passed_plan_acts_from_its_height_on() -> None:
    chain = SmallChain()
    (receipt,) = decide(chain, PlanUpgrade(TWO))
    fork_id = TWO.fork_id(NO_FORK)
    assert UpgradePlanned(TWO, fork_id) in receipt.events
    assert fork_at(chain.view, Height(AT - 1)) == GENESIS_FORK
    assert (fork_at(chain.view, AT).id, fork_at(chain.view, AT).app_version) == (fork_id, 2)
    assert [pending_upgrade(chain.view, height) for height in (Height(AT - 1), AT)] == [TWO, None]


def test_a_fork_id_names_the_whole_plan_and_all_plans_before() -> None:
    others = [
        replace(TWO, name=Name("three")),
        replace(TWO, height=Height(AT + 1)),
        replace(TWO, app_version=Uint(3)),
        replace(TWO, info=Text("")),
    ]
    ids = {TWO.fork_id(NO_FORK), TWO.fork_id(Hash(b"\x01" * 32)), *(other.fork_id(NO_FORK) for other in others)}
    assert len(ids) == 2 + len(others)
    chain = upgrading()
    chain.pass_to(AT)
    three = Upgrade(Name("three"), Height(AT + 20), Uint(3), Text(""))
    decide(chain, PlanUpgrade(three))
    assert fork_at(chain.view, three.height).id == three.fork_id(TWO.fork_id(NO_FORK))


def test_one_plan_is_pending_at_a_time_and_it_leads_forward() -> None:
    chain = upgrading()
    later = replace(TWO, name=Name("three"), height=Height(AT + 20), app_version=Uint(3))
    with pytest.raises(UpgradePending) as refused:
        chain.check(operator(0), proposal_of(chain, PlanUpgrade(later)))
    assert refused.value.height == AT
    chain.pass_to(AT)
    chain.check(operator(0), proposal_of(chain, PlanUpgrade(later)))
    for version in (1, 2):
        with pytest.raises(VersionNotNewer):
            chain.check(operator(0), proposal_of(chain, PlanUpgrade(replace(later, app_version=Uint(version)))))


def test_a_plan_lies_behind_the_last_vote() -> None:
    chain = SmallChain()
    with pytest.raises(EffectTooSoon):
        chain.check(operator(0), proposal_of(chain, PlanUpgrade(TWO), AT))


def test_a_pending_plan_is_cancelled_by_vote_and_only_by_its_name() -> None:
    chain = upgrading()
    with pytest.raises(NoSuchUpgrade):
        chain.check(operator(0), proposal_of(chain, CancelUpgrade(Name("three"))))
    (receipt,) = decide(chain, CancelUpgrade(TWO.name))
    assert UpgradeCancelled(TWO) in receipt.events
    chain.pass_to(AT + 1)
    assert chain.next_block.fork == GENESIS_FORK
    assert chain.do(1, PAYS).code == OK


def test_what_has_come_is_not_cancelled() -> None:
    chain = upgrading()
    chain.pass_to(AT - 1)
    with pytest.raises(NoSuchUpgrade):
        chain.check(operator(0), proposal_of(chain, CancelUpgrade(TWO.name)))


# Transactions


def test_what_was_signed_before_the_upgrade_is_worth_nothing_after_it_and_the_other_way_round() -> None:
    chain = upgrading()
    old, new = NO_FORK, TWO.fork_id(NO_FORK)
    with pytest.raises(WrongFork) as early:
        chain.block(chain.transaction(1, PAYS, fork_id=new))
    assert (early.value.expected, early.value.got) == (old, new)
    chain.pass_to(AT - 2)
    assert chain.block(chain.transaction(1, PAYS, fork_id=old))[0].code == OK
    assert chain.next_block.height == AT
    with pytest.raises(WrongFork) as late:
        chain.block(chain.transaction(1, PAYS, fork_id=old))
    assert (late.value.expected, late.value.got) == (new, old)
    assert chain.block(chain.transaction(1, PAYS, fork_id=new))[0].code == OK


def test_an_action_of_a_later_version_makes_a_block_invalid_until_the_upgrade() -> None:
    """As it does for a program that cannot even decode it: both hold the same blocks invalid."""
    chain = upgrading()
    chain.pass_to(AT - 2)
    with pytest.raises(NotYet) as refused:
        chain.block(chain.transaction(1, PAYS, Greet()))
    assert (refused.value.index, refused.value.needed, refused.value.active) == (1, 2, 1)
    chain.block()
    assert chain.block(chain.transaction(1, PAYS, Greet()))[0].code == OK


def test_a_decision_of_a_later_version_is_proposed_after_the_upgrade() -> None:
    chain = SmallChain()
    propose = proposal_of(chain, PlanUpgrade(TWO))
    assert propose.required_version() == 1

    class Later(PlanUpgrade):
        __slots__ = ()
        since: ClassVar[int] = 2

    assert replace(propose, decision=Later(TWO)).required_version() == 2


def test_the_pool_drops_and_names_what_was_signed_for_other_rules() -> None:
    chain, pool, new = SmallChain(), Mempool(), TWO.fork_id(NO_FORK)
    old = [chain.transaction(1, PAYS, nonce=Nonce(nonce)) for nonce in (0, 1)]
    kept = chain.transaction(2, PAYS, fork_id=new)
    for transaction in (*old, kept):
        pool.add(transaction, WorkUnits(1), Nonce(0))
    assert set(pool.drop_forks_but(new)) == set(old)
    assert (list(pool.candidates()), len(pool), pool.bytes) == ([kept], 1, len(kept.raw))
    assert pool.drop_forks_but(new) == []


# Programs


def at_the_upgrade(app_versions: frozenset[Uint]) -> SealedChain:
    """A chain whose next block is the upgrade's first; blocks before it were real ones."""
    chain = SealedChain()
    soon = replace(TWO, height=Height(4))
    chain.append(chain.build(chain.transaction(operator(0), proposal_of(chain, PlanUpgrade(soon), 0))))
    chain.append(chain.build())
    chain.append(chain.build())
    chain.chain = replace(chain.chain, app_versions=app_versions)
    return chain


def test_a_program_that_knows_the_version_goes_on_and_its_headers_say_so() -> None:
    chain = at_the_upgrade(BOTH)
    block = chain.build()
    assert block.header.app_version == 2
    chain.append(block)
    assert chain.tip.height == 4
    for wrong in (1, 3):
        with pytest.raises(WrongHeader) as refused:
            chain.apply(with_header(chain.build(), app_version=Uint(wrong)))
        assert refused.value.field == "app_version"


def test_a_program_that_does_not_know_it_neither_executes_nor_builds_the_block() -> None:
    block, older = at_the_upgrade(BOTH).build(), at_the_upgrade(APP_VERSIONS)
    for work in (lambda: older.apply(block), older.build):
        with pytest.raises(UpgradeNeeded) as refused:
            work()
        error = refused.value
        assert error.fatal and error.exit_status == 3
        assert (error.upgrade, error.height, error.needed, error.known) == ("two", 4, 2, (1,))
        assert "application version 2" in str(error) and "cluster 0.2.0" in str(error)
    assert older.tip.height == 3
