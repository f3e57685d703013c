"""What a contract's class is written out as: ABI, README, statement code, costs. All of it follows from the class."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.params import DEVNET
from compute.dsl import errors
from compute.dsl.abi import AbiTooLarge, abi, abi_bytes
from compute.dsl.artifacts import artifacts
from compute.dsl.compiled import Compiled
from compute.dsl.contract import Contract
from compute.dsl.costs import costs
from compute.dsl.publics import public_inputs
from compute.dsl.readme import readme
from compute.dsl.statement_code import statement_code
from compute.sandbox import Sandbox
from contracts.confidential.description import MAX_ABI_BYTES
from contracts.confidential.queries import contract_abi
from contracts.confidential.signals import call_size
from contracts.confidential.specs import abi_hash
from tests.support.dsl_contracts import Auction, Counter, Everything
from tests.unit.compute.test_dsl_refusals import load

CONTRACTS = [Counter.compiled, Auction.compiled, Everything.compiled]


@pytest.fixture
def chain() -> Iterator[Sandbox]:
    with Sandbox() as chain:
        yield chain


named = pytest.mark.parametrize("compiled", CONTRACTS, ids=lambda compiled: compiled.name)


@named
def test_a_contract_has_one_abi(compiled: Compiled) -> None:
    data = abi_bytes(compiled)
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode()
    assert data == abi_bytes(compiled) == artifacts(compiled)["abi.json"]
    assert json.loads(data)["abi"] == 1


def test_an_abi_says_types_and_what_is_public() -> None:
    said: dict[str, Any] = abi(Auction.compiled)
    assert said["types"]["Standing"] == [["best", "u64"], ["second", "u64"], ["winner", "Address"], ["folded", "u32"]]
    standing = said["registers"][0]
    assert (standing["sealed"], standing["mode"], standing["inbox"], standing["elements"]) == (True, "inbox", "Bid", 3)
    assert said["notes"] == [{"name": "Bid", "kind": 1, "elements": 3, "type": "Bid"}]
    place, fold, close, settle = said["methods"]
    assert place["arguments"] == [{"name": "amount", "type": "u64", "known": "private"}]
    assert fold["arguments"] == [{"name": "bid", "type": "Bid", "known": "spent"}]
    assert settle["arguments"][0] == {"name": "winner", "type": "Address", "known": "public"}
    assert (place["makes"], close["result"], close["counts"]) == (["Bid"], "Address", ["standing"])
    assert (settle["once"], settle["takes"], settle["pays"], settle["caller"], fold["period"]) == (1, 1, 1, True, True)
    arrays = abi(Everything.compiled)["methods"][0]
    assert arrays["arguments"][2]["type"] == {"array": "u32", "length": 3}


@named
def test_public_inputs_are_those_of_the_circuit(compiled: Compiled) -> None:
    for method in compiled.methods:
        names = [each.name for each in public_inputs(method)]
        assert len(names) == len(set(names)) == method.circuit.public_count
        assert all(name.isidentifier() for name in names)


@named
def test_the_statement_code_takes_a_claim(compiled: Compiled) -> None:
    code = statement_code(compiled)
    assert all(len(line) <= 120 for line in code.splitlines())
    made: dict[str, Any] = {}
    exec(compile(code, "statement.py", "exec"), made)
    for method in compiled.methods:
        cls = made["".join(part.capitalize() for part in method.name.split("_"))]
        assert cls._fields == tuple(each.name for each in public_inputs(method))
        assert f"{method.name}(" in cls.__doc__


def test_the_statement_code_reads_a_calls_claim(chain: Sandbox) -> None:
    made: dict[str, Any] = {}
    exec(compile(statement_code(Counter.compiled), "statement.py", "exec"), made)
    owner = chain.person("owner")
    deployed = chain.deploy(Counter, owner, initial={"owner": owner})
    draft = deployed.draft("increment", 5, sender=owner)
    (claim,) = draft.action.claims(chain.local.envelope_of(owner.id, draft.action), 0)
    said = made["Increment"](*claim.inputs)
    assert (said.epoch, said.write_count_version, said.write_calls_before, said.write_calls_after) == (1, 0, 0, 1)


def test_a_node_serves_the_abi_that_was_deployed(chain: Sandbox) -> None:
    deployed = chain.deploy(Counter, chain.person("owner"))
    served = contract_abi(chain.view, deployed.id)
    assert served.abi == abi_bytes(Counter.compiled)
    assert served.abi_hash == abi_hash(served.abi)


def test_a_readme_says_what_is_public_and_what_is_not() -> None:
    page = readme(Auction.compiled)
    place = page.partition("## place")[2].partition("## fold")[0]
    assert "| that it was called, when, and by which account | argument `amount`: u64 |" in place
    assert "what is in the new `Bid`, and whose it is" in place
    fold = page.partition("## fold")[2].partition("## close")[0]
    assert "`standing` before and after" in fold and "which `Bid` `bid` is" in fold
    assert "| `standing` | `Standing` | the contract's readers | those that spend a note of its inbox |" in page
    assert Auction.compiled.declaration.doc in page


@named
def test_costs_add_up(compiled: Compiled) -> None:
    for cost, method in zip(costs(compiled), compiled.methods, strict=True):
        assert sum(cost.parts.values()) == cost.constraints == len(method.circuit.constraints)
        assert sum(cost.lines.values()) == cost.parts.get("body", 0)
        assert cost.public_inputs == method.circuit.public_count


def test_costs_are_told_by_line() -> None:
    cost = costs(Counter.compiled)[0]
    (line,) = [count for name, count in cost.lines.items() if name.endswith("self.count += amount")]
    assert line == 64


def test_the_fee_is_that_of_a_real_call(chain: Sandbox) -> None:
    seller, bidder = chain.person("seller"), chain.person("bidder")
    deployed = chain.deploy(Auction, seller, initial={"seller": seller, "closes": 500})
    sent, cost = deployed.place(5, sender=bidder), costs(Auction.compiled)[0]
    assert cost.work - DEVNET.prices.bytes_bucket <= sent.work <= cost.work
    assert cost.fee == cost.work * DEVNET.initial_base_fee


@pytest.mark.parametrize("contract", [Counter, Auction, Everything])
def test_a_shape_is_what_the_chain_counts(chain: Sandbox, contract: type[Contract]) -> None:
    record = chain.deploy(contract, chain.person("owner")).view.record
    for method, spec in zip(contract.compiled.methods, record.methods, strict=True):
        assert method.spec(spec.vk_id) == spec
        assert call_size(spec, record.registers) == method.circuit.public_count


def test_an_abi_has_a_limit(tmp_path: Path) -> None:
    text = "from compute.dsl import *\n@contract\nclass C(Contract):\n    n = Register(u64)\n    @method\n"
    text += f"    def act(self) -> None:\n        '''{'long ' * MAX_ABI_BYTES}'''\n        self.n += 1\n"
    with pytest.raises(AbiTooLarge):
        abi_bytes(load(tmp_path, text).C.compiled)


def test_two_types_of_one_name_are_refused(tmp_path: Path) -> None:
    head = "from compute.dsl import *\nclass P(Struct):\n    x: u64\nQ = P\nclass P(Struct):\n    y: u64\n"
    body = "@contract\nclass C(Contract):\n    p = Register(P)\n    q = Register(Q)\n    @method\n"
    act = "    def act(self) -> None:\n        self.p.y += self.q.x\n"
    with pytest.raises(errors.BadDeclaration, match="a second type called P"):
        load(tmp_path, head + body + act)
