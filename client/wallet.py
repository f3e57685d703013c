"""An account at work: it signs for one chain, chooses nonce, expiry and fee limit, submits and waits for finality.

Several transactions of one wallet may be under way at once: nonces are given out in order, under a lock that is held
until the node has admitted the transaction, as a node refuses gaps. One wallet per account and process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from chain.execution.action import Action
from chain.execution.fees import base_cost, transaction_work
from chain.params import Params
from chain.types.scalars import MAX_UINT, AccountId, Amount, ChainId, Hash, Height, Nonce, Signature
from chain.types.transaction import FROM_ACCOUNT, Envelope, FeeSource, Transaction
from client.errors import (
    ClientError,
    NotAnRpc,
    OtherChain,
    RpcFailed,
    TransactionExpired,
    TransactionFailed,
    TransactionOutdated,
    TransactionOvertaken,
)
from client.results import Outcome, account_state, chain_status
from client.rpc import Call, RpcClient
from crypto.address import encode_address
from crypto.keys import SecretKey

EXPIRY_HEIGHTS: Final = 300  # how far ahead of the head a transaction expires, unless the caller says
BASE_FEE_ROOM: Final = 2  # the fee limit covers this many times the present base fee: six full blocks of rise
POLL_SECONDS: Final = 0.2
NOT_FOUND: Final = "NotFound"

Wait = Literal["admitted", "committed"]
Overtaken = Callable[[int], Awaitable[bool]]  # whether, at a height, state is past what a transaction is about


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What a signature names: it is worth nothing on any other chain."""

    chain_id: ChainId
    genesis_hash: Hash
    fork_id: Hash

    @property
    def chain(self) -> tuple[ChainId, Hash]:
        """What stays the same over upgrades."""
        return self.chain_id, self.genesis_hash

    def __str__(self) -> str:
        return f"{self.chain_id} (genesis 0x{self.genesis_hash.hex()})"


class Signing:
    """A key and the chain it signs for; no network."""

    def __init__(self, secret: SecretKey, identity: ChainIdentity) -> None:
        self._secret, self.identity = secret, identity
        self.account = AccountId(secret.public)
        self.address = encode_address(secret.public)

    def envelope(
        self, actions: Sequence[Action], nonce: int, expiry_height: int, fee_limit: int, tip: int = 0
    ) -> Envelope:
        """What would be signed; proofs are made for exactly this."""
        source = FeeSource(FROM_ACCOUNT, self.account)
        chain = self.identity
        return Envelope(
            chain.chain_id,
            chain.genesis_hash,
            chain.fork_id,
            source,
            Nonce(nonce),
            Height(expiry_height),
            Amount(fee_limit),
            Amount(tip),
            tuple(actions),
        )

    def sign_envelope(self, envelope: Envelope) -> Transaction:
        """The signed transaction of an envelope."""
        return Transaction(envelope, Signature(self._secret.sign(envelope.signing_bytes())))

    def sign(
        self, actions: Sequence[Action], nonce: int, expiry_height: int, fee_limit: int, tip: int = 0
    ) -> Transaction:
        """The signed transaction."""
        return self.sign_envelope(self.envelope(actions, nonce, expiry_height, fee_limit, tip))

    def fee_limit(self, envelope: Envelope, params: Params, base_fee: Amount) -> Amount:
        """The tip and BASE_FEE_ROOM times what the envelope's actions cost at `base_fee`.

        Work goes by the signed size, so it is taken of a draft with the longest possible fee limit.
        """
        draft = Transaction(replace(envelope, fee_limit=Amount(MAX_UINT)), Signature(bytes(64)))
        cost = base_cost(transaction_work(draft, params), base_fee)
        return Amount(min(BASE_FEE_ROOM * cost + envelope.tip, MAX_UINT))


