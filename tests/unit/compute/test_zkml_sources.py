"""Files of rows and labels: what holds none is refused by one sentence, before memory is asked for."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from compute.zkml.errors import RowsUnusable
from compute.zkml.sources import read_labels, read_rows


def npy(shape: str, kind: str = "<f8", data: bytes = b"", version: int = 1) -> bytes:
    """A .npy file whose header says what it likes."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


FOUR = np.arange(4.0).tobytes()
BAD: dict[str, tuple[str, bytes]] = {
    "a number": (".json", b"5"),
    "a number of 400 digits": (".json", b"[1" + b"0" * 400 + b", 1]"),
    "a number of 5000 digits": (".json", b"[" + b"1" * 5000 + b"]"),
    "an object": (".json", b'{"a": 1}'),
    "rows of two lengths": (".json", b"[[1, 2], [3]]"),
    "lists in lists": (".json", b"[" * 100_000),
    "no text": (".json", b"\xff\xfe"),
    "an array without axes": (".npy", npy("()", data=FOUR[:8])),
    "more than memory": (".npy", npy("(100000000000,)")),
    "more than memory of a later version": (".npy", npy("(100000000000,)", version=2)),
    "more than an integer holds": (".npy", npy("(4294967296, 4294967296)")),
    "nothing, very often": (".npy", npy("(1099511627776, 0)")),
    "a negative length": (".npy", npy("(-1, -4)", data=FOUR)),
    "a header that never ends": (".npy", npy("(" * 60)),
    "a header that nests deep": (".npy", npy("(" * 3000)),
    "a byte too few": (".npy", npy("(4,)", data=FOUR[:-1])),
    "a byte too many": (".npy", npy("(4,)", data=FOUR + b"\0")),
    "objects": (".npy", npy("(4,)", "|O", FOUR)),
    "complex numbers": (".npy", npy("(2,)", "<c16", FOUR)),
    "dates": (".npy", npy("(4,)", "<M8[s]", FOUR)),
    "names": (".npy", npy("(1,)", "<U8", FOUR)),
    "a later version": (".npy", npy("(4,)", data=FOUR, version=3)),
    "an archive": (".npy", b"PK\x03\x04" + bytes(100)),
    "an empty file": (".npy", b""),
    "words": (".csv", b"a,b"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_holds_no_rows_is_refused(name: str, tmp_path: Path) -> None:
    ending, data = BAD[name]
    path = tmp_path / f"rows{ending}"
    path.write_bytes(data)
    with pytest.raises(RowsUnusable):
        read_rows(path)


@pytest.mark.parametrize("data", [b"5", b"[1, [2]]", b"[[1, 2]]", b"{}"])
def test_what_holds_no_labels_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(data)
    with pytest.raises(RowsUnusable):
        read_labels(path)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "folder.npy").mkdir()
    for name in ("pipe.npy", "folder.npy"):
        with pytest.raises(RowsUnusable, match="no file"):
            read_rows(tmp_path / name)


@pytest.mark.parametrize("version", [1, 2])
def test_arrays_are_read_in_both_versions(version: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    path.write_bytes(npy("(2, 2)", data=FOUR, version=version))
    assert read_rows(path).tolist() == [[0, 1], [2, 3]]
    np.save(path, np.asfortranarray(np.arange(6, dtype="i2").reshape(2, 3)))
    assert read_rows(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    np.save(path, np.array(["a", "b"]))
    assert read_labels(path).tolist() == ["a", "b"]


def test_a_single_row_may_come_flat(tmp_path: Path) -> None:
    path = tmp_path / "row.json"
    path.write_text("[1, 2, 3]")
    assert read_rows(path).shape == (1, 3)
    path.write_text("5")
    assert read_rows(path, features=1).shape == (1, 1)
