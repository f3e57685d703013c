"""Show one payment to somebody: that it was made, to which address, what it held; not who made it, and nothing else.

Who knows e of an action, which only its maker does, shows S = e * pk of one output with a proof that it is that
(crypto/dleq.py). S opens the output, and the opening must be that of its commitment. The proof covers chain,
transaction, output, address and a text that says for whom it is: shown on to others, it still names that one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chain.codec import encode
from chain.types.scalars import ChainId, Hash, Height, ObjectId, TxHash, Uint
from chain.types.transaction import Transaction
from client.notes.address import Address, parse_address
from client.notes.content import Content, open_contract_note, open_pool_note
from client.notes.errors import (
    DisclosureElsewhere,
    DisclosureFalse,
    DisclosureMalformed,
    NotOfThePool,
    NotTheSender,
    OutputUnknown,
)
from client.notes.hints import open_outgoing
from client.notes.keys import OutgoingViewKey
from client.strict_json import parse
from contracts.confidential.call import Call
from contracts.notes.output import NoteOutput, Point
from contracts.notes.state import NoteRecord
from contracts.shielded.actions import Transfer
from crypto import babyjubjub, dleq, domains
from crypto.errors import ClusterError, CryptoError
from crypto.hashing import tagged_hash
from crypto.notes import PoolNote

FORMAT: Final = "cluster-disclosure"
VERSION: Final = 1

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the file says. number: the output's over the whole chain, for proofs of state; None if it is not known."""

    chain_id: ChainId
    genesis_hash: Hash
    transaction: TxHash
    output: int
    address: Address
    shared: babyjubjub.Point
    proof: dleq.EqualLogarithms
    context: str
    number: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash.hex(),
            "transaction": self.transaction.hex(),
            "output": self.output,
            "number": self.number,
            "address": self.address.encode(),
            "shared": babyjubjub.encode_point(self.shared).hex(),
            "proof": self.proof.encode().hex(),
            "context": self.context,
        }


@dataclass(frozen=True, slots=True)
class Payment:
    """What a disclosure that holds has shown."""

    object: ObjectId
    address: Address
    content: Content


def outputs_of(transaction: Transaction) -> list[NoteRecord]:
    """All notes that a transaction makes, in order; position and height are not the transaction's and stand at 0."""
    made: list[tuple[ObjectId, Point | None, tuple[NoteOutput, ...]]] = []
    for action in transaction.envelope.actions:
        if isinstance(action, Transfer):
            made.append((action.pool, action.ephemeral, action.outputs))
        elif isinstance(action, Call):
            made.append((action.contract, action.ephemeral, action.outputs))
    return [
        NoteRecord(object_, Uint(0), Height(0), ephemeral, output)
        for object_, ephemeral, outputs in made
        if ephemeral is not None
        for output in outputs
    ]


def moves_in_a_pool(transaction: Transaction, output: int) -> bool:
    """Whether a transfer makes the output: the chain applies one in pools alone. Raises OutputUnknown."""
    made_in = _output(transaction, output).object
    return any(isinstance(action, Transfer) and action.pool == made_in for action in transaction.envelope.actions)


def disclose(
    transaction: Transaction,
    output: int,
    ovk: OutgoingViewKey,
    context: str,
    entropy: Entropy,
    number: int | None = None,
) -> Disclosure:
    """Show output `output` of a transaction to whom `context` names. Raises OutputUnknown, NotTheSender."""
    record = _output(transaction, output)
    point = babyjubjub.Point(record.ephemeral.x, record.ephemeral.y)
    sent = open_outgoing(ovk, record.output.commitment, point, record.output.hint.outgoing)
    if sent is None:
        raise NotTheSender("0x" + transaction.hash.hex(), output)
    envelope = transaction.envelope
    bound = _bound(envelope.chain_id, envelope.genesis_hash, transaction.hash, output, sent.address, context)
    return Disclosure(
        chain_id=envelope.chain_id,
        genesis_hash=envelope.genesis_hash,
        transaction=transaction.hash,
        output=output,
        address=sent.address,
        shared=babyjubjub.shared_point(sent.secret, sent.address.pk),
        proof=dleq.prove(sent.secret, sent.address.pk, bound, entropy(dleq.NONCE_BYTES)),
        context=context,
        number=number,
    )