class Wallet(Signing):
    """An account behind one node. Made by `Wallet.open`."""

    def __init__(self, secret: SecretKey, identity: ChainIdentity, rpc: RpcClient) -> None:
        super().__init__(secret, identity)
        self.rpc = rpc
        self._next_nonce: int | None = None
        self._in_order = asyncio.Lock()

    @classmethod
    async def open(cls, secret: SecretKey, rpc: RpcClient, expected: ChainIdentity | None = None) -> "Wallet":
        """The wallet of a key on the chain that the node follows.

        A node that lies about its chain gets signatures for another one, so whoever uses a key on several chains says
        which is `expected`. Raises OtherChain, RpcFailed, Unreachable, NotAnRpc.
        """
        status = await chain_status(rpc)
        identity = ChainIdentity(status.chain_id, status.genesis_hash, status.fork_id)
        if expected is not None and identity.chain != expected.chain:
            raise OtherChain(rpc.url, str(expected), str(identity))
        return cls(secret, identity, rpc)

    async def balance(self) -> Amount:
        """Spendable nano-CLU in committed state."""
        return (await account_state(self.rpc, self.address)).balance

    async def prepare(
        self,
        actions: Sequence[Action],
        *,
        nonce: int | None = None,
        expiry_height: int | None = None,
        expires_within: int = EXPIRY_HEIGHTS,
        fee_limit: int | None = None,
        tip: int = 0,
    ) -> Envelope:
        """An envelope with what was left out asked from the node or estimated; it is neither signed nor submitted."""
        status = await chain_status(self.rpc)
        self.identity = replace(self.identity, fork_id=status.fork_id)  # an upgrade may lie behind its opening
        if nonce is None:
            nonce = (await account_state(self.rpc, self.address)).next_nonce
        if expiry_height is None:
            expiry_height = status.height + min(expires_within, status.params.max_expiry)
        envelope = self.envelope(actions, nonce, expiry_height, 0 if fee_limit is None else fee_limit, tip)
        if fee_limit is None:
            envelope = replace(envelope, fee_limit=self.fee_limit(envelope, status.params, status.base_fee))
        return envelope

    async def submit(
        self,
        actions: Sequence[Action],
        *,
        wait: Wait = "committed",
        tip: int = 0,
        expiry_height: int | None = None,
        expires_within: int = EXPIRY_HEIGHTS,
    ) -> Outcome:
        """Sign and submit with the account's next nonce, and wait until it is final unless told otherwise.

        Raises RpcFailed when the node refuses it (nothing has changed), TransactionFailed, TransactionExpired,
        TransactionOutdated.
        """
        async with self._in_order:
            envelope = await self.prepare(
                actions, nonce=self._next_nonce, expiry_height=expiry_height, expires_within=expires_within, tip=tip
            )
            transaction = self.sign_envelope(envelope)
            try:
                await self.rpc.call("tx_submit", transaction=transaction.raw)
            except BaseException:
                self._next_nonce = None  # unknown now: the node is asked next time
                raise
            self._next_nonce = envelope.nonce + 1
        return await self._outcome(transaction, wait)

    async def submit_signed(self, transaction: Transaction, *, wait: Wait = "committed") -> Outcome:
        """Submit a transaction that was signed before, for instance over a proof. Raises as submit."""
        async with self._in_order:
            self._next_nonce = None
            await self.rpc.call("tx_submit", transaction=transaction.raw)
        return await self._outcome(transaction, wait)

    async def _outcome(self, transaction: Transaction, wait: Wait) -> Outcome:
        if wait == "admitted":
            return Outcome("0x" + transaction.hash.hex())
        return await wait_committed(self.rpc, transaction)


async def never_overtaken(height: int) -> bool:
    """Of a transaction that an account pays: if it comes too late, a receipt says so."""
    return False


async def wait_committed(rpc: RpcClient, transaction: Transaction, overtaken: Overtaken = never_overtaken) -> Outcome:
    """Wait until a submitted transaction is final; `overtaken` is asked whether it still can be.

    Raises TransactionFailed, TransactionExpired, TransactionOutdated, TransactionOvertaken, RpcFailed.
    """
    hash_ = "0x" + transaction.hash.hex()
    expiry = transaction.envelope.expiry_height
    lost: ClientError | None = None
    while True:
        status, receipt = await rpc.batch([Call("chain_status"), Call("chain_getReceipt", {"hash": hash_})])
        if not isinstance(receipt, RpcFailed):
            return require_success(hash_, receipt)
        if receipt.name != NOT_FOUND:
            raise receipt
        if lost is not None:  # found so before this look at the receipts: it was not the transaction that moved state
            raise lost
        if isinstance(status, RpcFailed):
            raise status
        if not isinstance(status, dict) or type(status.get("height")) is not int:
            raise NotAnRpc(rpc.url, "chain_status answered in an unknown shape")
        if status["height"] >= expiry:
            raise TransactionExpired(hash_, expiry)
        if status.get("fork_id") != "0x" + transaction.envelope.fork_id.hex():
            lost = TransactionOutdated(hash_)
        elif await overtaken(status["height"]):
            lost = TransactionOvertaken(hash_)
        else:
            await asyncio.sleep(POLL_SECONDS)


def require_success(hash_: str, receipt: dict[str, Any]) -> Outcome:
    """The outcome that chain_getReceipt or tx_submit with wait "committed" shows. Raises TransactionFailed."""
    body = receipt.get("receipt", receipt)
    if body["code"] != 0:
        raise TransactionFailed(hash_, body["code"], receipt)
    return Outcome(hash_, Height(receipt["height"]), receipt["index"], body)
