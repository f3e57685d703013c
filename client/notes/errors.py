"""What is refused of privacy keys, addresses, notes and their store. Codes 5204-5239."""

from chain.amount import show
from chain.types.scalars import NATIVE, Amount, AssetId
from client.errors import ClientError


class NoteWalletError(ClientError):
    """Root of the errors of privacy keys, addresses and notes."""

    code = 5204


class KeyTextVersion(NoteWalletError):
    """The text of an address or privacy key is of a version that this program does not know."""

    code = 5205

    def __init__(self, kind: str, version: int, expected: int) -> None:
        super().__init__(f"the {kind} is of version {version}; version {expected} was expected. Update the program.")
        self.kind, self.version, self.expected = kind, version, expected


class KeyTextLength(NoteWalletError):
    """The text of an address or privacy key holds more or fewer bytes than its kind has."""

    code = 5206

    def __init__(self, kind: str, length: int, expected: int) -> None:
        super().__init__(f"the {kind} holds {length} bytes; {expected} were expected. Copy it again, whole.")
        self.kind, self.length, self.expected = kind, length, expected


class KeyTextElement(NoteWalletError):
    """A field element in the text of an address or privacy key is not below the field's order."""

    code = 5207

    def __init__(self, kind: str, part: str) -> None:
        super().__init__(f"{part} of the {kind} is no field element; whoever made it used another program. Ask again.")
        self.kind, self.part = kind, part


class AddressIndexRange(NoteWalletError):
    """There is no address of a wallet by a number."""

    code = 5208

    def __init__(self, index: int, limit: int) -> None:
        super().__init__(f"there is no address {index}; a number from 0 to {limit - 1} was expected.")
        self.index, self.limit = index, limit


class WitnessMissing(NoteWalletError):
    """The place of a note in its tree is not known here, so nothing can be proven about it."""

    code = 5209

    def __init__(self, position: int, size: int) -> None:
        super().__init__(
            f"of the {size} notes known here, what stands around number {position} was not kept. Read the whole chain "
            "once more with `cluster notes --deep`."
        )
        self.position, self.size = position, size


class StoreUnreadable(NoteWalletError):
    """The file that keeps a wallet's notes does not open: damaged, or another key's."""

    code = 5210

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the notes in {path} cannot be read: {reason}. Move the file away; `cluster notes` then reads them "
            "from the chain again."
        )
        self.path, self.reason = path, reason


class StoreOfOtherChain(NoteWalletError):
    """The file that keeps a wallet's notes is of another chain."""

    code = 5211

    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(
            f"the notes in {path} are of chain {found!r}, not of {expected!r}. Ask a node of that chain, or move the "
            "file away."
        )
        self.path, self.found, self.expected = path, found, expected


class DisclosureMalformed(NoteWalletError):
    """A file is no disclosure of a payment, or of a version that this program does not know."""

    code = 5212

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"this is no disclosure of a payment: {reason}. Ask for the file that `cluster disclose` wrote."
        )
        self.reason = reason


class OutputUnknown(NoteWalletError):
    """A transaction has not the output that is named."""

    code = 5213

    def __init__(self, transaction: str, output: int, count: int) -> None:
        known = f"it has outputs 0 to {count - 1}" if count else "it makes no notes"
        super().__init__(f"transaction {transaction} has no output {output}: {known}.")
        self.transaction, self.output, self.count = transaction, output, count


class NotTheSender(NoteWalletError):
    """The outgoing key does not open what stands beside an output: another wallet made it, or without a memory."""

    code = 5214

    def __init__(self, transaction: str, output: int) -> None:
        super().__init__(
            f"this wallet did not send output {output} of transaction {transaction}, so it can prove nothing about it. "
            "Name the other output, or the key that sent it."
        )
        self.transaction, self.output = transaction, output


class DisclosureFalse(NoteWalletError):
    """What a disclosure says of a payment is not so."""

    code = 5215

    def __init__(self, reason: str) -> None:
        super().__init__(f"the disclosure is false: {reason}. Do not rely on it.")
        self.reason = reason


class DisclosureElsewhere(NoteWalletError):
    """A disclosure is of another chain, or was made for somebody else."""

    code = 5216

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(
            f"the disclosure is for {what} {found!r}; {expected!r} was expected. Ask for one that is yours."
        )
        self.what, self.expected, self.found = what, expected, found


class NotEnoughNotes(NoteWalletError):
    """The unspent notes of an asset hold less than is to be paid, its fee included."""

    code = 5217

    def __init__(self, held: int, needed: int, asset: AssetId = NATIVE) -> None:
        super().__init__(
            f"the notes that can be spent now hold {show(held, asset)}, and {show(needed, asset)} are needed, with "
            "the fee where they pay one. Shield more, send less, or wait for what is on its way (`cluster notes`)."
        )
        self.held, self.needed, self.asset = held, needed, asset


