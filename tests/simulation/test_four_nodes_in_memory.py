"""Four nodes on a virtual clock: what they promise when all is well, when links or machines fail, when one lies."""

from dataclasses import replace

import pytest

from chain.consensus.timing import Timing
from chain.execution.header import check_commit
from chain.types.vote import PRECOMMIT, PREVOTE, Vote
from tests.support.byzantine_nodes import (
    DoubleProposer,
    Equivocator,
    FutureProposer,
    InvalidProposer,
    Mute,
)
from tests.support.simulated_network import FAST, Faults, SimulatedNetwork
from tests.support.simulated_node import Final, Message, Offered


def rounds(network: SimulatedNetwork, address: int) -> list[int]:
    """The rounds in which this node's blocks were decided."""
    return [final.commit.round for final in network.nodes[address].chain]


# All is well


def test_four_nodes_agree_block_by_block_in_the_first_round() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(20)
    assert set(rounds(network, 0)) == {0}
    proposers = {final.value.proposer for final in network.nodes[0].chain}
    assert proposers == set(network.validators.by_key)


def test_every_commit_verifies_and_times_increase() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(5)
    chain = network.nodes[0].chain
    for final in chain:
        check_commit(final.commit, network.validators, network.chain_id, network)
    times = [final.value.time for final in chain]
    assert times == sorted(set(times))


def test_the_same_seed_gives_the_same_run() -> None:
    def run(seed: int) -> list[Final]:
        network = SimulatedNetwork(seed, faults=Faults(1, 200, drop=0.2, duplicate=0.2))
        network.start()
        network.run(10_000)
        return network.nodes[0].chain

    assert run(7) == run(7)
    assert run(7) != run(8)


@pytest.mark.parametrize("powers", [(1,), (1, 1), (5, 1, 1, 1), (1, 1, 1, 1, 1, 1, 1), (100, 70, 50, 10, 3)])
def test_sets_of_other_sizes_and_powers_agree(powers: tuple[int, ...]) -> None:
    network = SimulatedNetwork(powers=powers)
    network.start()
    network.reach(5)


# Nodes and links fail


def test_one_of_four_down_stops_nothing_and_its_rounds_are_passed_over() -> None:
    network = SimulatedNetwork()
    network.start(0, 1, 2)
    network.reach(8, 0, 1, 2)
    assert max(rounds(network, 0)) == 1


def test_two_of_four_down_stop_the_chain_and_one_coming_back_moves_it_again() -> None:
    network = SimulatedNetwork()
    network.start(0, 1)
    network.run(30_000)
    assert [node.height for node in network.nodes] == [0, 0, 0, 0]
    network.start(2)
    network.reach(3, 0, 1, 2)


def test_a_proposer_that_dies_before_it_proposes_costs_one_round() -> None:
    network = SimulatedNetwork()
    dead = network.proposer(1, 0)
    network.start(*[address for address in range(4) if address != dead])
    network.reach(1, *[address for address in range(4) if address != dead])
    assert rounds(network, (dead + 1) % 4)[0] == 1


def test_a_node_that_was_away_catches_up_from_final_blocks() -> None:
    network = SimulatedNetwork()
    network.start(0, 1, 2)
    network.reach(10, 0, 1, 2)
    network.start(3)
    network.reach(12)
    away, other = (network.nodes[address].chain[:10] for address in (3, 0))
    assert [final.value for final in away] == [final.value for final in other]


def test_a_minority_decides_nothing_during_a_partition_and_joins_after_it() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(2)
    network.partition({0, 1, 2}, {3})
    network.reach(6, 0, 1, 2)
    assert network.nodes[3].height <= 3
    network.heal()
    network.reach(8)


def test_halves_decide_nothing_and_go_on_together_after_the_partition() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(2)
    before = max(node.height for node in network.nodes)
    network.partition({0, 1}, {2, 3})
    network.run(30_000)
    assert max(node.height for node in network.nodes) <= before + 1
    network.heal()
    network.reach(before + 4, limit_ms=20_000)


def test_gossip_that_loses_half_of_all_messages_is_mended_by_repeats() -> None:
    network = SimulatedNetwork(3, faults=Faults(5, 50, drop=0.5))
    network.start()
    network.reach(5, limit_ms=120_000)


def test_without_repeats_such_gossip_stops_the_chain() -> None:
    """What the test before this one is worth."""
    network = SimulatedNetwork(3)
    network.start()
    network.blocked = lambda _from, _to, message: not isinstance(message, Vote | Offered) or network.rng.random() < 0.5
    network.run(120_000)
    assert min(node.height for node in network.nodes) < 5


def test_clocks_that_are_off_by_more_than_assumed_slow_the_chain_and_do_not_stop_it() -> None:
    network = SimulatedNetwork()
    for node in network.nodes:
        node.clock_skew = 300 * node.address
    network.start()
    network.reach(6, limit_ms=120_000)


def test_links_slower_than_every_timeout_are_waited_for() -> None:
    network = SimulatedNetwork(faults=Faults(900, 1_500), timing=Timing(100, 100, 100, step_ms=300))
    network.start()
    network.reach(2, limit_ms=300_000)


# Crashes


def test_a_node_that_crashes_in_any_step_comes_back_and_contradicts_nothing() -> None:
    for moment in range(0, 1_200, 149):
        network = SimulatedNetwork(moment)
        network.start()
        network.run(3_000 + moment)
        network.crash(moment % 4)
        network.run(500)
        network.start(moment % 4)
        height = max(node.height for node in network.nodes)
        network.reach(height + 2)


