"""Consensus with one rule broken: each mutant dies in a scenario that the real rules survive.

The scenario tests are run twice, with the rules as they are and with one of them taken out.
"""

from dataclasses import replace

import pytest

from chain.consensus import rules
from chain.consensus.rounds import Transition
from chain.consensus.state import NONE, State
from chain.types.validators import ValidatorSet
from chain.types.vote import PRECOMMIT, PREVOTE, Vote
from node.signer_state import nothing_signed
from tests.support.byzantine_nodes import DoubleProposer, FalseProver
from tests.support.simulated_network import Disagreement, SignedTwice, SimulatedNetwork
from tests.support.simulated_node import Final, Message, Offered
from tests.support.simulated_storage import MemoryLog, MemoryStateFile


def split_in_halves() -> None:
    """Two and two cannot hear each other for a while."""
    network = SimulatedNetwork()
    network.partition({0, 1}, {2, 3})
    network.start()
    network.run(10_000)
    assert [node.height for node in network.nodes] == [0, 0, 0, 0]
    network.heal()
    network.reach(2)


def one_decides_and_falls_silent(*, false_prover: bool = False) -> None:
    """One node alone sees v decided in round 0, two more are locked on v, and the fourth, who is not, proposes next."""
    base = SimulatedNetwork()
    unlocked, decider = base.proposer(1, 1), base.proposer(1, 3)
    network = SimulatedNetwork(classes={unlocked: FalseProver} if false_prover else None)
    decider_key = network.nodes[decider].key

    def blocked(sender: int, to: int, message: Message) -> bool:
        if sender == decider and not (isinstance(message, Vote) and message.type == PREVOTE):
            return True
        if isinstance(message, Final):
            return True
        if to != unlocked or network.nodes[unlocked].state.round > 1:
            return False
        if isinstance(message, Offered):
            return message.proposal.round == 0
        return isinstance(message, Vote) and message.type == PREVOTE and message.validator == decider_key

    network.blocked = blocked
    network.start()
    network.reach(1, decider)
    others = [address for address in range(4) if address != decider]
    first = network.nodes[decider].chain[0]
    assert first.commit.round == 0
    locked = [network.nodes[address] for address in others if address != unlocked]
    assert [node.state.locked_value for node in locked] == [first.value.id] * 2
    network.run(5_000)
    network.heal()
    network.reach(2)
    assert {node.chain[0].value.id for node in network.honest} == {first.value.id}


def machine_restored_from_an_old_image(*, state_too: bool) -> None:
    """A validator prevotes a block, loses its log, and comes back to where that block has not arrived."""
    network = SimulatedNetwork()
    victim = network.proposer(1, 2)
    network.start()
    network.blocked = lambda _from, _to, message: isinstance(message, Vote) and message.type == PRECOMMIT
    network.run(200)
    node = network.nodes[victim]
    assert node.state_file.read().position >= (1, 0, 2)
    network.crash(victim)
    node.log = MemoryLog()
    if state_too:
        node.state_file = MemoryStateFile(nothing_signed(network.chain_id, node.key))
    network.blocked = lambda _from, to, message: to == victim and isinstance(message, Offered | Final | Vote)
    network.start(victim)
    network.run(3_000)
    network.heal()
    network.reach(3)


# The rules as they are


def test_halves_decide_nothing() -> None:
    split_in_halves()


def test_locked_nodes_keep_a_decision_that_they_have_not_seen() -> None:
    one_decides_and_falls_silent()


def test_a_false_claim_of_a_polka_frees_nobody() -> None:
    one_decides_and_falls_silent(false_prover=True)


def test_a_kept_sign_state_keeps_a_restored_machine_silent() -> None:
    machine_restored_from_an_old_image(state_too=False)


# One rule taken out


def test_a_quorum_of_half_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ValidatorSet, "is_quorum", lambda self, power: 2 * power >= self.total_power)
    with pytest.raises(Disagreement):
        split_in_halves()


def test_two_thirds_instead_of_more_than_two_thirds_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_liar_of_three_between_two_who_cannot_hear_each_other() -> None:
        network = SimulatedNetwork(powers=(1, 1, 1), classes={0: DoubleProposer})
        network.partition({0, 1}, {0, 2})
        network.start()
        network.run(20_000)

    one_liar_of_three_between_two_who_cannot_hear_each_other()
    monkeypatch.setattr(ValidatorSet, "is_quorum", lambda self, power: 3 * power >= 2 * self.total_power)
    with pytest.raises(Disagreement):
        one_liar_of_three_between_two_who_cannot_hear_each_other()


def test_a_prevote_without_regard_to_the_lock_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(state: State) -> Transition | None:
        free = replace(state, locked_value=None, locked_round=NONE)
        fired = rules.prevote_fresh_proposal(free)
        return None if fired is None else (replace(state, step=fired[0].step), fired[1])

    mutant = tuple(unlocked if rule is rules.prevote_fresh_proposal else rule for rule in rules.RULES)
    monkeypatch.setattr(rules, "RULES", mutant)
    with pytest.raises(Disagreement):
        one_decides_and_falls_silent()


def test_a_prevote_without_proof_of_the_polka_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "has_polka", lambda _state, _round, _block_id: True)
    with pytest.raises(Disagreement):
        one_decides_and_falls_silent(false_prover=True)


def test_a_lost_sign_state_dies() -> None:
    with pytest.raises(SignedTwice):
        machine_restored_from_an_old_image(state_too=True)