class NoPool(NoteWalletError):
    """The chain has no shielded pool, or not the one that is named."""

    code = 5218

    def __init__(self, pool: str | None) -> None:
        which = "no shielded pool" if pool is None else f"no shielded pool {pool}"
        super().__init__(
            f"the chain has {which}. `cluster pool list` shows what there is; `cluster pool open` opens one."
        )
        self.pool = pool


class TreesDiffer(NoteWalletError):
    """The wallet's copy of a pool's note tree is not the chain's: a node told falsely, now or when it was read."""

    code = 5219

    def __init__(self, pool: str, size: int) -> None:
        super().__init__(
            f"with its {size} notes, the tree of pool {pool} has another root on the chain than here. Ask another node "
            "and read everything again with `cluster notes --deep`."
        )
        self.pool, self.size = pool, size


class PoolKeyMissing(NoteWalletError):
    """This machine has no key to prove a pool's transfers with."""

    code = 5220

    def __init__(self, pool: str, vk_id: str) -> None:
        super().__init__(
            f"transfers in pool {pool} are proven with key {vk_id}, which does not lie here. Get its .zkey file from "
            "whoever opened the pool, who was told where it lies, and run `cluster pool import FILE`, if you trust its "
            "makers: whoever made a key alone can make money up in its pool. Another pool is named with --pool."
        )
        self.pool, self.vk_id = pool, vk_id


class NotFinal(NoteWalletError):
    """A transaction that should have made a note stands in no block, or its actions were undone."""

    code = 5221

    def __init__(self, transaction: str, rule: int | None) -> None:
        why = "it is in no block yet" if rule is None else f"it failed in its block with code {rule}"
        super().__init__(f"transaction {transaction} made no notes: {why}.")
        self.transaction, self.rule = transaction, rule


class NumberUnknown(NoteWalletError):
    """A disclosure does not say which of the chain's notes it is about, so state cannot be asked to prove it."""

    code = 5222

    def __init__(self) -> None:
        super().__init__(
            "the disclosure does not number its note, so no proof of state can be had for it. Ask for one that was "
            "made once the payment was final, or verify it without --genesis."
        )


class SentNoteUnknown(NoteWalletError):
    """This wallet sent no note of a number."""

    code = 5223

    def __init__(self, number: int) -> None:
        super().__init__(f"this wallet did not send note number {number}; `cluster notes` lists what it sent.")
        self.number = number


class ChainPutBack(NoteWalletError):
    """The block that a wallet read last is not on the node's chain: that was put back, or has not got there yet."""

    code = 5224

    def __init__(self, height: int, absent: bool) -> None:
        what = "has no block" if absent else "has another block"
        super().__init__(
            f"this wallet has read the chain up to height {height}, and the node {what} there: it is behind, or its "
            "chain was put back. Ask another node. If the chain was put back, read all of it again with "
            "`cluster notes --deep`; what waits in transactions of your own stays set aside until they expire."
        )
        self.height, self.absent = height, absent


class NotesImplausible(NoteWalletError):
    """A node names more notes or nullifiers than its blocks have room for, or is far ahead of what it proves."""

    code = 5225

    def __init__(self, what: str, height: int, total: int, most: int) -> None:
        super().__init__(
            f"the node says that there are {total} {what} at height {height}, where at most {most} are plausible: it "
            "makes them up, or has not proven what it reads from. Ask another node."
        )
        self.what, self.height, self.total, self.most = what, height, total, most


class NotesHeldBack(NoteWalletError):
    """A node names fewer notes or nullifiers than validators signed."""

    code = 5226

    def __init__(self, what: str, total: int, signed: int) -> None:
        super().__init__(
            f"the node names {total} {what}, and the chain's validators signed {signed}: it holds some back. Ask "
            "another node."
        )
        self.what, self.total, self.signed = what, total, signed


class FeeTooHigh(NoteWalletError):
    """By the node's word a fee costs more than a wallet gives unasked; what a proof gives is never given back."""

    code = 5227

    def __init__(self, fee: int, most: int) -> None:
        super().__init__(
            f"by what the node says of prices, notes would give {show(Amount(fee))} for the fee, and all of it is "
            f"gone; at most {show(Amount(most))} is given. Ask another node, wait, or allow more (`--max-fee`)."
        )
        self.fee, self.most = fee, most


class NotOfThePool(NoteWalletError):
    """A note that was disclosed as a payment is of an object that is not the pool in question."""

    code = 5228

    def __init__(self, found: str, pool: str | None) -> None:
        expected = "no shielded pool" if pool is None else f"not the shielded pool {pool}"
        super().__init__(
            f"the disclosed note is of {found}, which is {expected}. Anybody can make a contract or a pool whose notes "
            "say what he likes: this shows no payment. If it is another pool that you take money in, name it with "
            "--pool."
        )
        self.found, self.pool = found, pool
