"""ONNX files and graphs that are broken, too large, too old, or of another shape than a row and a result."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from compute.zkml.errors import ModelError, NotFinite, WrongRowLength
from compute.zkml.importers.errors import (
    DynamicDimension,
    ExportedForBatch,
    ExternalDataMissing,
    GraphNotSorted,
    ImportTooLarge,
    InterfaceUnsupported,
    NodeMalformed,
    OnnxFileUnusable,
    OperatorUnsupported,
    OpsetTooOld,
)
from compute.zkml.importers.onnx import import_onnx
from compute.zkml.importers.onnx.reading import MAX_FILE_BYTES
from compute.zkml.quantise import quantise
from tests.support.onnx_models import model_of, node, one, row_for

WEIGHTS = np.random.default_rng(2).normal(size=(4, 3)).astype(np.float32)


def small(**more: Any) -> ModelProto:
    return one("MatMul", ["N", 4], {"w": WEIGHTS}, kind=TensorProto.FLOAT, **more)


def test_a_file_is_read(tmp_path: Path) -> None:
    onnx.save(small(), tmp_path / "model.onnx")
    imported = import_onnx(tmp_path / "model.onnx")
    row = row_for(small())
    np.testing.assert_allclose(imported.outputs(row), row @ WEIGHTS, rtol=1e-6)
    assert imported.architecture == "onnx:small"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OnnxFileUnusable, match="No such file"):
        import_onnx(tmp_path / "model.onnx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\xff" * 64, b"hello"])
def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(OnnxFileUnusable):
        import_onnx(path)


def test_damaged_files_raise_typed_errors_alone(tmp_path: Path) -> None:
    """Bits flipped and ends cut off: either some model, or an error of ours; never one of protobuf or NumPy."""
    model = model_of(
        [node("Conv", ["x", "k"], ["c"], pads=[1, 1]), node("Relu", ["c"], ["r"]), node("Flatten", ["r"])],
        ["N", 2, 5],
        {"k": np.ones((2, 2, 3))},
    )
    whole, path, drawn = model.SerializeToString(), tmp_path / "model.onnx", random.Random(4)
    refused = 0
    for _ in range(200):
        damaged = bytearray(whole[: drawn.choice([len(whole), drawn.randrange(1, len(whole))])])
        for _ in range(drawn.randrange(1, 4)):
            damaged[drawn.randrange(len(damaged))] = drawn.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            import_onnx(path)
        except ModelError:
            refused += 1
    assert refused > 50


def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ImportTooLarge, match=r"model\.onnx \(bytes\)"):
        import_onnx(path)


def test_weights_in_another_file_are_read_from_beside_the_model(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(small(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    row = row_for(small())
    np.testing.assert_allclose(import_onnx(path).outputs(row), row @ WEIGHTS, rtol=1e-6)
    with pytest.raises(ExternalDataMissing, match=r"weights\.bin.*by its path"):
        import_onnx(onnx.load(path, load_external_data=False))
    (tmp_path / "weights.bin").write_bytes(b"short")
    with pytest.raises((OnnxFileUnusable, ExternalDataMissing)):
        import_onnx(path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ExternalDataMissing, match=r"weights\.bin"):
        import_onnx(path)


def test_weights_outside_the_models_folder_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "model.onnx"
    path.parent.mkdir()
    onnx.save(small(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    (path.parent / "weights.bin").rename(tmp_path / "weights.bin")
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../weights.bin"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ExternalDataMissing, match="outside"):
        import_onnx(path)


def test_an_old_opset_is_refused_by_its_number() -> None:
    with pytest.raises(OpsetTooOld, match="opset 12; needed is 13"):
        import_onnx(one("Relu", [1, 2], opset=12))


def test_operators_that_never_changed_may_be_of_an_old_opset() -> None:
    assert import_onnx(small(opset=9)).features == 4


def test_an_opset_of_the_future_is_refused() -> None:
    with pytest.raises(OnnxFileUnusable, match="opset 999"):
        import_onnx(small(opset=999))


def test_an_unknown_operator_is_refused_by_name_and_node() -> None:
    with pytest.raises(OperatorUnsupported, match=r"operator Erf \(node 'the Erf'\).*docs/onnx\.md") as caught:
        import_onnx(model_of([node("Erf", ["x"], ["e"]), node("Relu", ["e"])], [1, 2]))
    assert (caught.value.operator, caught.value.node) == ("Erf", "the Erf")
    with pytest.raises(OperatorUnsupported, match=r"operator com\.example\.Fused"):
        import_onnx(one("Fused", [1, 2], domain="com.example"))


def test_a_second_output_of_an_operator_is_refused() -> None:
    step = node("MaxPool", ["x"], ["values", "y"], kernel_shape=[2])
    with pytest.raises(OperatorUnsupported, match="MaxPool.*output number 1"):  # noqa: RUF043
        import_onnx(model_of([step], [1, 1, 4]))


@pytest.mark.parametrize("shape", [["N", "seq"], ["N", 3, "seq"]])
def test_a_dynamic_dimension_is_refused_by_its_name(shape: list[Any]) -> None:
    with pytest.raises(DynamicDimension, match=r"axis \d of input 'x' .*'seq' and no length.*dynamic_axes"):
        import_onnx(one("Relu", shape))


def test_a_model_of_a_batch_is_told_from_rows_of_a_wrong_length() -> None:
    with pytest.raises(ExportedForBatch, match="batch of 4"):
        quantise(import_onnx(one("Relu", [4, 3])), np.zeros((5, 3)))
    with pytest.raises(WrongRowLength):
        quantise(import_onnx(one("Relu", [4, 3])), np.zeros((5, 5)))


@pytest.mark.parametrize("first", ["N", None, 1])
def test_the_batch_may_be_open_and_is_one_row(first: Any) -> None:
    assert import_onnx(one("Relu", [first, 5])).features == 5


def test_several_inputs_are_refused() -> None:
    model = one("Relu", [1, 2])
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))
    with pytest.raises(InterfaceUnsupported, match=r"2 inputs \(x, z\)"):
        import_onnx(model)


def test_initializers_that_old_files_list_as_inputs_are_no_inputs() -> None:
    model = small()
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3]))
    assert import_onnx(model).features == 4


@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL])
def test_inputs_that_are_no_floats_are_refused(kind: int) -> None:
    with pytest.raises(InterfaceUnsupported, match=f"of type {TensorProto.DataType.Name(kind)}"):
        import_onnx(one("Identity", [1, 2], kind=kind))


def test_an_input_without_a_shape_is_refused() -> None:
    model = one("Relu", [1, 2])
    model.graph.input[0].type.tensor_type.ClearField("shape")
    with pytest.raises(InterfaceUnsupported, match="no shape"):
        import_onnx(model)


def test_a_constant_output_is_refused() -> None:
    with pytest.raises(InterfaceUnsupported, match="constant"):
        import_onnx(model_of([node("Neg", ["c"])], [1, 2], {"c": np.ones(2)}))


def test_a_graph_with_a_cycle_or_out_of_order_is_refused() -> None:
    for nodes in (
        [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Neg", ["b"])],
        [node("Neg", ["a"]), node("Relu", ["x"], ["a"])],
    ):
        with pytest.raises(GraphNotSorted, match="nothing before it makes"):
            import_onnx(model_of(nodes, [1, 2]))


def test_a_name_made_twice_is_refused() -> None:
    with pytest.raises(NodeMalformed, match="made twice"):
        import_onnx(model_of([node("Relu", ["x"]), node("Neg", ["x"])], [1, 2]))


def test_an_output_that_nothing_makes_is_refused() -> None:
    with pytest.raises(OnnxFileUnusable, match="nothing makes its output 'z'"):
        import_onnx(model_of([node("Relu", ["x"])], [1, 2], outputs=("z",)))


def test_an_initializer_whose_bytes_do_not_fit_its_shape_is_refused() -> None:
    model = small()
    model.graph.initializer[0].raw_data = b"1234"
    with pytest.raises(OnnxFileUnusable, match="initializer 'w'"):
        import_onnx(model)


def test_weights_that_are_not_finite_are_refused() -> None:
    with pytest.raises(NotFinite, match="operator MatMul"):
        import_onnx(one("MatMul", [1, 2], {"w": np.array([[np.inf], [1.0]])}))


def test_a_constant_too_large_for_memory_is_refused_before_it_is_made() -> None:
    bombs = [
        [node("ConstantOfShape", ["s"], ["c"]), node("Add", ["x", "c"])],
        [node("Expand", ["one", "s"], ["c"]), node("Add", ["x", "c"])],
        [node("Expand", ["x", "s"])],
        [node("Tile", ["one", "s"], ["c"]), node("Add", ["x", "c"])],
    ]
    for nodes in bombs:
        with pytest.raises(ImportTooLarge):
            import_onnx(model_of(nodes, [1, 1], {"s": np.array([1 << 20, 1 << 20]), "one": np.ones((1, 1))}))


def test_moves_cannot_multiply_a_row_beyond_memory() -> None:
    """Each Concat is 30 of the one before: the fifth would hold 97 million elements."""
    names = ["x", "a", "b", "c", "d", "e", "y"]
    nodes = [node("Concat", [one] * 30, [made], axis=1) for one, made in pairwise(names)]
    with pytest.raises(ImportTooLarge, match="positions"):
        import_onnx(model_of(nodes, [1, 4]))


def test_copies_that_are_kept_count_together() -> None:
    """Each reshape of a transposed row of 2^20 elements copies it."""
    side, nodes = 1 << 10, []
    for number in range(10):
        nodes += [node("Transpose", [f"r{number}" if number else "x"], [f"t{number}"], perm=[1, 0])]
        nodes += [node("Reshape", [f"t{number}", "s"], [f"r{number + 1}"])]
    nodes.append(node("Identity", ["r10"]))
    with pytest.raises(ImportTooLarge, match="positions"):
        import_onnx(model_of(nodes, [side, side], {"s": np.array([side, side])}))


def test_a_nodes_name_can_be_printed() -> None:
    made = helper.make_node("Relu", ["x"], ["y"], name="\x1b[2J\nproven")
    assert import_onnx(model_of([made], [1, 2])).layers == ("?[2J?proven",)


def test_an_input_too_large_is_refused() -> None:
    with pytest.raises(ImportTooLarge, match="the row"):
        import_onnx(one("Relu", [1, 1 << 40, 1 << 40]))
