"""Methods about the chain itself: head, blocks, transactions, receipts, events, accounts, proofs."""

from itertools import islice
from statistics import median

from chain.codec import decode, to_json
from chain.execution import accounts, fees
from chain.state.keys import Key
from chain.state.proofs import proof_to_json
from chain.types.block import Block
from chain.types.receipt import Receipt
from chain.types.scalars import NATIVE, AccountId, AssetId, Height, TxHash
from chain.types.transaction import Transaction, transaction_hash
from chain.types.vote import Commit
from node.ledger import Receipts
from node.parts import Node
from node.rpc.errors import InvalidParams, NotFound
from node.rpc.method import AddressBytes, Count, Declared, Hex32, HexBytes, Json, Text
from node.rpc.shapes import receipt_json, transaction_json

MAX_EVENT_BLOCKS = 1_000
MAX_EVENTS = 1_000
MAX_ASSETS = 100
MAX_EVENT_BYTES = 4 * 2**20  # of receipts gone through in one call


class ChainMethods:
    """chain_*"""

    def __init__(self, node: Node) -> None:
        self._node, self._ledger = node, node.ledger

    def table(self) -> dict[str, Declared]:
        return {
            "chain_status": self.status,
            "chain_getBlock": self.get_block,
            "chain_getTransaction": self.get_transaction,
            "chain_getReceipt": self.get_receipt,
            "chain_getEvents": self.get_events,
            "chain_getAccount": self.get_account,
            "chain_getProof": self.get_proof,
            "chain_getLightBlock": self.get_light_block,
        }

    async def status(self) -> Json:
        """The chain's identity and head, and how this node keeps its secrets."""
        node, view = self._node, self._ledger.view
        tip, key = view.tip, node.storage_key
        return {
            "chain_id": self._ledger.chain.chain_id,
            "genesis_hash": "0x" + self._ledger.chain.genesis_hash.hex(),
            "fork_id": "0x" + self._ledger.next_block.fork.id.hex(),
            "height": tip.height,
            "block_id": "0x" + tip.block_id.hex(),
            "time": tip.time,
            "state_root": "0x" + tip.state_root.hex(),
            "base_fee": str(fees.read_base_fee(view)),
            "supply": str(accounts.supply(view)),
            "moniker": node.config.moniker,
            "validator": None if node.signer is None else "0x" + node.signer.public_key.hex(),
            "peers": len(node.network.peers()),
            "catching_up": node.relay.catch_up.best_head > tip.height + 1,
            "storage": "unsealed" if key is None else "unprotected" if key.unprotected else "sealed",
            "proofs_verified": node.verifier.verified_proofs,
            "proofs_refused": node.verifier.refused_proofs,
            "proof_verify_ms": round(1000 * median(node.verifier.seconds or [0.0]), 3),
            "params": to_json(self._ledger.params),
        }

    def get_block(self, height: Count | None = None) -> Json:
        """The block at a height (the newest without one), with its id, hashes of its transactions, and its commit."""
        at = Height(self._ledger.tip.height if height is None else height)
        raw, commit = self._ledger.database.block(at), self._ledger.database.commit(at)
        if not raw or not commit:
            raise NotFound("block", str(at))
        block = decode(Block, raw)
        return {
            "id": "0x" + block.header.id().hex(),
            "header": to_json(block.header),
            "transactions": ["0x" + transaction_hash(tx).hex() for tx in block.transactions],
            "evidence": [to_json(piece) for piece in block.evidence],
            "last_commit": to_json(block.last_commit),
            "commit": to_json(decode(Commit, commit)),
            "size": len(raw),
        }

    def get_transaction(self, hash: Hex32) -> Json:
        """A transaction by its hash, waiting or final."""
        waiting = self._node.mempool.get(TxHash(hash))
        if waiting is not None:
            return {"status": "waiting", "height": None, "index": None, **transaction_json(waiting)}
        height, index, block = self._find(TxHash(hash))
        transaction = self._decode(block.transactions[index])
        return {"status": "final", "height": height, "index": index, **transaction_json(transaction)}

    def get_receipt(self, hash: Hex32) -> Json:
        """What became of a final transaction: code 0 or the code of the rule that failed, fee, events."""
        height, index, _ = self._find(TxHash(hash))
        receipt = self._receipts(self._raw_receipts(height))[index]
        return {"hash": "0x" + hash.hex(), "height": height, "index": index, **receipt_json(receipt)}

    def get_events(self, first: Count, last: Count | None = None, type: Text | None = None) -> Json:
        """Events of the blocks first ... last (at most 1,000 blocks), of one type if named.

        A call that finds 1,000 or goes through 4 MiB stops there: scanned_to says how far it came.
        """
        end = min(self._ledger.tip.height, first + MAX_EVENT_BLOCKS - 1 if last is None else last)
        if end - first >= MAX_EVENT_BLOCKS:
            raise InvalidParams("last", f"at most {MAX_EVENT_BLOCKS} blocks from first on", str(last))
        found: list[Json] = []
        gone_through = 0
        for height in range(first, end + 1):
            raw = self._raw_receipts(Height(height))
            for index, receipt in enumerate(self._receipts(raw)):
                for event in receipt_json(receipt)["events"]:
                    if type is None or event["type"] == type:
                        found.append({"height": height, "index": index, **event})
            gone_through += len(raw)
            if len(found) >= MAX_EVENTS or gone_through >= MAX_EVENT_BYTES:
                return {"events": found, "scanned_to": height}
        return {"events": found, "scanned_to": max(end, first - 1)}

    async def get_account(self, address: AddressBytes, after: Hex32 | None = None) -> Json:
        """Balance (nano-CLU), nonces in state and after what waits here, up to 100 balances of assets behind `after`.

        Assets come by id, in their units; `more_assets` says whether others follow.
        """
        view, account = self._ledger.view, AccountId(address)
        record = accounts.read_account(view, account)
        held = accounts.assets_of(view, account, NATIVE if after is None else AssetId(after))
        assets = list(islice(held, MAX_ASSETS + 1))
        return {
            "balance": str(record.balance),
            "nonce": record.nonce,
            "next_nonce": self._node.mempool.next_nonce(account, record.nonce),
            "height": view.height,
            "assets": [{"asset": "0x" + id_.hex(), "balance": str(balance)} for id_, balance in assets[:MAX_ASSETS]],
            "more_assets": len(assets) > MAX_ASSETS,
        }

    def get_proof(self, key: HexBytes, height: Count | None = None) -> Json:
        """An ICS-23 proof that state after a height (default: head - 1) holds a key or not, with header and commit."""
        head = self._ledger.tip.height
        at = Height(max(head - 1, 0) if height is None else height)
        if at >= head:
            raise InvalidParams("height", f"a height below the head, {head}: header height + 1 signs its root", str(at))
        snapshot = self._ledger.view
        proof = snapshot.prove(Key(key), at)
        block, commit = self._ledger.database.block(Height(at + 1)), self._ledger.database.commit(Height(at + 1))
        if not block or not commit:
            raise NotFound("block", str(at + 1))
        header = decode(Block, block).header
        return {
            "key": "0x" + key.hex(),
            "height": at,
            "root": "0x" + header.state_root.hex(),
            "proof": proof_to_json(proof),
            "header": to_json(header),
            "commit": to_json(decode(Commit, commit)),
        }

    def get_light_block(self, height: Count | None = None) -> Json:
        """What a light client verifies: header, commit and validators of a height (the newest without one)."""
        at = Height(self._ledger.tip.height if height is None else height)
        found = self._ledger.light_block(at)
        if found is None:
            raise NotFound("block", str(at))
        return to_json(found)

    def _find(self, hash_: TxHash) -> tuple[Height, int, Block]:
        place = self._ledger.database.find_transaction(hash_)
        raw = None if place is None else self._ledger.database.block(place[0])
        if place is None or not raw:
            raise NotFound("transaction", "0x" + hash_.hex())
        return place[0], place[1], decode(Block, raw)

    def _raw_receipts(self, height: Height) -> bytes:
        raw = self._ledger.database.receipts(height)
        if not raw:
            raise NotFound("block", str(height))
        return raw

    def _receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        return decode(Receipts, raw, unions=self._ledger.chain.application.unions).receipts

    def _decode(self, raw: bytes) -> Transaction:
        return Transaction.decode(raw, self._ledger.chain.application.unions)
