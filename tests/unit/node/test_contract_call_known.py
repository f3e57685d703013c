"""`cluster contract call --knows`: ids that a contract keeps as one element, and that a call must carry whole."""

import pytest

from client.notes.keys import SpendingKey
from compute.dsl.arguments import bound_arguments
from compute.dsl.caller import Caller, CallLacks
from compute.dsl.calls import draft_call
from compute.sandbox import Sandbox
from contracts.confidential.call import Call
from crypto.address import encode_address
from examples.contracts.escrow.contract import Escrow
from node.cli.contract_call import known_ids
from node.cli.errors import BadArgument


def test_ids_are_told_apart() -> None:
    private = SpendingKey(b"\x01" * 32).full_view().incoming.address()
    found = known_ids([encode_address(b"\x02" * 32), private.encode(), "0x" + "03" * 32])
    assert found == ((b"\x02" * 32,), (private,), (b"\x03" * 32,))
    with pytest.raises(BadArgument):
        known_ids(["0x03"])


def test_a_buyer_releases_to_a_seller_whom_he_names() -> None:
    with Sandbox(prove=False) as chain:
        buyer, seller = chain.person("buyer"), chain.person("seller")
        escrow = chain.deploy(Escrow, buyer, readers=[buyer, seller], counts=())
        escrow.open(seller, bytes(32), 5, 6, 1, 2, 90, 99, sender=buyer)
        period = (chain.height + 1, chain.height + 9)

        def drafted(*known: str) -> object:
            accounts, addresses, assets = known_ids(known)
            caller = Caller(buyer.id, buyer.reader, buyer.spending, addresses, accounts, assets)
            method = Escrow.compiled.method("release")
            given = bound_arguments(method, (), {})
            return draft_call(
                Escrow.compiled, escrow.view, "release", given, caller, now=escrow.now, period=period
            ).action

        with pytest.raises(CallLacks):
            drafted()
        call = drafted(encode_address(seller.id))
        assert isinstance(call, Call) and call.pays[0].recipient == seller.id
