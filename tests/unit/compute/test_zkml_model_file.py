"""Model files come from others: whatever cannot be proven as it stands is refused, and nothing loops or wraps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from compute.zkml.errors import ModelFileUnusable
from compute.zkml.model_file import encode_model, read_model
from compute.zkml.operations.argmax import ArgMax
from compute.zkml.operations.clip import Clip
from compute.zkml.operations.committed_forest import CommittedForest
from compute.zkml.operations.curve import Curve
from compute.zkml.operations.forest import Forest
from compute.zkml.operations.gather import Gather
from compute.zkml.operations.leaky_relu import LeakyRelu
from compute.zkml.operations.max_pool import MaxPool
from compute.zkml.operations.operation import Operation
from compute.zkml.operations.rescale import Relu, Rescale
from compute.zkml.operations.total import Total
from compute.zkml.provable import Provable
from crypto.field import SCALAR_FIELD
from tests.support.small_models import BIAS_BITS, COMMITTED_MODEL, SMALL, chain, dense, proven

Document = dict[str, Any]


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(values, dtype=np.int64)


TREE = Forest(ints(0), ints(1, -1, -1), ints(1, 0, 0), ints(2, 0, 0), ints(0, 5, -7).reshape(3, 1), ints(1))
SECRET_TREE = CommittedForest(3, 4, ints(2).reshape(1, 1), ints(7).reshape(1, 1), ints(5, -7).reshape(1, 2, 1), ints(1))
OPERATIONS: dict[str, list[Operation]] = {
    "dense": [dense(((5, -3, 2), (-7, 1, 4)), (3, -2)), Relu(1), dense(((3, -5),), (1,))],
    "committed": [dense(((5, -3, 2),), (3,), BIAS_BITS)],
    "rescale": [Rescale(2)],
    "leaky relu": [dense(((5, -3, 2),), (3,)), LeakyRelu(64)],
    "clip": [Clip(2, 9)],
    "curve": [Curve((0, 3, 5), 2, 1, 8, 4)],
    "pool": [MaxPool(ints(0, 1, 1, 2).reshape(2, 2))],
    "gather": [Gather(ints(2, 0))],
    "total": [Total((3,))],
    "argmax": [ArgMax()],
    "forest": [TREE],
    "committed forest": [SECRET_TREE],
}


def made(name: str) -> Provable:
    return proven(chain(3, OPERATIONS[name], bits=1 if name == "forest" else 4))


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_model_comes_back_whole(name: str, tmp_path: Path) -> None:
    path, model = tmp_path / "model", made(name)
    path.write_bytes(encode_model(model))
    again = read_model(path)
    assert (again.manifest, again.weights) == (model.manifest, model.weights)
    assert encode_model(again) == path.read_bytes()
    rows = np.asarray([[0, 0, 0], [1, 0, 1], [0, 1, 1]], dtype=np.int64)
    assert np.array_equal(again.model.logits_of(rows), model.model.logits_of(rows))


def array(table: Any) -> Any:
    return np.frombuffer(table["int64"], dtype="<i8").reshape(table["shape"])


def put(document: Document, number: int, *path: str, at: int | tuple[int, ...] = 0, value: int) -> None:
    """Changes one entry of an array."""
    table = document["steps"][number]
    for name in path:
        table = table[name]
    values = array(table).copy()
    values[at] = value
    table["int64"] = values.tobytes()


def resize(document: Document, number: int, *path: str, by: int) -> None:
    """Drops the last entry of a flat array, or repeats it."""
    table = document["steps"][number]
    for name in path:
        table = table[name]
    values = array(table)
    values = values[:by] if by < 0 else np.append(values, values[-by:])
    table |= {"shape": list(values.shape), "int64": values.tobytes()}


def said(document: Document, **changes: Any) -> None:
    """Changes the manifest."""
    document["manifest"] = json.dumps({**json.loads(document["manifest"]), **changes}).encode()


def encoding(document: Document, **changes: Any) -> None:
    said(document, encoding={**json.loads(document["manifest"])["encoding"], **changes})


def step(document: Document, number: int = 0, **changes: Any) -> None:
    document["steps"][number].update(changes)


Damage = Callable[[Document], object]
DAMAGE: dict[str, list[tuple[str, Damage]]] = {
    "dense": [
        ("another format", lambda d: d.update(format="x")),
        ("a key too much", lambda d: d.update(x=1)),
        ("a key too few", lambda d: d.pop("salt")),
        ("no steps", lambda d: d.update(steps=[])),
        ("steps that are none", lambda d: d.update(steps=[3])),
        ("steps by number", lambda d: d.update(steps=7)),
        ("a step of no kind", lambda d: step(d, kind="attention")),
        ("a kind that is a list", lambda d: step(d, kind=["linear"])),
        ("a part too much", lambda d: step(d, x=1)),
        ("a part too few", lambda d: d["steps"][1].pop("shift")),
        ("a layer without a name", lambda d: step(d, layer=7)),
        ("no inputs", lambda d: step(d, inputs=[])),
        ("two inputs for one", lambda d: step(d, 1, inputs=[1, 1])),
        ("an input that comes later", lambda d: step(d, inputs=[1])),
        ("an input that is its own", lambda d: step(d, 1, inputs=[2])),
        ("an input before the first", lambda d: step(d, inputs=[-1])),
        ("a true for an input", lambda d: step(d, 1, inputs=[True])),
        ("float weights", lambda d: step(d, weights=[1.0, 2.0])),
        ("weights in text", lambda d: step(d, weights="123456")),
        ("the least weight", lambda d: put(d, 0, "weights", value=-(2**63))),
        ("the least bias", lambda d: put(d, 0, "bias", value=-(2**63))),
        ("a huge weight", lambda d: put(d, 0, "weights", value=2**62)),
        ("a huge bias", lambda d: put(d, 0, "bias", value=2**61)),
        ("a bias too few", lambda d: resize(d, 0, "bias", by=-1)),
        ("a weight too few", lambda d: resize(d, 0, "weights", by=-1)),
        ("a column too few", lambda d: resize(d, 0, "taps", "columns", by=-1)),
        ("a start too few", lambda d: resize(d, 0, "taps", "starts", by=-1)),
        ("a start too many", lambda d: resize(d, 0, "taps", "starts", by=1)),
        ("no starts", lambda d: resize(d, 0, "taps", "starts", by=-3)),
        ("starts that fall", lambda d: put(d, 0, "taps", "starts", at=1, value=7)),
        ("a tap beyond the input", lambda d: put(d, 0, "taps", "columns", value=3)),
        ("a tap before the input", lambda d: put(d, 0, "taps", "columns", value=-1)),
        ("a weight number below 0", lambda d: put(d, 0, "taps", "weight_of", value=-1)),
        ("a bias number below 0", lambda d: put(d, 0, "taps", "bias_of", value=-1)),
        ("a width of another layer", lambda d: d["steps"][0]["taps"].update(inputs=4)),
        ("layers that do not fit", lambda d: put(d, 2, "taps", "columns", value=2)),
        ("a ragged array", lambda d: d["steps"][0]["weights"].update(shape=[7])),
        ("weights in a square", lambda d: d["steps"][0]["weights"].update(shape=[2, 3])),
        ("an array cut short", lambda d: d["steps"][0]["weights"].update(int64=bytes(47))),
        ("a float shift", lambda d: step(d, 1, shift=1.0)),
        ("a true for a shift", lambda d: step(d, 1, shift=True)),
        ("no shift", lambda d: step(d, 1, shift=None)),
        ("a negative shift", lambda d: step(d, 1, shift=-1)),
        ("a huge shift", lambda d: step(d, 1, shift=61)),
        ("a shift that fills memory", lambda d: step(d, 1, shift=2**40)),
        ("a salt for what is open", lambda d: d.update(salt=bytes(32))),
        ("many input bits", lambda d: encoding(d, bits=1000)),
        ("more features", lambda d: encoding(d, features=4)),
        ("a manifest of another width", lambda d: said(d, outputs=2)),
        ("a manifest of other bits", lambda d: said(d, output_bits=40)),
        ("a manifest of another offset", lambda d: said(d, output_offset=0)),
        ("a manifest of a committed model", lambda d: said(d, committed_model=True)),
        ("a manifest that is none", lambda d: d.update(manifest=[])),
        ("NaN", lambda d: said(d, unit=float("nan"))),
    ],
    "committed": [
        ("a weight beyond int8", lambda d: put(d, 0, "weights", value=128)),
        ("a weight below int8", lambda d: put(d, 0, "weights", value=-129)),
        ("a bias beyond its bits", lambda d: put(d, 0, "bias", value=2 ** (BIAS_BITS - 1))),
        ("negative bias bits", lambda d: step(d, bias_bits=-1)),
        ("bias bits beyond all room", lambda d: step(d, bias_bits=62)),
        ("bias bits that fill memory", lambda d: step(d, bias_bits=2**40)),
        ("no salt", lambda d: d.update(salt=None)),
        ("a salt cut short", lambda d: d.update(salt=bytes(31))),
        ("a salt that is no field element", lambda d: d.update(salt=SCALAR_FIELD.to_bytes(32, "big"))),
        ("a salt in text", lambda d: d.update(salt="7" * 32)),
    ],
    "rescale": [
        ("a negative shift", lambda d: step(d, shift=-1)),
        ("a huge shift", lambda d: step(d, shift=61)),
        ("a shift that fills memory", lambda d: step(d, shift=2**40)),
    ],
    "leaky relu": [
        ("a falling slope", lambda d: step(d, 1, slope=-1)),
        ("a slope above 1", lambda d: step(d, 1, slope=257)),
        ("a slope that wraps", lambda d: step(d, 1, slope=2**60)),
    ],
    "clip": [
        ("limits crossed", lambda d: step(d, low=10)),
        ("a limit beyond all room", lambda d: step(d, high=2**63)),
    ],
    "curve": [
        ("no nodes", lambda d: step(d, nodes=[])),
        ("one node", lambda d: step(d, nodes=[0])),
        ("nodes that are no power of two", lambda d: step(d, nodes=[0, 1, 2, 3])),
        ("a first node that is not 0", lambda d: step(d, nodes=[1, 3, 5])),
        ("a negative node", lambda d: step(d, nodes=[0, -3, 5])),
        ("a node beyond all room", lambda d: step(d, nodes=[0, 3, 2**60])),
        ("a negative offset", lambda d: step(d, offset_bits=-1)),
        ("an offset that fills memory", lambda d: step(d, offset_bits=2**40)),
        ("negative dropped bits", lambda d: step(d, dropped_bits=-1)),
        ("dropped bits that fill memory", lambda d: step(d, dropped_bits=2**40)),
        ("a centre beyond all room", lambda d: step(d, centre=2**62)),
        ("negative output bits", lambda d: step(d, output_bits=-1)),
    ],
    "pool": [
        ("a position beyond the input", lambda d: put(d, 0, "windows", at=(0, 0), value=3)),
        ("a position before the input", lambda d: put(d, 0, "windows", at=(0, 0), value=-1)),
        ("windows in a row", lambda d: d["steps"][0]["windows"].update(shape=[4])),
        ("windows of nothing", lambda d: d["steps"][0]["windows"].update(shape=[2, 0], int64=b"")),
    ],
    "gather": [
        ("a position beyond the input", lambda d: put(d, 0, "index", value=3)),
        ("a position before the input", lambda d: put(d, 0, "index", value=-1)),
        ("positions in a square", lambda d: d["steps"][0]["index"].update(shape=[1, 2])),
        ("nothing", lambda d: d["steps"][0]["index"].update(shape=[0], int64=b"")),
    ],
    "total": [
        ("a factor too many", lambda d: step(d, factors=[3, 1])),
        ("a factor too few", lambda d: step(d, factors=[])),
        ("a factor that wraps", lambda d: step(d, factors=[2**62])),
    ],
    "argmax": [
        ("two inputs", lambda d: step(d, inputs=[0, 0])),
        ("a layer that steers a terminal", lambda d: step(d, layer="\x1b[2J")),
    ],
    "committed forest": [
        ("a feature that is not there", lambda d: put(d, 0, "feature", at=(0, 0), value=3)),
        ("a feature before the first", lambda d: put(d, 0, "feature", at=(0, 0), value=-1)),
        ("a threshold beyond its bits", lambda d: put(d, 0, "threshold", at=(0, 0), value=16)),
        ("a threshold below 0", lambda d: put(d, 0, "threshold", at=(0, 0), value=-1)),
        ("a leaf beyond its bits", lambda d: put(d, 0, "leaves", at=(0, 0, 0), value=2**13)),
        ("an offset below its bits", lambda d: put(d, 0, "offset", value=-(2**23) - 1)),
        ("an offset too many for a tree", lambda d: resize(d, 0, "offset", by=1)),
        ("no offset", lambda d: d["steps"][0]["offset"].update(shape=[0], int64=b"")),
        ("no trees", lambda d: d["steps"][0]["leaves"].update(shape=[0, 2, 1], int64=b"")),
        ("leaves in a row", lambda d: d["steps"][0]["leaves"].update(shape=[2])),
        ("a tree of nothing but a leaf", lambda d: d["steps"][0]["leaves"].update(shape=[2, 1, 1])),
        ("nodes in a row", lambda d: d["steps"][0]["feature"].update(shape=[1])),
        ("a node too few", lambda d: d["steps"][0]["threshold"].update(shape=[1, 0], int64=b"")),
        ("more features", lambda d: step(d, features=4)),
        ("no features", lambda d: step(d, features=0)),
        ("fewer bits than the row has", lambda d: step(d, bits=3)),
        ("bits that fill memory", lambda d: step(d, bits=2**40)),
        ("no salt", lambda d: d.update(salt=None)),
    ],
    "forest": [
        ("a node that leads to itself", lambda d: put(d, 0, "left", value=0)),
        ("a child before the first", lambda d: put(d, 0, "left", value=-1)),
        ("a child that is not there", lambda d: put(d, 0, "right", value=3)),
        ("a child of two parents", lambda d: put(d, 0, "right", value=1)),
        ("a root that is not there", lambda d: put(d, 0, "roots", value=3)),
        ("a root below another node", lambda d: put(d, 0, "roots", value=1)),
        ("a root before the first", lambda d: put(d, 0, "roots", value=-1)),
        ("no trees", lambda d: d["steps"][0]["roots"].update(shape=[0], int64=b"")),
        ("a bit that is not there", lambda d: put(d, 0, "bit", value=3)),
        ("a bit before the first", lambda d: put(d, 0, "bit", value=-2)),
        ("a leaf beyond all room", lambda d: put(d, 0, "leaves", at=(1, 0), value=-(2**63))),
        ("an offset beyond all room", lambda d: put(d, 0, "offset", value=2**61)),
        ("an offset too many", lambda d: resize(d, 0, "offset", by=1)),
        ("a node too few", lambda d: resize(d, 0, "left", by=-1)),
        ("levels where there should be bits", lambda d: encoding(d, bits=2)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "damage"), [pytest.param(name, how, id=f"{name}: {what}") for name in DAMAGE for what, how in DAMAGE[name]]
)
def test_a_damaged_file_is_refused(name: str, damage: Damage, tmp_path: Path) -> None:
    document = msgpack.unpackb(encode_model(made(name)))
    damage(document)
    path = tmp_path / "model"
    path.write_bytes(msgpack.packb(document))
    with pytest.raises(ModelFileUnusable):
        read_model(path)


@pytest.mark.parametrize("model", [SMALL, COMMITTED_MODEL], ids=["open", "committed"])
def test_no_byte_of_a_file_can_be_cut_off(model: Provable, tmp_path: Path) -> None:
    path, data = tmp_path / "model", encode_model(model)
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(ModelFileUnusable):
            read_model(path)


def test_a_bent_byte_is_refused_or_makes_another_model(tmp_path: Path) -> None:
    """Whatever is read is whole: it evaluates, and it writes the very bytes that were read."""
    path, data = tmp_path / "model", encode_model(SMALL)
    random = np.random.default_rng(3)
    for place in random.choice(len(data), 150, replace=False).tolist():
        bent = bytearray(data)
        bent[place] ^= int(random.integers(1, 256))
        path.write_bytes(bent)
        try:
            found = read_model(path)
        except ModelFileUnusable:
            continue
        found.model.logits((0,) * found.model.features)


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compute.zkml.model_file.MAX_FILE_BYTES", 100)
    path = tmp_path / "model"
    path.write_bytes(encode_model(SMALL))
    with pytest.raises(ModelFileUnusable, match="larger"):
        read_model(path)
