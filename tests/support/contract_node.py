"""A node that answers about contracts from a sandbox's state, and one whose state a validator signs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from chain.codec import to_json
from chain.state.keys import Key
from chain.state.proofs import proof_to_json
from chain.types.scalars import (
    BlockId,
    Hash,
    Height,
    Power,
    Round,
    Signature,
    Timestamp,
    ValidatorId,
    VoteTarget,
    VrfKey,
)
from chain.types.sync import LightBlock
from chain.types.validators import Validator, ValidatorSet
from chain.types.vote import PRECOMMIT, Commit, CommitSignature, vote_signing_bytes
from client.light.anchors import Anchors
from client.light.blocks import Anchor
from client.light.client import LightClient
from client.light.source import RpcSource
from client.rpc import RpcClient
from client.wallet import ChainIdentity, Wallet
from compute.sandbox import Sandbox
from contracts.confidential.queries import contract_abi, contract_state, contract_view, epochs_view
from crypto.keys import SecretKey
from tests.support.make_tree_vectors import tree_of
from tests.support.small_chain import CHAIN_ID, unsigned_header

PAGE: Final = 2  # epochs of an answer here
NOW: Final = 1_700_000_500  # seconds, when state was signed
VALIDATOR: Final = SecretKey(b"\x21" * 32)


class ContractNode(RpcClient):
    """`alter`: what happens to the record that a method answers with; `asked`: methods in order."""

    def __init__(self, chain: Sandbox) -> None:
        super().__init__("memory://node")
        self.chain = chain
        self.alter: dict[str, Callable[[Any], Any]] = {}
        self.asked: list[str] = []

    async def call(self, method: str, /, **params: Any) -> Any:
        self.asked.append(method)
        altered = self.alter.get(method, lambda record: record)(self._answer(method, params))
        return altered if isinstance(altered, dict) else to_json(altered)

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        view, contract = self.chain.view, params["id"]
        found: dict[str, Callable[[], Any]] = {
            "contract_get": lambda: contract_view(view, contract),
            "contract_getState": lambda: contract_state(view, contract),
            "contract_getAbi": lambda: contract_abi(view, contract),
            "contract_getEpochs": lambda: epochs_view(view, contract, params["first"], PAGE),
        }
        return found[method]()


class SignedNode(ContractNode):
    """It proves all of its present state, by the header of `height`, which VALIDATOR signed at NOW."""

    height: Height

    def __init__(self, chain: Sandbox, height: int) -> None:
        super().__init__(chain)
        self.height = Height(height)

    @property
    def validators(self) -> ValidatorSet:
        public = VALIDATOR.public
        return ValidatorSet((Validator(ValidatorId(public), VrfKey(public), Power(1)),))

    @property
    def light(self) -> LightClient:
        """A light client that trusts VALIDATOR since height 0, a second before."""
        start = Timestamp(1_000 * (NOW - 1))
        root = Anchor(CHAIN_ID, Height(0), BlockId(bytes(32)), start, self.validators, self.validators.hash())
        return LightClient(RpcSource(self), Anchors(root), clock=lambda: NOW)

    @property
    def wallet(self) -> Wallet:
        return Wallet(SecretKey(b"\x22" * 32), ChainIdentity(CHAIN_ID, Hash(bytes(32)), Hash(bytes(32))), self)

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        if method == "chain_getLightBlock":
            return self._block()
        return self._proof(params["key"]) if method == "chain_getProof" else super()._answer(method, params)

    def _proof(self, key: Key) -> dict[str, Any]:
        tree, _ = tree_of(dict(self.chain.view.iterate(Key(b""))))
        return {"proof": proof_to_json(tree.prove(key)), "header": to_json(self._block().header)}

    def _block(self) -> LightBlock:
        tree, _ = tree_of(dict(self.chain.view.iterate(Key(b""))))
        none, proposer = Hash(bytes(32)), ValidatorId(VALIDATOR.public)
        plain = unsigned_header(self.height, Timestamp(1_000 * NOW), proposer, BlockId(none), none)
        header = replace(plain, state_root=Hash(tree.root.hash), validators_hash=self.validators.hash())
        target = VoteTarget(header.id())
        vote = VALIDATOR.sign(vote_signing_bytes(CHAIN_ID, PRECOMMIT, self.height, Round(0), target))
        commit = Commit(self.height, Round(0), header.id(), (CommitSignature(proposer, Signature(vote)),))
        return LightBlock(header, commit, self.validators)
