"""What a client is told or finds out. Codes 5000-5999."""

from collections.abc import Mapping
from typing import Any

from client.local_socket import SCHEME
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
        advice = (
            "Start the node of that home with `cluster start`, as the user that asks, or name another home"
            if url.startswith(SCHEME)
            else "Check that the node runs (`cluster status`, `cluster devnet up`) and the address given with --rpc"
        )
        super().__init__(f"no answer from {url}: {reason}. {advice}.")
        self.url, self.reason = url, reason


class NotAnRpc(ClientError):
    """Something answers at the address, but not in JSON-RPC 2.0."""

    code = 5003

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} does not speak JSON-RPC 2.0: {reason}. Check the address given with --rpc.")
        self.url, self.reason = url, reason


class OtherChain(ClientError):
    """A node follows another chain than the one that is meant; a signature for it could be used there."""

    code = 5004

    def __init__(self, url: str, expected: str, got: str) -> None:
        super().__init__(
            f"{url} follows the chain {got}, not {expected}; nothing was signed. Ask a node of the right chain, or "
            "name the genesis that you mean."
        )
        self.url, self.expected, self.got = url, expected, got


class TransactionFailed(ClientError):
    """A transaction is final, but a rule of state failed in one of its actions: fee charged, actions undone."""

    code = 5010

    def __init__(self, hash_: str, rule: int, receipt: Mapping[str, Any]) -> None:
        super().__init__(
            f"transaction {hash_} stands in a block with code {rule}: that rule failed, the actions were undone, the "
            f"fee is paid. `cluster explain {rule}` says what it means; mend the cause and sign anew."
        )
        self.hash, self.rule, self.receipt = hash_, rule, dict(receipt)


class TransactionExpired(ClientError):
    """The expiry height has passed and no block holds the transaction: it never will."""

    code = 5011

    def __init__(self, hash_: str, expiry: int) -> None:
        super().__init__(
            f"as the node says, transaction {hash_} was in no block up to height {expiry}, where it expired; sign it "
            "anew, with a higher fee limit or tip if blocks are full. If you do not trust the node, ask another first."
        )
        self.hash, self.expiry = hash_, expiry


class TransactionOvertaken(ClientError):
    """A transaction that a proof pays speaks of state that another one moved on first: no block can hold it."""

    code = 5012

    def __init__(self, hash_: str) -> None:
        super().__init__(
            f"transaction {hash_} came too late: another one changed what it is about, so it will be in no block and "
            "costs nothing. Draw it up anew."
        )
        self.hash = hash_


class TransactionOutdated(ClientError):
    """The chain was upgraded before a block held the transaction, so none ever will."""

    code = 5013

    def __init__(self, hash_: str) -> None:
        super().__init__(
            f"transaction {hash_} was in no block when the chain was upgraded, and its signature names the rules "
            "before; sign it anew."
        )
        self.hash = hash_


class AnswerRefused(ClientError):
    """A proven answer does not hold against what the light client trusts."""

    code = 5020

    def __init__(self, reason: str) -> None:
        super().__init__(f"the node's answer is not proven: {reason}. Do not rely on it; ask another node.")
        self.reason = reason


class TooManyEpochs(ClientError):
    """More epochs of a contract are to be read at once than anybody needs; or its node makes up their number."""

    code = 5021

    def __init__(self, wanted: int, limit: int) -> None:
        super().__init__(
            f"{wanted} epochs of the contract were to be read; at most {limit} are at once. Name fewer; if its record "
            "should not have that many, ask another node, or name the chain's genesis (`--genesis`)."
        )
        self.wanted, self.limit = wanted, limit


class SealedInputError(ClientError):
    """Root of the reasons for which a task's input is not what its provider could work on."""

    code = 5030


class NotSealedToMe(SealedInputError):
    """No sealed key of the task is addressed to the account that wants to open its input."""

    code = 5031

    def __init__(self, account: str) -> None:
        super().__init__(f"the input is not sealed to {account}; work on tasks that name this account.")
        self.account = account


class SealedInputRefused(SealedInputError):
    """The sealed key or the input under it does not open: garbage, altered, or copied from another task."""

    code = 5032

    def __init__(self, reason: str) -> None:
        super().__init__(f"the sealed input does not open ({reason}); leave the task alone, nobody could prove it.")
        self.reason = reason


class SealedInputMalformed(SealedInputError):
    """The input opens to something that is no row for the model."""

    code = 5033

    def __init__(self, reason: str) -> None:
        super().__init__(f"the opened input is no row for this model: {reason}. Leave the task alone.")
        self.reason = reason


class InputCommitmentWrong(SealedInputError):
    """The input opens, but not to what the task commits to: a proof about it would never be accepted."""

    code = 5034

    def __init__(self) -> None:
        super().__init__("the opened input is not the one that the task commits to; leave the task alone.")


class InputRowsUnavailable(ClientError):
    """Root of the reasons for which a task's rows, which travel outside of the chain, cannot be read yet."""

    code = 5040


class InputRowsMissing(InputRowsUnavailable):
    """The rows of a task's input are not here."""

    code = 5041

    def __init__(self, file: str) -> None:
        super().__init__(
            f"the rows of this task's input are not here; ask the requester for file {file} and put it into the "
            "worker's folder of inputs."
        )
        self.file = file


class InputRowsDamaged(InputRowsUnavailable):
    """A file of rows holds something else than what its name says."""

    code = 5042

    def __init__(self, file: str, size: int, limit: int) -> None:
        super().__init__(
            f"file {file} of {size} bytes (at most {limit} are read) is not what its name says: it was altered or is "
            "not whole. Ask the requester for it again."
        )
        self.file, self.size, self.limit = file, size, limit


class InputRowsTooLarge(ClientError):
    """Rows are to be sealed that are more than a provider would read."""

    code = 5043

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the rows have {size} bytes encrypted; at most {limit} are read. Ask in several tasks.")
        self.size, self.limit = size, limit


class NotWholeRows(ClientError):
    """The values of an input cannot be divided into its rows."""

    code = 5044

    def __init__(self, values: int, rows: int) -> None:
        super().__init__(f"{values} values are no {rows} rows of equal length; give all values of at least one row.")
        self.values, self.rows = values, rows


class PhraseError(ClientError):
    """Root of the reasons for which words are no recovery phrase."""

    code = 5200


class PhraseLength(PhraseError):
    """A recovery phrase has not as many words as any of BIP-39's."""

    code = 5201

    def __init__(self, words: int, expected: tuple[int, ...]) -> None:
        counts = ", ".join(map(str, expected))
        super().__init__(
            f"the phrase has {words} words; one of {counts} was expected. Write down all of them, in order."
        )
        self.words, self.expected = words, expected


class PhraseWordUnknown(PhraseError):
    """A word of a recovery phrase is not in BIP-39's English list; which ones, counted from 1."""

    code = 5202

    def __init__(self, places: tuple[int, ...]) -> None:
        listed = ", ".join(map(str, places))
        super().__init__(
            f"not in BIP-39's English list: word {listed} of the phrase. Check its spelling; the first four letters "
            "say which word of the list is meant."
        )
        self.places = places


class PhraseChecksum(PhraseError):
    """All words of a recovery phrase are known, but not all are the right ones in the right order."""

    code = 5203

    def __init__(self, words: int) -> None:
        super().__init__(
            f"the {words} words are all in the list, but their checksum is wrong: one is another word than was written "
            "down, or two have changed places. Compare them with the paper."
        )
        self.words = words
