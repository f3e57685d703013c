"""All that a run of calls and payments must hide, by name: taken from the witness of every proof, and from all keys."""

import re
from dataclasses import dataclass, field

from client.notes.address import Address
from client.notes.keys import SpendingKey
from compute.confidential.keys import ReaderKey
from compute.confidential.prover import Draft
from contracts.confidential.actions import SetReaders
from contracts.shielded.actions import Transfer
from crypto.keys import SecretKey
from crypto.notes import ephemeral_secret
from crypto.r1cs.circuit import Circuit
from node.demo.secrets import Secret

WIDE = 2**36  # smaller numbers are everywhere by chance
NODES_OF_TREES = re.compile(r"path|position")  # everybody computes them

# Inputs that are encrypted to somebody. All others never leave their owner's machine, sealed or not.
ENCRYPTED = re.compile(r"data_key|register\..*|argument\.(word|gift|gift\.rcm)|output\..*\.rcm")
PAY = {0: "authority", 3: "value", 4: "rcm", 5: "memo"}
SPEND = {3: "value", 4: "rcm"}


@dataclass(slots=True)
class Hidden:
    """encrypted: what somebody can decrypt, and anybody could read if it were not sealed; kept: all other secrets."""

    encrypted: dict[str, Secret] = field(default_factory=dict)
    kept: dict[str, Secret] = field(default_factory=dict)
    _drafts: int = 0
    _open: set[int] = field(default_factory=set)  # amounts that entered or left a pool

    @property
    def all(self) -> dict[str, Secret]:
        return self.encrypted | self.kept

    def learn_person(self, name: str, secret: SecretKey, spending: SpendingKey, reader: ReaderKey) -> None:
        """A person's keys."""
        full = spending.full_view()
        incoming, outgoing = full.incoming, full.outgoing
        address = incoming.address()
        keys: dict[str, Secret] = {"seed": secret.seed, "spending key": spending.secret, "reader key": reader.secret}
        keys |= {"sk": spending.sk, "nk": full.nk, "ak": incoming.ak, "ivk": incoming.ivk, "t": incoming.t}
        keys |= {"ovk": outgoing.ovk, "address text": address.encode(), "spending key text": spending.encode()}
        keys |= {"full view": full.encode(), "incoming view": incoming.encode(), "outgoing view": outgoing.encode()}
        self.kept |= {f"{name}'s {what}": value for what, value in keys.items()}

    def learn_receiver(self, name: str, address: Address) -> None:
        """To whom a note is made out; its maker keeps the address in the note's hint, for himself."""
        told: dict[str, Secret] = {"address": address.payload(), "detection": address.detection, "auth": address.auth}
        self.encrypted |= {f"{name}'s {what}": value for what, value in told.items()}

    def learn(self, draft: Draft, circuit: Circuit) -> None:
        """The private inputs of a proof's circuit."""
        self._drafts += 1
        action = draft.action
        if isinstance(action, Transfer):
            self._open |= {action.taken, action.paid, action.fee, action.paid + action.fee}
        for name, given in draft.inputs.items():
            if circuit.inputs[name].cells[0] <= circuit.public_count or NODES_OF_TREES.search(name):
                continue
            values = [given] if isinstance(given, int) else list(given)
            for place, value in enumerate(values):
                if value >= WIDE and value not in self._open:
                    whose = self.encrypted if _encrypted(name, place, values) else self.kept
                    whose[f"{self._drafts}: {draft.circuit.name} {name} {place}"] = value
            if "ephemeral" in name and not isinstance(action, SetReaders):
                self.encrypted[f"{self._drafts}: {draft.circuit.name} e"] = ephemeral_secret(values[0])


def _encrypted(name: str, place: int, values: list[int]) -> bool:
    if name.startswith("pay "):
        return place in PAY
    if name.startswith("spend "):
        return values[3] > 0 and place in SPEND  # of no value: a note that nobody ever made
    return ENCRYPTED.fullmatch(name) is not None or (name == "argument.to" and place == 0)
