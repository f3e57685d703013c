"""JSON-RPC's own errors; every other error of the project goes out under its class's code."""

from pathlib import Path
from typing import Final

from node.errors import NodeError

PARSE: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL: Final = -32603


class RpcError(NodeError):
    """Root of what the server refuses. `rpc_code` is the code that goes out: JSON-RPC's where it defines one."""

    code = 7200
    rpc_code: int | None = None


class ParseError(RpcError):
    """The body is not JSON."""

    code = 7201
    rpc_code = PARSE

    def __init__(self, reason: str) -> None:
        super().__init__(f"the body is not valid JSON: {reason}. Send one JSON-RPC 2.0 request or a batch of them.")
        self.reason = reason


class InvalidRequest(RpcError):
    """JSON, but not a JSON-RPC 2.0 request."""

    code = 7202
    rpc_code = INVALID_REQUEST

    def __init__(self, reason: str) -> None:
        super().__init__(
            f'not a JSON-RPC 2.0 request: {reason}. Expected {{"jsonrpc": "2.0", "id", "method", "params"}}.'
        )
        self.reason = reason


class MethodNotFound(RpcError):
    """No such method."""

    code = 7203
    rpc_code = METHOD_NOT_FOUND

    def __init__(self, method: str, similar: str | None) -> None:
        hint = f"; did you mean {similar}?" if similar else ". rpc.discover lists all."
        super().__init__(f"there is no method {method[:80]!r}{hint}")
        self.method, self.similar = method[:80], similar


class InvalidParams(RpcError):
    """A parameter is missing, unknown, of the wrong type or out of range."""

    code = 7204
    rpc_code = INVALID_PARAMS

    def __init__(self, parameter: str, expected: str, got: str) -> None:
        super().__init__(f"parameter {parameter[:80]!r}: expected {expected}, got {got.rstrip('.')}.")
        self.parameter, self.expected, self.got = parameter[:80], expected, got


class BatchTooLarge(RpcError):
    """More requests in one batch than this server takes."""

    code = 7205
    rpc_code = INVALID_REQUEST

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"a batch of {count} requests is too large; send at most {limit} at once.")
        self.count, self.limit = count, limit


class BodyTooLarge(RpcError):
    """A request body or message beyond the limit."""

    code = 7206
    rpc_code = INVALID_REQUEST

    def __init__(self, limit: int) -> None:
        super().__init__(f"the request is too large; at most {limit} bytes are taken.")
        self.limit = limit


class BodyTooSlow(RpcError):
    """A request body that did not arrive in time."""

    code = 7207
    rpc_code = INVALID_REQUEST

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the request's body did not arrive within {seconds} s; send it again, at once.")
        self.seconds = seconds


class RequestTooSlow(RpcError):
    """A request, or the batch that it stands in, took longer than this server works on one."""

    code = 7208

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"no answer within {seconds} s, so the node gave the call up; ask for less, or send fewer calls in a batch."
        )
        self.seconds = seconds


class OnlyOnOperatorSocket(RpcError):
    """An operator's method was called over the network."""

    code = 7209

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} is for the node's operator and answered on the socket in its home alone; "
            "run `cluster node` on that machine, as the node's user."
        )
        self.method = method


class NotFound(RpcError):
    """What was asked for does not exist at this node."""

    code = 7210

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"{what} {key} is not known here. Check it, or wait until the node has caught up.")
        self.what, self.key = what, key


class NotCommittedInTime(RpcError):
    """An admitted transaction was not final within the time that the call may wait. It stays admitted."""

    code = 7211

    def __init__(self, hash_: str, seconds: int) -> None:
        super().__init__(
            f"transaction {hash_} was admitted but not final within {seconds} s; ask chain_getReceipt for it."
        )
        self.hash, self.seconds = hash_, seconds


class TooManySubscriptions(RpcError):
    """One connection holds as many subscriptions as it may."""

    code = 7212

    def __init__(self, limit: int) -> None:
        super().__init__(f"this connection holds {limit} subscriptions, the most allowed; unsubscribe from one first.")
        self.limit = limit


class OnlyOverWebSocket(RpcError):
    """Subscriptions need a connection that stays open."""

    code = 7213

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} works over WebSocket only; connect to /ws.")
        self.method = method


class TooManyConnections(RpcError):
    """The server serves as many connections as it may."""

    code = 7214

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} connections are open, the most allowed; try again later.")
        self.limit = limit


class TooManyOfOneAddress(RpcError):
    """One address holds as many connections as it may."""

    code = 7216

    def __init__(self, address: str, limit: int) -> None:
        super().__init__(
            f"{address} holds {limit} connections, the most that one address may; use those, or close some first."
        )
        self.address, self.limit = address, limit


class SlowListener(RpcError):
    """A subscriber let so much news wait that the subscription was ended."""

    code = 7217

    def __init__(self, topic: str, limit: int) -> None:
        super().__init__(
            f"{limit} pieces of news of {topic} waited to be read, so the subscription was ended and news are missing; "
            "read faster, subscribe anew, and ask for what came in between."
        )
        self.topic, self.limit = topic, limit


class SlowReader(RpcError):
    """A client that does not read what it is sent; its connection is closed."""

    code = 7218

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"nothing was read for {seconds} s, so the connection is closed; connect again and read at once."
        )
        self.seconds = seconds


class OperatorSocketUnusable(RpcError):
    """The socket for the operator could not be made in the node's home."""

    code = 7219

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the operator's socket {path} cannot be listened on: {reason}. Remove what is there, or use a home on a "
            "local disk with a shorter path."
        )
        self.path, self.reason = str(path), reason


class PortInUse(RpcError):
    """The address to listen on is taken, or not this machine's."""

    code = 7215

    def __init__(self, key: str, address: str, reason: str) -> None:
        super().__init__(
            f"{key} = {address} cannot be listened on: {reason}. Stop the program that uses it or set another address."
        )
        self.key, self.address, self.reason = key, address, reason
