"""A private data set in committed minibatches, and which of them a beacon picks.

The owner orders the rows once and commits to each minibatch with a salt of its own. The list of commitments is public;
its root names the data set. A step's minibatch follows from beacon, root and number of the step, all public, so
whoever verifies derives which commitment the proof must be about, and the circuit pays for one minibatch only:
no Merkle path and no index inside.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from compute.zkml.training.errors import TooFewRows, WrongCount
from compute.zkml.training.shape import DataShape, require_values
from crypto import domains
from crypto.field import SCALAR_FIELD
from crypto.hashing import tagged_hash
from crypto.poseidon import commit_vector, pack_bytes

STEP_BYTES: Final = 8
FIELD_BYTES: Final = 32

Entropy = Callable[[int], bytes]


def fresh_salt(entropy: Entropy = os.urandom) -> int:
    """A field element that nobody can guess: 512 random bits, reduced."""
    return int.from_bytes(entropy(64), "big") % SCALAR_FIELD


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows (batch, features) and labels (batch,) as integers, with the salt of their commitment."""

    rows: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...]
    salt: int

    def commitment(self, shape: DataShape) -> int:
        """commit_vector[DATA_BATCH](salt, packed rows, packed labels). Raises WrongCount, NumberRefused."""
        self.require(shape)
        half = shape.input_half
        values = [value + half for row in self.rows for value in row]
        labels = [label + shape.label_half for label in self.labels]
        elements = pack_bytes(values, shape.input_bits) + pack_bytes(labels, shape.label_bits)
        return commit_vector(domains.DATA_BATCH, self.salt, elements)

    def require(self, shape: DataShape, rows: int | None = None) -> None:
        """Raises WrongCount, NumberRefused unless this is a minibatch of the shape, of so many rows if told."""
        if rows is not None and len(self.rows) != rows:
            raise WrongCount("rows", rows, len(self.rows))
        if len(self.labels) != len(self.rows):
            raise WrongCount("labels", len(self.rows), len(self.labels))
        for row in self.rows:
            if len(row) != shape.features:
                raise WrongCount("features", shape.features, len(row))
            require_values("feature", row, -shape.input_half, shape.input_half - 1)
        highest = (1 << shape.label_bits) - 1 - shape.label_half
        require_values("label", self.labels, -shape.label_half, highest)


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """What is public of a data set: its shape, how many rows, and the commitments of its minibatches in order."""

    shape: DataShape
    rows: int
    batches: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raises WrongCount if the rows do not fill so many minibatches."""
        if len(self.batches) != -(-self.rows // self.shape.batch):
            raise WrongCount("minibatches", -(-self.rows // self.shape.batch), len(self.batches))

    @property
    def root(self) -> int:
        """The data set's name, as `constrain_root` computes it. It binds the whole record; the batches hide."""
        return _root(self.shape.element(self.rows), self.batches)

    def batch_index(self, beacon: bytes, step: int) -> int:
        """The minibatch that a beacon picks for a step, uniform over the full ones (bias below 2**-190).

        H(MINIBATCH, root || u64 step || beacon) mod their number. The beacon must not have been known when the data
        was committed; one beacon serves a whole run. Raises TooFewRows.
        """
        full = self.rows // self.shape.batch
        if full == 0:
            raise TooFewRows(self.rows, self.shape.batch)
        content = self.root.to_bytes(FIELD_BYTES, "big") + step.to_bytes(STEP_BYTES, "big") + beacon
        return int.from_bytes(tagged_hash(domains.MINIBATCH, content), "big") % full


@dataclass(frozen=True, slots=True)
class Dataset:
    """The owner's side: all minibatches with their salts; the last one may be short and is then never drawn."""

    shape: DataShape
    batches: tuple[Batch, ...]

    @classmethod
    def of(
        cls, shape: DataShape, rows: Sequence[Sequence[int]], labels: Sequence[int], entropy: Entropy = os.urandom
    ) -> "Dataset":
        """Rows in the order in which they are to be committed. Raises WrongCount, NumberRefused."""
        if len(labels) != len(rows):
            raise WrongCount("labels", len(rows), len(labels))
        batches = []
        for start in range(0, len(rows), shape.batch):
            part = slice(start, start + shape.batch)
            batch = Batch(tuple(map(tuple, rows[part])), tuple(labels[part]), fresh_salt(entropy))
            batch.require(shape)
            batches.append(batch)
        return cls(shape, tuple(batches))

    @property
    def record(self) -> DatasetRecord:
        """The public side. Computes every commitment: keep it."""
        count = sum(len(batch.rows) for batch in self.batches)
        return DatasetRecord(self.shape, count, tuple(batch.commitment(self.shape) for batch in self.batches))


@lru_cache(maxsize=16)
def _root(element: int, batches: tuple[int, ...]) -> int:
    """Kept, as every step of a run asks for it."""
    return commit_vector(domains.DATA_SET, element, batches)
