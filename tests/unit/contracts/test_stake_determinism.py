"""The same blocks make the same state in every process: sets and dicts of another order change no byte."""

import os
import subprocess
import sys

import pytest

from tests.support.rooms import ROOT

STORY = """
from hashlib import sha256
from chain.types.scalars import Amount
from contracts.staking.delegation_actions import Delegate, Unbond
from tests.support.small_chain import CLU, operator
from tests.support.stake_chain import StakeChain, double_vote, validator_id

chain = StakeChain(powers=(100, 90, 80, 70, 60, 50))
for index in range(6):
    chain.do(1 + index % 3, Delegate(validator_id(index), Amount(7 * CLU + index)))
chain.do(4, chain.bond_of(9, 4, clu=500))
chain.absent = {1, 3, 5}
for height in range(6):
    chain.reward(height, tip=1_000_003)
chain.absent = set()
chain.evidence = (double_vote(4, 2), double_vote(2, 3))
chain.do(operator(0), Unbond(validator_id(0), Amount(95 * CLU)))
chain.pass_to(22)
print(sha256(repr(list(chain.store.iterate(b""))).encode()).hexdigest(), len(chain.powers()))
"""


def run(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    story = [sys.executable, "-c", STORY]
    return subprocess.run(story, env=environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_two_processes_that_order_sets_differently_end_in_one_state() -> None:
    first = run("1")
    assert first == run("2")
    assert first.split()[1] == "1"  # three jailed, two tombstoned, one with too little of its own: the newcomer is left
