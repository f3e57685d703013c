"""What a client is told or finds out. Codes 5000-5999."""

from collections.abc import Mapping
from typing import Any

from crypto.errors import ClusterError


class ClientError(ClusterError):
    """Root of this room's errors."""

    code = 5000


class RpcFailed(ClientError):
    """The node answered with an error: `rule` is the stable code of the broken rule, `name` the rule's class.

    `rpc_code` is the JSON-RPC error code (-32602 and the like where the specification has one, else the rule's), `data`
    the compared values.
    """

    code = 5001

    def __init__(self, rpc_code: int, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.rpc_code, self.message, self.data = rpc_code, message, dict(data)
        self.rule = data["code"] if type(data.get("code")) is int else rpc_code
        self.name = str(data.get("name", "Error"))


class Unreachable(ClientError):
    """No answer from the node: refused, unknown host, broken off, too slow."""

    code = 5002

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"no answer from {url}: {reason}. Check that the node runs (`cluster status`, `cluster devnet up`) and the "
            "address given with --rpc."
        )
        self.url, self.reason = url, reason


class NotAnRpc(ClientError):
    """Something answers at the address, but not in JSON-RPC 2.0."""

    code = 5003

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} does not speak JSON-RPC 2.0: {reason}. Check the address given with --rpc.")
        self.url, self.reason = url, reason


class TransactionFailed(ClientError):
    """A transaction is final, but a rule of state failed in one of its actions: fee charged, actions undone."""

    code = 5010

    def __init__(self, hash_: str, rule: int, receipt: Mapping[str, Any]) -> None:
        super().__init__(
            f"transaction {hash_} stands in a block with code {rule}: the rule of that code failed, its actions were "
            "undone, its fee is paid. docs/errors.md names the rule; mend the cause and sign anew."
        )
        self.hash, self.rule, self.receipt = hash_, rule, dict(receipt)


class TransactionExpired(ClientError):
    """The expiry height has passed and no block holds the transaction: it never will."""

    code = 5011

    def __init__(self, hash_: str, expiry: int) -> None:
        super().__init__(
            f"transaction {hash_} was in no block up to height {expiry}, where it expired; sign it anew, with a higher "
            "fee limit or tip if blocks are full."
        )
        self.hash, self.expiry = hash_, expiry


class AnswerRefused(ClientError):
    """A proven answer does not hold against what the light client trusts."""

    code = 5020

    def __init__(self, reason: str) -> None:
        super().__init__(f"the node's answer is not proven: {reason}. Do not rely on it; ask another node.")
        self.reason = reason
