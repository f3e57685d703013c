"""The chain's formats stay as they were fixed: the code still makes the golden vectors, and still reads them."""

import json
from typing import Any

from chain.codec import decode, encode
from chain.params import Params
from chain.types.block import Block, Header
from chain.types.genesis import Genesis
from chain.types.receipt import Receipt, receipts_root
from chain.types.transaction import Envelope, Transaction
from chain.types.validators import ValidatorSet
from chain.types.vote import Proposal, Vote
from contracts.application import build_application
from contracts.registry.state import ProgramParts
from contracts.staking.genesis import StakingGenesis
from contracts.tasks.actions import Settle
from contracts.tasks.statement import settle_inputs
from crypto.keys import verify
from tests.support import make_chain_vectors
from tests.support.make_vectors import Family, differing, main, path_of

APPLICATION = build_application()
UNIONS = APPLICATION.unions


def vectors(family: Family) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path_of(family).read_text())["vectors"]
    return rows


def test_the_code_makes_the_vectors_that_are_committed() -> None:
    assert differing(make_chain_vectors.FAMILIES) == []
    assert main(["--check"], make_chain_vectors.FAMILIES) == 0


def test_envelopes_of_every_action_still_decode() -> None:
    rows = vectors(make_chain_vectors.chain_actions)
    actions = {action.name for component in APPLICATION.components for action in component.actions}
    assert {row["action"] for row in rows} == actions
    for row in rows:
        raw = bytes.fromhex(row["envelope"])
        envelope = decode(Envelope, raw, unions=UNIONS)
        assert [action.name for action in envelope.actions] == [row["action"]]
        assert encode(envelope) == raw


def test_transactions_still_decode_and_verify() -> None:
    for row in vectors(make_chain_vectors.chain_transactions):
        transaction = Transaction.decode(bytes.fromhex(row["raw"]), UNIONS)
        assert transaction.hash.hex() == row["hash"]
        assert transaction.signing_bytes.hex() == row["signing_bytes"]
        assert verify(transaction.sender, transaction.signing_bytes, transaction.signature)


def test_a_genesis_section_of_stakes_still_decodes() -> None:
    *_, row = vectors(make_chain_vectors.chain_staking)
    (stake,) = decode(StakingGenesis, bytes.fromhex(row["section"])).stakes
    assert (stake.commission_bps, stake.delegations[0].amount) == (500, 10**10)


def test_programs_are_still_known_by_the_same_ids() -> None:
    rows = vectors(make_chain_vectors.chain_programs)
    assert len({row["id"] for row in rows}) == len(rows) > 2
    for row in rows:
        assert decode(ProgramParts, bytes.fromhex(row["parts"])).id.hex() == row["id"]


def test_statements_are_still_the_same() -> None:
    *rows, _ = vectors(make_chain_vectors.chain_statements)
    inputs = []
    for row in rows:
        envelope = decode(Envelope, bytes.fromhex(row["envelope"]), unions=UNIONS)
        settle = envelope.actions[0]
        assert isinstance(settle, Settle)
        inputs.append([str(value) for value in settle_inputs(envelope, settle)])
        assert inputs[-1] == row["inputs"]
    alone, together, committed = inputs
    assert alone[0] != together[0]
    assert alone[1:] == together[1:]
    task, input_, *outputs = alone[1:]
    assert committed[1:] == [task, input_, "11", *outputs]  # the model stands behind the input


def test_statements_of_confidential_contracts_still_say_the_same() -> None:
    *rows, named = vectors(make_chain_vectors.chain_confidential)
    sizes = []
    for row in rows:
        envelope = decode(Envelope, bytes.fromhex(row["envelope"]), unions=UNIONS)
        (claim,) = envelope.actions[0].claims(envelope, 0)
        assert [str(value) for value in claim.inputs] == row["inputs"]
        sizes.append(len(claim.inputs))
    assert len(named["signals"]) == max(sizes)


def test_blocks_votes_and_proposals_still_decode() -> None:
    header, block, *votes, proposal = vectors(make_chain_vectors.chain_blocks)
    assert decode(Header, bytes.fromhex(header["header"])).id().hex() == header["id"]
    decoded = decode(Block, bytes.fromhex(block["block"]))
    assert decoded.header.id().hex() == header["id"]
    assert decoded.last_commit.hash().hex() == block["last_commit_hash"]
    chain_id = decoded.header.chain_id
    for row in votes:
        assert decode(Vote, bytes.fromhex(row["vote"])).signing_bytes(chain_id).hex() == row["signing_bytes"]
    signed = decode(Proposal, bytes.fromhex(proposal["proposal"])).signing_bytes(chain_id)
    assert signed.hex() == proposal["signing_bytes"]


def test_receipts_still_decode() -> None:
    for row in vectors(make_chain_vectors.chain_receipts):
        receipts = tuple(decode(Receipt, bytes.fromhex(raw), unions=UNIONS) for raw in row["receipts"])
        assert receipts_root(receipts).hex() == row["root"]


def test_genesis_params_and_validators_still_decode() -> None:
    genesis, params, validators, _ = vectors(make_chain_vectors.chain_genesis)
    assert decode(Genesis, bytes.fromhex(genesis["genesis"])).hash().hex() == genesis["hash"]
    assert decode(Params, bytes.fromhex(params["params"])).hash().hex() == params["hash"]
    assert decode(ValidatorSet, bytes.fromhex(validators["validators"])).hash().hex() == validators["hash"]
