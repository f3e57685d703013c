"""Where a light client's blocks and proofs come from: nodes, none of which is believed."""

from typing import Any, Final, Protocol

from chain.codec import from_json
from chain.errors import CodecError
from chain.state.keys import Key
from chain.types.scalars import Height
from chain.types.sync import LightBlock
from client.errors import AnswerRefused, RpcFailed
from client.light.errors import NotYetFinal, WrongHeight
from client.rpc import RpcClient

NOT_FOUND: Final = 7210  # node/rpc/errors.py


class Source(Protocol):
    """A node, or a test's."""

    @property
    def name(self) -> str:
        """For people: its URL."""
        ...

    async def block(self, height: Height | None = None) -> LightBlock:
        """The light block of a height, or of the head, as the node says. Raises NotYetFinal, AnswerRefused, ..."""
        ...

    async def proof(self, key: Key, height: Height | None = None) -> dict[str, Any]:
        """The node's chain_getProof answer."""
        ...


class RpcSource:
    """A node by its JSON-RPC."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    @property
    def name(self) -> str:
        return self._rpc.url

    async def block(self, height: Height | None = None) -> LightBlock:
        """Raises NotYetFinal, WrongHeight, AnswerRefused, RpcFailed, Unreachable, NotAnRpc."""
        try:
            answer = await self._rpc.call("chain_getLightBlock", height=height)
        except RpcFailed as failed:
            if failed.rule == NOT_FOUND and height is not None:
                raise NotYetFinal(self.name, height) from failed
            raise
        try:
            block = from_json(LightBlock, answer)
        except CodecError as error:
            raise AnswerRefused(f"the light block of {self.name} cannot be read ({error})") from error
        if height is not None and block.height != height:
            raise WrongHeight(height, block.height)
        return block

    async def proof(self, key: Key, height: Height | None = None) -> dict[str, Any]:
        """Raises AnswerRefused, RpcFailed, Unreachable, NotAnRpc."""
        answer = await self._rpc.call("chain_getProof", key=key, height=height)
        if not isinstance(answer, dict):
            raise AnswerRefused("a proof is an object")
        return answer
