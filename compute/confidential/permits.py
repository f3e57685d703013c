"""A permit lets an auditor read what a contract's registers held in some of its key epochs, and nothing else.

It seals those epochs' data keys to the auditor's reader key and is signed by the reader who gives it. For the auditor
R, one e and E = e * Base8, S = e * R:

    sealed_i = K_i + P[PERMIT_KEY](S.x, S.y, contract, i)      for each epoch i of the scope

Whoever opens one checks every data key against the kc that the chain keeps, and that the giver is a reader of that
epoch on the chain. A permit ends with its last epoch: the data keys of later ones are not in it, so no clock and no
goodwill is needed. What it gave cannot be taken back, as the auditor has the keys; to end access, begin a new epoch.
"""

import json
import os
from dataclasses import dataclass, field
from typing import Final

from chain.codec import encode, from_json, to_json, wire
from chain.errors import ChainError
from chain.execution.statement import id_element
from chain.types.scalars import ChainId, FieldElement, Hash, ObjectId, Signature, Uint
from client.wallet import ChainIdentity
from compute.confidential.keys import ReaderKey, as_pair, as_point, require_data_key, require_epoch
from compute.confidential.permit_errors import (
    AnotherAuditor,
    AnotherChain,
    AnotherContract,
    BadScope,
    ForgedPermit,
    GiverIsNoReader,
    NotAPermit,
    OutsidePermit,
)
from compute.confidential.prover import Entropy, random_element
from contracts.confidential.actions import require_reader_key
from contracts.confidential.queries import ContractView
from contracts.notes.output import Point
from crypto import babyjubjub, domains, schnorr
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import poseidon

FORMAT: Final = "cluster-permit"
VERSION: Final = 1
MAX_EPOCHS: Final = 1_024  # of one permit; a file of 80 KiB
MAX_FILE_BYTES: Final = 2**18


@wire()
@dataclass(frozen=True, slots=True)
class Terms:
    """What a permit grants and to whom: all that its signature covers. sealed: one element an epoch, ascending."""

    chain_id: ChainId
    genesis_hash: Hash
    contract: ObjectId
    first: Uint
    last: Uint
    auditor: Point
    giver: Point
    ephemeral: Point
    sealed: tuple[FieldElement, ...]

    @property
    def message(self) -> int:
        """What is signed: the terms' hash as a field element."""
        return int.from_bytes(tagged_hash(domains.PERMIT, encode(self))[:31], "big")


@wire()
@dataclass(frozen=True, slots=True)
class Permit:
    """Terms with the giver's Schnorr signature (crypto/schnorr.py). No secret: nobody but its auditor opens it."""

    terms: Terms
    signature: Signature


@dataclass(frozen=True, slots=True)
class OpenPermit:
    """A permit in the hands of its auditor: the DataKeys of its epochs."""

    terms: Terms
    auditor: ReaderKey = field(repr=False)

    def data_key(self, contract: ContractView, number: int) -> int:
        """An epoch's data key. The epoch must be in `contract`.

        Raises AnotherContract, OutsidePermit, UnknownEpoch, GiverIsNoReader, WrongDataKey, and for a permit with a
        one-time point off the curve or subgroup what babyjubjub raises.
        """
        terms = self.terms
        if contract.contract != terms.contract:
            raise AnotherContract(terms.contract, contract.contract)
        if not terms.first <= number <= terms.last:
            raise OutsidePermit(terms.first, terms.last, number)
        epoch = require_epoch(contract, number)
        if terms.giver not in [sealed.reader for sealed in epoch.readers]:
            raise GiverIsNoReader(number)
        shared = babyjubjub.shared_point(self.auditor.secret, as_pair(terms.ephemeral))
        sealed = terms.sealed[number - terms.first]
        return require_data_key((sealed - _pad(shared, terms.contract, number)) % SCALAR_FIELD, number, epoch)


def make_permit(
    giver: ReaderKey,
    contract: ContractView,
    epochs: range,
    auditor: Point,
    chain: ChainIdentity,
    entropy: Entropy = os.urandom,
) -> Permit:
    """A permit for `epochs` (step 1), each of which `contract` must show and the giver must be a reader of.

    Raises BadScope, BadReaderKey for an auditor's key off the subgroup, and as ReaderKey.data_key.
    """
    newest = contract.record.epoch
    if not (epochs and epochs.step == 1 and epochs[0] >= 1 and epochs[-1] <= newest and len(epochs) <= MAX_EPOCHS):
        raise BadScope(epochs.start, epochs.stop - 1, newest, MAX_EPOCHS)
    require_reader_key(auditor)
    data_keys = [giver.data_key(contract, number) for number in epochs]
    secret = random_element(entropy, babyjubjub.SUBORDER)
    shared = babyjubjub.multiply(secret, as_pair(auditor))
    terms = Terms(
        chain.chain_id,
        chain.genesis_hash,
        contract.contract,
        Uint(epochs[0]),
        Uint(epochs[-1]),
        auditor,
        giver.public,
        as_point(babyjubjub.multiply_base(secret)),
        tuple(
            FieldElement((data_key + _pad(shared, contract.contract, number)) % SCALAR_FIELD)
            for data_key, number in zip(data_keys, epochs, strict=True)
        ),
    )
    return Permit(terms, Signature(schnorr.sign(giver.secret, terms.message)))


def open_permit(permit: Permit, auditor: ReaderKey, chain: ChainIdentity) -> OpenPermit:
    """The permit's data keys for its auditor. Raises ForgedPermit, AnotherChain, AnotherAuditor."""
    terms = permit.terms
    if not schnorr.verify(as_pair(terms.giver), terms.message, permit.signature):
        raise ForgedPermit
    if (terms.chain_id, terms.genesis_hash) != chain.chain:
        raise AnotherChain(str(ChainIdentity(terms.chain_id, terms.genesis_hash, chain.fork_id)), str(chain))
    if terms.auditor != auditor.public:
        raise AnotherAuditor
    return OpenPermit(terms, auditor)


def write_permit(permit: Permit) -> bytes:
    """The permit as a file: JSON, with format and version first."""
    document = {"format": FORMAT, "version": VERSION, **to_json(permit)}
    return (json.dumps(document, indent=1) + "\n").encode()


def read_permit(data: bytes) -> Permit:
    """The permit that a file holds; nothing about it is believed before `open_permit`. Raises NotAPermit."""
    if len(data) > MAX_FILE_BYTES:
        raise NotAPermit(f"it has {len(data)} bytes, and none has more than {MAX_FILE_BYTES}")
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotAPermit("it is not JSON") from error
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise NotAPermit(f'it does not begin with "format": "{FORMAT}"')
    version = document.pop("version", None)
    if version != VERSION:
        raise NotAPermit(f"it is of version {version!r:.20} and this software reads version {VERSION}")
    try:
        permit = from_json(Permit, document)
    except ChainError as error:
        raise NotAPermit(str(error)) from error
    terms = permit.terms
    if not 1 <= terms.first <= terms.last or len(terms.sealed) != terms.last - terms.first + 1:
        raise NotAPermit(f"it holds {len(terms.sealed)} keys for epochs {terms.first} to {terms.last}")
    return permit


def _pad(shared: tuple[int, int], contract: ObjectId, epoch: int) -> int:
    return poseidon((*shared, id_element(contract), epoch), domains.PERMIT_KEY)