def require_disclosed(
    disclosure: Disclosure, transaction: Transaction, context: str | None, pool: ObjectId | None
) -> Payment:
    """What a disclosure shows of the very transaction that it names; that this is final is the caller's to look at.

    context: whom it must be for, None for anybody. pool: the pool whose note it must be, of which the caller knows that
    its circuit makes no money up; None for a note of a contract, which is no money. Raises DisclosureElsewhere,
    OutputUnknown, DisclosureFalse, NotOfThePool.
    """
    envelope = transaction.envelope
    if context is not None and context != disclosure.context:
        raise DisclosureElsewhere("the context", context, disclosure.context)
    if (disclosure.chain_id, disclosure.genesis_hash) != (envelope.chain_id, envelope.genesis_hash):
        raise DisclosureElsewhere("the chain", envelope.chain_id, disclosure.chain_id)
    if transaction.hash != disclosure.transaction:
        raise DisclosureFalse("the transaction that was found is not the one that it names")
    record = _output(transaction, disclosure.output)
    point = babyjubjub.Point(record.ephemeral.x, record.ephemeral.y)
    bound = _bound(
        disclosure.chain_id,
        disclosure.genesis_hash,
        disclosure.transaction,
        disclosure.output,
        disclosure.address,
        disclosure.context,
    )
    try:
        dleq.require_proof(point, disclosure.address.pk, disclosure.shared, bound, disclosure.proof)
    except CryptoError as refusal:
        raise DisclosureFalse(str(refusal)) from refusal
    opened = _open(record, disclosure)
    if opened is None:
        raise DisclosureFalse("the output is not a note to the address that it names")
    if record.object != pool and (pool is not None or isinstance(opened, PoolNote)):
        raise NotOfThePool("0x" + record.object.hex(), None if pool is None else "0x" + pool.hex())
    return Payment(record.object, disclosure.address, opened)


def parse_disclosure(text: str) -> Disclosure:
    """The disclosure of a file. Raises DisclosureMalformed."""
    try:
        document = parse(text)
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise DisclosureMalformed(f"its format is not {FORMAT} {VERSION}")
        output, number, context = document["output"], document["number"], document["context"]
        if type(output) is not int or type(context) is not str or type(number) not in (int, type(None)):
            raise DisclosureMalformed("output, number or context is of another type")
        return Disclosure(
            chain_id=ChainId(str(document["chain_id"])),
            genesis_hash=Hash(_bytes(document["genesis_hash"], 32)),
            transaction=TxHash(_bytes(document["transaction"], 32)),
            output=output,
            address=parse_address(str(document["address"])),
            shared=babyjubjub.decode_point(_bytes(document["shared"], 32)),
            proof=dleq.decode_proof(_bytes(document["proof"], dleq.PROOF_BYTES)),
            context=context,
            number=number,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DisclosureMalformed(f"a part is missing or of another form ({error})") from error
    except DisclosureMalformed:
        raise
    except ClusterError as error:
        raise DisclosureMalformed(str(error)) from error


def _open(record: NoteRecord, disclosure: Disclosure) -> Content | None:
    """A pool's note or a contract's: the commitment says which."""
    for opening in (open_pool_note, open_contract_note):
        content = opening(record, disclosure.shared, disclosure.address.owner)
        if content is not None:
            return content
    return None


def _output(transaction: Transaction, output: int) -> NoteRecord:
    outputs = outputs_of(transaction)
    if not 0 <= output < len(outputs):
        raise OutputUnknown("0x" + transaction.hash.hex(), output, len(outputs))
    return outputs[output]


def _bound(
    chain_id: str, genesis_hash: bytes, transaction: bytes, output: int, address: Address, context: str
) -> bytes:
    fields = [chain_id, genesis_hash, transaction, output, address.payload(), context]
    return tagged_hash(domains.DISCLOSURE, encode(fields))


def _bytes(text: object, length: int) -> bytes:
    data = bytes.fromhex(str(text))
    if len(data) != length:
        raise ValueError(f"{len(data)} bytes instead of {length}")
    return data
