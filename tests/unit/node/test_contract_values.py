"""Values of a call on the command line: what was kept off the screen is in no error either."""

import traceback
from pathlib import Path

import pytest

from compute.dsl import Array, Contract, Field, Private, Public, Register, contract, method, reveal, u64
from node.cli import contract_values
from node.cli.contract_values import read_arguments
from node.cli.errors import BadArgument


@contract
class Box(Contract):
    total = Register(u64)

    @method
    def put(self, shown: Public[u64], hidden: Private[u64], more: Private[Array[Field, 2]]) -> None:
        self.total = reveal(shown + hidden + u64(more[0]) + u64(more[1]))


@pytest.mark.parametrize("place, text", [(1, "4711 and a slip"), (2, '["4711", "slip"]'), (2, '{"a": 4711')])
@pytest.mark.parametrize("asked", [True, False])
def test_a_private_value_that_is_wrong_is_not_shown(
    place: int, text: str, asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "value"
    file.write_text(text)
    file.chmod(0o600)
    monkeypatch.setattr(contract_values, "ask", lambda prompt: text)
    given = ["1", "2", "[3, 4]"]
    given[place] = "?" if asked else f"@{file}"
    with pytest.raises(BadArgument) as refused:
        read_arguments(Box.compiled.method("put"), given)
    told = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
    assert "4711" not in told and "slip" not in told and ("hidden", "more")[place - 1] in told


def test_what_stands_in_the_open_is_shown() -> None:
    for given in (["one", "2", "[3, 4]"], ["1", "two", "[3, 4]"]):
        with pytest.raises(BadArgument, match=r"got '(one|two)'"):
            read_arguments(Box.compiled.method("put"), given)
