"""A confidential contract behind a node: circuits are registered, drafts proven, sent and waited for."""

import asyncio
from collections.abc import Callable, Sequence
from time import time
from typing import Final

from chain.types.scalars import Blob, ObjectId
from chain.types.transaction import Transaction
from client.contracts import add_epochs, get_contract, get_contract_state
from client.errors import RpcFailed
from client.light.client import LightClient
from client.market import get_key, wait_active
from client.results import Outcome
from client.wallet import Wallet
from compute.confidential.errors import ContractNotSigned, StateTooOld
from compute.confidential.nameless import overtaken, require_nameless
from compute.confidential.outrun import outrun
from compute.confidential.proven import OLDEST_MS, Watch, require_signed, require_signed_epochs, signed_state
from compute.confidential.prover import Draft, Prover
from compute.confidential.reader_changes import draft_first_readers
from compute.dev_keys import CircuitKeys
from compute.shielded.payments import Errand, NoteWallet
from contracts.confidential.actions import Deploy
from contracts.confidential.call import Call
from contracts.confidential.queries import ContractState, ContractView
from contracts.notes.output import Point
from contracts.registry.actions import RegisterKey

KEY_UNKNOWN: Final = "KeyUnknown"
KEYS_AT_ONCE: Final = 4  # of one transaction: each is charged a tenth of a block's work

Progress = Callable[[str], None]


async def register_circuits(
    wallet: Wallet, circuits: Sequence[CircuitKeys], progress: Progress = lambda text: None
) -> int:
    """Register the keys that the chain does not know yet, and wait until all may be used; how many were registered.

    Raises RpcFailed, TransactionFailed, TransactionExpired, Unreachable.
    """
    distinct = {circuit.vk_id: circuit for circuit in circuits}
    missing = [circuit for circuit in distinct.values() if not await _known(wallet, circuit)]
    for start in range(0, len(missing), KEYS_AT_ONCE):
        progress(f"registering circuit keys, {start} of {len(missing)} done")
        some = missing[start : start + KEYS_AT_ONCE]
        await wallet.submit([RegisterKey(Blob(circuit.compressed), None) for circuit in some])
    for circuit in distinct.values():
        await wait_active(wallet.rpc, (await get_key(wallet.rpc, circuit.vk_id)).active_from)
    return len(missing)


async def deploy_contract(
    wallet: Wallet, prover: Prover, action: Deploy, readers: Sequence[Point] = ()
) -> tuple[ObjectId, Outcome]:
    """The new contract's id. Its first readers, if any are named, are set by the same transaction.

    Raises as draft_first_readers, what proving raises, RpcFailed, TransactionFailed, TransactionExpired, Unreachable.
    """
    envelope = await wallet.prepare([action])
    contract = envelope.object_id(0)
    if readers:
        draft = await asyncio.to_thread(draft_first_readers, contract, action, readers)
        envelope = await wallet.prepare([action, draft.action], nonce=envelope.nonce)
        envelope = await asyncio.to_thread(prover.complete, envelope, [draft])
    return contract, await wallet.submit_signed(wallet.sign_envelope(envelope))


class ContractClient:
    """One contract, for the account of a wallet.

    light: proves what secrets are sealed by (compute/confidential/proven.py); without one it is the node's word.
    oldest_ms: how long ago validators may have signed it. clock: seconds since 1970.
    """

    def __init__(
        self,
        wallet: Wallet,
        prover: Prover,
        contract: ObjectId,
        *,
        light: LightClient | None = None,
        oldest_ms: int = OLDEST_MS,
        clock: Callable[[], float] = time,
    ) -> None:
        self.wallet, self.contract, self._prover = wallet, contract, prover
        self._light, self._oldest_ms, self._clock = light, oldest_ms, clock

    async def view(self) -> ContractView:
        """The contract as it stands.

        Raises RpcFailed (UnknownContract), AnswerRefused, Unreachable, NotAnRpc, and as require_signed.
        """
        view = await get_contract(self.wallet.rpc, self.contract)
        if (watch := self._watch) is not None:
            await require_signed(watch, view)
        return view

    async def with_epochs(self, view: ContractView, numbers: range) -> ContractView:
        """The same contract with further epochs, such as those of a permit or of a former call.

        Raises as add_epochs and require_signed.
        """
        history = await add_epochs(self.wallet.rpc, view, numbers)
        if (watch := self._watch) is not None:
            await require_signed_epochs(watch, history, view)
        return history

    @property
    def proves(self) -> bool:
        """Whether it goes by what validators signed, and not by the node's word."""
        return self._light is not None

    @property
    def _watch(self) -> Watch | None:
        return None if self._light is None else Watch(self._light, int(1_000 * self._clock()), self._oldest_ms)

    async def now(self) -> ContractState:
        """Its inboxes, leases, notes and holding. Its height is the node's word, or that of a signed header.

        Raises as get_contract_state and signed_state.
        """
        now = await get_contract_state(self.wallet.rpc, self.contract)
        return now if (watch := self._watch) is None else await signed_state(watch, now)

    async def outrun(self, *drafts: Draft) -> bool:
        """Whether validators signed that each of these calls does nothing and never will. Never without `light`.

        Raises as view, but for what is not signed or too long ago, which decides nothing.
        """
        if self._light is None:
            return False
        try:
            now = await self.view()
        except (ContractNotSigned, StateTooOld):
            return False
        return all(isinstance(draft.action, Call) and outrun(draft.action, now) for draft in drafts)

    async def signed(
        self, *drafts: Draft, nonce: int | None = None, progress: Progress = lambda text: None
    ) -> Transaction:
        """Drafts proven in one signed transaction, not submitted yet. Raises what proving raises, RpcFailed.

        nonce: the account's next one, unless told otherwise. Of several transactions with one nonce at most one counts.
        """
        envelope = await self.wallet.prepare([draft.action for draft in drafts], nonce=nonce)
        progress("proving")
        proven = await asyncio.to_thread(self._prover.complete, envelope, drafts)
        return self.wallet.sign_envelope(proven)

    async def send(self, *drafts: Draft, progress: Progress = lambda text: None) -> Outcome:
        """Prove drafts for one transaction of the account, submit it and wait until it is final.

        Raises what proving raises, RpcFailed when the node refuses it, TransactionFailed, TransactionExpired.
        """
        transaction = await self.signed(*drafts, progress=progress)
        progress("waiting for a block")
        return await self.wallet.submit_signed(transaction)

    async def send_nameless(self, notes: NoteWallet, *drafts: Draft) -> Outcome:
        """The same in a transaction that names no account: notes pay its fee, whose wallet says what it does.

        Raises NamesItsCaller, TransactionOvertaken, NotEnoughNotes, PoolKeyMissing, and as `send`.
        """
        view = await self.view()
        calls = [require_nameless(draft, view) for draft in drafts]
        errand = Errand(drafts, self._prover.prove, overtaken(self, *calls))
        return (await notes.pay_for(errand)).outcome


async def _known(wallet: Wallet, circuit: CircuitKeys) -> bool:
    try:
        await get_key(wallet.rpc, circuit.vk_id)
    except RpcFailed as failed:
        if failed.name != KEY_UNKNOWN:
            raise
        return False
    return True
