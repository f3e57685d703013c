"""Assets of one's own: created once with all there is, sent exactly, apart from each other and from nano-CLU."""

import pytest

from chain.execution import accounts
from chain.execution.accounts import InsufficientBalance, PaidToNobody
from chain.execution.statement import id_element
from chain.types.receipt import OK
from chain.types.scalars import MAX_UINT, NATIVE, NOBODY, Amount, AssetId, Name, ObjectId, Uint
from contracts.token import state
from contracts.token.asset_actions import MAX_DECIMALS, CreateAsset, SendAsset
from contracts.token.errors import NotAnAssetName, NothingIssued, NothingToTransfer, TooManyDecimals, UnknownAsset
from contracts.token.events import AssetCreated, AssetSent
from contracts.token.state import Asset
from tests.support.small_chain import FUNDS, SmallChain, account

ISSUER, HOLDER = 1, 2
GOLD = CreateAsset(Name("gold"), Uint(2), Amount(1_000))


@pytest.fixture
def chain() -> SmallChain:
    return SmallChain()


def created(chain: SmallChain, action: CreateAsset = GOLD, person: int = ISSUER) -> AssetId:
    envelope = chain.envelope(person, action)
    assert chain.block(chain.sign(person, envelope))[0].code == OK
    return AssetId(envelope.object_id(0))


def test_an_asset_belongs_to_who_creates_it(chain: SmallChain) -> None:
    envelope = chain.envelope(ISSUER, GOLD)
    receipt = chain.block(chain.sign(ISSUER, envelope))[0]
    asset = AssetId(envelope.object_id(0))
    assert receipt.events == (AssetCreated(asset, Name("gold"), Uint(2), Amount(1_000), account(ISSUER)),)
    assert state.require_asset(chain.view, asset) == Asset(asset, Name("gold"), Uint(2), account(ISSUER), chain.height)
    assert chain.balance(ISSUER, asset) == chain.supply(asset) == chain.money(asset) == 1_000
    assert chain.balance(ISSUER) == FUNDS - receipt.fee


def test_an_asset_is_sent_and_the_native_token_stays(chain: SmallChain) -> None:
    asset = created(chain)
    before = chain.balance(ISSUER)
    receipt = chain.do(ISSUER, SendAsset(asset, account(HOLDER), Amount(300)))
    assert receipt.events == (AssetSent(asset, account(ISSUER), account(HOLDER), Amount(300)),)
    assert (chain.balance(ISSUER, asset), chain.balance(HOLDER, asset)) == (700, 300)
    assert (chain.balance(ISSUER), chain.balance(HOLDER)) == (before - receipt.fee, FUNDS)
    assert chain.do(HOLDER, SendAsset(asset, account(HOLDER), Amount(300))).code == OK
    assert chain.balance(HOLDER, asset) == 300
    assert chain.money(asset) == chain.supply(asset) == 1_000


def test_two_assets_of_one_name_are_two(chain: SmallChain) -> None:
    first, second = created(chain), created(chain, person=HOLDER)
    assert first != second
    assert (chain.balance(ISSUER, first), chain.balance(ISSUER, second)) == (1_000, 0)
    with pytest.raises(InsufficientBalance):
        chain.check(ISSUER, SendAsset(second, account(3), Amount(1)))


def test_several_in_one_transaction_are_apart(chain: SmallChain) -> None:
    envelope = chain.envelope(ISSUER, GOLD, GOLD)
    assert chain.block(chain.sign(ISSUER, envelope))[0].code == OK
    assert {chain.balance(ISSUER, AssetId(envelope.object_id(index))) for index in (0, 1)} == {1_000}
    assert [record.id for record in state.assets(chain.view)] == sorted(map(envelope.object_id, (0, 1)))


@pytest.mark.parametrize("amount", [1_001, MAX_UINT])
def test_more_than_one_has_cannot_be_sent(chain: SmallChain, amount: int) -> None:
    asset = created(chain)
    with pytest.raises(InsufficientBalance) as refused:
        chain.check(ISSUER, SendAsset(asset, account(HOLDER), Amount(amount)))
    assert (refused.value.asset, refused.value.balance) == (asset, 1_000)
    with pytest.raises(InsufficientBalance):
        chain.check(HOLDER, SendAsset(asset, account(ISSUER), Amount(1)))


def test_nothing_cannot_be_sent(chain: SmallChain) -> None:
    with pytest.raises(NothingToTransfer):
        chain.check(ISSUER, SendAsset(created(chain), account(HOLDER), Amount(0)))


def test_an_asset_is_not_sent_to_nobody(chain: SmallChain) -> None:
    gold = created(chain)
    with pytest.raises(PaidToNobody) as refused:
        chain.check(ISSUER, SendAsset(gold, NOBODY, Amount(1)))
    assert refused.value.asset == gold


@pytest.mark.parametrize("asset", [NATIVE, AssetId(b"\x07" * 32)])
def test_what_nobody_created_cannot_be_sent(chain: SmallChain, asset: AssetId) -> None:
    with pytest.raises(UnknownAsset) as refused:
        chain.check(ISSUER, SendAsset(asset, account(HOLDER), Amount(1)))
    assert ("token.transfer" in str(refused.value)) is (asset == NATIVE)


@pytest.mark.parametrize("name", ["G", "gold-2", "a.b_c", "9", "x" * 32, "CLUB"])
def test_names_that_are_taken(chain: SmallChain, name: str) -> None:
    chain.check(ISSUER, CreateAsset(Name(name), Uint(0), Amount(1)))


@pytest.mark.parametrize("name", ["", "x" * 33, "-a", ".a", "a b", "göld", "gold\n", "a\x1b[2J", "СLUB", "CLU", "clu"])
def test_names_that_could_be_mistaken_are_refused(chain: SmallChain, name: str) -> None:
    with pytest.raises(NotAnAssetName):
        chain.check(ISSUER, CreateAsset(Name(name), Uint(0), Amount(1)))


def test_the_limits_of_what_is_issued(chain: SmallChain) -> None:
    chain.check(ISSUER, CreateAsset(Name("a"), Uint(MAX_DECIMALS), Amount(MAX_UINT)))
    with pytest.raises(TooManyDecimals):
        chain.check(ISSUER, CreateAsset(Name("a"), Uint(MAX_DECIMALS + 1), Amount(1)))
    with pytest.raises(NothingIssued):
        chain.check(ISSUER, CreateAsset(Name("a"), Uint(0), Amount(0)))


def test_balances_are_listed_by_account_from_any_place_on(chain: SmallChain) -> None:
    ids = sorted(created(chain, person=person) for person in (ISSUER, ISSUER, ISSUER, HOLDER))
    own = [asset for asset in ids if chain.balance(ISSUER, asset)]
    listed = list(accounts.assets_of(chain.view, account(ISSUER)))
    assert listed == [(asset, 1_000) for asset in own]
    assert list(accounts.assets_of(chain.view, account(ISSUER), own[0])) == listed[1:]
    assert list(accounts.assets_of(chain.view, account(ISSUER), AssetId(b"\xff" * 32))) == []
    assert [record.id for record in state.assets(chain.view)] == ids
    assert [record.id for record in state.assets(chain.view, ids[1])] == ids[2:]
    chain.do(ISSUER, SendAsset(own[1], account(3), Amount(1_000)))
    assert len(list(accounts.assets_of(chain.view, account(ISSUER)))) == 2


def test_the_native_token_is_zero_in_a_circuit_and_no_asset_that_is_created_is() -> None:
    assert id_element(NATIVE) == 0
    assert id_element(ObjectId(b"\x07" * 32)) != 0
