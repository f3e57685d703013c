"""What subscribers of a topic hear of a piece of news, as JSON text: made once, however many they are."""

import json
from collections.abc import Iterator

from chain.codec import to_json
from node.hub import BlockFinal, News, TransactionAdmitted
from node.rpc.method import Json
from node.rpc.shapes import receipt_json, transaction_json

KINDS: dict[str, tuple[type, ...]] = {
    "blocks": (BlockFinal,),
    "transactions": (BlockFinal, TransactionAdmitted),
    "tasks": (BlockFinal,),
}


class Telling:
    """Remembers the last piece of news of each topic, as subscribers ask for the same one after the other."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[News, list[str]]] = {}

    def texts(self, topic: str, news: News) -> list[str]:
        """One JSON text for each thing that subscribers of the topic hear."""
        last = self._last.get(topic)
        if last is None or last[0] is not news:
            texts = [json.dumps(data, separators=(",", ":")) for data in shown(topic, news)]
            last = self._last[topic] = (news, texts)
        return last[1]


def shown(topic: str, news: News) -> Iterator[Json]:
    """What a subscriber of a topic hears of a piece of news."""
    if isinstance(news, TransactionAdmitted):
        if topic == "transactions":
            yield {"status": "admitted", **transaction_json(news.transaction)}
        return
    if topic == "blocks":
        yield _block(news)
    elif topic == "transactions":
        for index, transaction in enumerate(news.transactions):
            place = {"status": "final", "height": news.block.height, "index": index}
            yield {**place, "receipt": receipt_json(news.receipts[index]), "hash": "0x" + transaction.hash.hex()}
    else:
        for receipt in news.receipts:
            for event in receipt_json(receipt)["events"]:
                if event["type"].startswith("tasks."):
                    yield {"height": news.block.height, **event}


def _block(news: BlockFinal) -> Json:
    return {
        "id": "0x" + news.block_id.hex(),
        "header": to_json(news.block.header),
        "transactions": ["0x" + transaction.hash.hex() for transaction in news.transactions],
    }
