"""What a demonstration or a test may fasten to a node; a node in real use has none of it.

Recording writes every byte that crosses loopback, and every transaction that waits for a block, to files that a search
can go through. No RPC method shows what waits: whoever dumps the memory pool is the node's operator. A credulous node
believes every proof: a Byzantine proposer, to show that the others refuse its blocks. Other application versions than
this release's make it another release, to rehearse an upgrade.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chain.execution.action import Claim
from chain.mempool import Mempool
from chain.types.block import APP_VERSIONS
from chain.types.genesis import Genesis
from chain.types.scalars import ChainId, Nonce, Uint, WorkUnits
from chain.types.transaction import Transaction
from node.errors import NodeError
from node.verifier import NodeVerifier


class Recorder:
    """Appends bytes to a file per kind in a folder: p2p messages, sealed and in the clear, RPC bodies, the pool."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}

    def __call__(self, kind: str, data: bytes) -> None:
        """Record what was seen. Written through, as the process may be killed at any time."""
        if kind not in self._files:
            self._files[kind] = (self._folder / f"{kind}.bin").open("ab", buffering=0)
        self._files[kind].write(data)


class CredulousOnDevnetOnly(NodeError):
    """A node that believes every proof was to be started on a chain that is not for development."""

    code = 7035

    def __init__(self, chain_id: ChainId) -> None:
        super().__init__(
            f"{chain_id} is no development chain; a credulous node has no business there. Start it without."
        )
        self.chain_id = chain_id


@dataclass(frozen=True, slots=True)
class Instruments:
    """None of them by default."""

    recorder: Recorder | None = None
    credulous: bool = False
    app_versions: frozenset[Uint] = APP_VERSIONS

    def mempool(self) -> Mempool:
        """This node's memory pool."""
        return Mempool() if self.recorder is None else RecordedMempool(self.recorder)

    def verifier(self, genesis: Genesis) -> type[NodeVerifier]:
        """The class of this node's verifier. Raises CredulousOnDevnetOnly."""
        if not self.credulous:
            return NodeVerifier
        if not genesis.params.allow_insecure_keys:
            raise CredulousOnDevnetOnly(genesis.chain_id)
        return CredulousVerifier


class RecordedMempool(Mempool):
    """Records the bytes of whatever it takes: all that a dump of it would show, of any moment."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def add(self, transaction: Transaction, work: WorkUnits, committed: Nonce, *, allow_gap: bool = False) -> None:
        super().add(transaction, work, committed, allow_gap=allow_gap)
        self._recorder("pool", transaction.raw)


class CredulousVerifier(NodeVerifier):
    """Believes every proof."""

    def require(self, claims: Sequence[Claim]) -> None:
        return None