def test_all_nodes_crash_at_once_and_go_on() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(3)
    for pause in (10, 40, 150, 400):
        network.run(pause)
        network.crash(0, 1, 2, 3)
        network.run(100)
        network.start()
    network.reach(6)


def test_a_signature_that_did_not_reach_the_log_is_given_out_after_the_restart() -> None:
    """tendermint#5804: a signer ahead of its log stopped a chain."""
    for step in range(1, 30, 3):
        network = SimulatedNetwork(step)
        victim, other = (network.proposer(1, round_) for round_ in (2, 3))
        disk = network.nodes[victim].disk
        assert disk is not None
        disk.stop_at = disk.steps + step
        network.start(*[address for address in range(4) if address != other])
        network.run(1_000)
        assert not network.nodes[victim].running
        network.start(victim)
        network.reach(3, *[address for address in range(4) if address != other])


def test_a_node_that_lost_its_log_stays_silent_where_it_has_signed() -> None:
    network = SimulatedNetwork()
    victim = restart_without_proposal(network)
    network.run(5_000)
    votes = network.nodes[victim].state.votes.prevotes(0).first
    assert network.nodes[victim].key not in votes
    network.heal()
    network.reach(3)


def restart_without_proposal(network: SimulatedNetwork) -> int:
    """Let a node prevote a block, lose its log, and come back to a round 0 without that block."""
    victim = network.proposer(1, 2)
    network.blocked = lambda _from, _to, message: isinstance(message, Vote)
    network.start()
    network.run(200)
    network.crash(victim)
    network.nodes[victim].lose_log()
    network.blocked = lambda sender, to, message: victim in (sender, to)
    network.start(victim)
    return victim


# One of them lies


@pytest.mark.parametrize("liar", [Equivocator, DoubleProposer, InvalidProposer, FutureProposer, Mute])
def test_one_liar_of_four_breaks_neither_agreement_nor_progress(liar: type) -> None:
    for seed in range(4):
        network = SimulatedNetwork(seed, classes={seed: liar}, faults=Faults(5, 200, drop=0.05))
        network.start()
        network.reach(8, limit_ms=120_000)


def test_an_equivocator_leaves_evidence_with_the_others() -> None:
    network = SimulatedNetwork(classes={0: Equivocator})
    network.start()
    network.reach(6, limit_ms=120_000)
    evidence = [piece for node in network.honest for piece in node.evidence]
    assert evidence
    assert {piece.first.validator for piece in evidence} == {network.nodes[0].key}
    for piece in evidence:
        assert network.verifies(piece.first)
        assert network.verifies(piece.second)


def test_two_processes_with_one_key_cannot_split_the_others() -> None:
    for seed in range(6):
        network = SimulatedNetwork(seed, twins=[seed % 4], faults=Faults(5, 300, drop=0.1))
        network.start()
        twins, halves = {seed % 4, 4}, [address for address in range(4) if address != seed % 4]
        network.partition({4, halves[0], halves[1]}, {seed % 4, halves[2]})
        network.run(5_000)
        network.partition({4, halves[0]}, {seed % 4, halves[1], halves[2]})
        network.run(5_000)
        network.heal()
        height = max(node.height for node in network.nodes if node.address not in twins)
        network.reach(height + 2, limit_ms=120_000)


def test_a_block_from_the_future_is_not_decided_and_the_chain_goes_on() -> None:
    network = SimulatedNetwork(classes={0: FutureProposer})
    network.start()
    network.reach(8)
    times = [final.value.time for final in network.nodes[1].chain]
    assert max(times) <= network.now + FAST.clock_precision_ms


def test_an_invalid_block_gets_three_prevotes_for_nil() -> None:
    network = SimulatedNetwork(classes={0: InvalidProposer})
    seen: list[Vote] = []

    def watch(_sender: int, _to: int, message: Message) -> bool:
        if isinstance(message, Vote) and message.validator != network.nodes[0].key:
            seen.append(message)
        return False

    network.blocked = watch
    network.start()
    height = next(height for height in range(1, 9) if network.proposer(height, 0) == 0)
    network.reach(height)
    prevotes = [vote for vote in seen if (vote.type, vote.height, vote.round) == (PREVOTE, height, 0)]
    assert all(vote.is_nil for vote in prevotes)
    assert len({vote.validator for vote in prevotes}) == 3


def test_a_false_commit_is_not_taken() -> None:
    network = SimulatedNetwork()
    network.start()
    network.reach(2)
    node = network.nodes[0]
    network.crash(1, 2, 3)
    network.run(5_000)
    height = node.height
    forged, real = node.build(salt=99), node.chain[-1].commit
    moved = replace(real, height=forged.height, block_id=forged.id)
    for commit in (real, moved, replace(moved, signatures=())):
        node.receive(1, Final(forged, commit))
    assert node.height == height


def test_who_is_ahead_in_rounds_is_followed_and_an_earlier_decision_still_counts() -> None:
    network = SimulatedNetwork()
    network.start()
    behind = network.proposer(1, 3)
    network.blocked = lambda _from, to, message: (
        to == behind or (isinstance(message, Vote) and message.type == PRECOMMIT and message.round < 2)
    )
    network.run(1_500)
    network.heal()
    network.reach(3)
    assert network.nodes[behind].chain[0].value == network.nodes[0].chain[0].value
