"""What became of a transaction in the sandbox: its receipt, its events, and what it cost."""

from dataclasses import dataclass
from typing import TypeVar

from chain.execution.action import Event
from chain.types.identifiers import object_id
from chain.types.receipt import OK, Receipt
from chain.types.scalars import Amount, Height, ObjectId, WorkUnits
from chain.types.transaction import Transaction
from compute.sandbox.errors import EventMissing

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction in a block. result: what the method returned, of a call of a contract that has one."""

    transaction: Transaction
    receipt: Receipt
    height: Height
    result: object = None

    @property
    def applied(self) -> bool:
        """Whether its actions took effect; if not, receipt.code is that of the rule that one of them broke."""
        return self.receipt.code == OK

    @property
    def fee(self) -> Amount:
        """nano-CLU that the sender paid, tip included."""
        return self.receipt.fee

    @property
    def work(self) -> WorkUnits:
        """Work units: what a call costs at any base fee."""
        return self.receipt.work

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return len(self.transaction.raw)

    @property
    def events(self) -> tuple[Event, ...]:
        return self.receipt.events

    def event(self, kind: type[E]) -> E:
        """The first event of a class. Raises EventMissing."""
        for event in self.receipt.events:
            if isinstance(event, kind):
                return event
        raise EventMissing(kind.name, tuple(event.name for event in self.receipt.events))

    def created(self, index: int = 0) -> ObjectId:
        """The id of the object that its action at `index` creates."""
        return object_id(self.transaction.sender, self.transaction.envelope.nonce, index)
