"""Files are whole or not there, and what a killed run left harms nobody, wherever the kill fell."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.whole_files import WholeFile, write_first, write_set, write_whole

STEPS = ("replace", "unlink", "fsync", "link", "open")  # of the system, at each of which a kill may fall


class Killed(BaseException):
    """The process ends here: nothing after it is done."""


def files(folder: Path) -> dict[str, bytes]:
    """What a reader finds: names that are not of this writing."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Whether `work` was killed at its step `number`; from then on the system does nothing more."""
    left = [number]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*given, **more)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counting(getattr(os, name)))
        try:
            work()
        except Killed:
            return True
    return False


def test_a_private_file_is_its_owners_alone_whatever_lay_there(tmp_path: Path) -> None:
    path = tmp_path / "opening.json"
    for left in (path, tmp_path / "opening.json.new"):
        left.write_bytes(b"of a killed run")
        left.chmod(0o644)
    write_whole(path, b"secret", private=True)
    assert (path.read_bytes(), mode(path)) == (b"secret", 0o600)
    assert (tmp_path / "opening.json.new").read_bytes() == b"of a killed run"
    write_whole(path, b"public")
    assert (path.read_bytes(), mode(path)) == (b"public", 0o644)


def test_the_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_first(path, b"first")
    write_first(path, b"second")
    assert (files(tmp_path), mode(path)) == ({"keys": b"first"}, 0o600)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_set_is_the_former_the_new_or_absent_wherever_a_kill_falls(tmp_path: Path) -> None:
    names, seen, number = ("opening.json", "public.json", "proof.json"), set(), 0
    while True:
        folder = tmp_path / str(number)
        folder.mkdir()
        write_set([WholeFile(folder / name, b"old") for name in names])
        ended = not killed_at(number, lambda to=folder: write_set([WholeFile(to / name, b"new") for name in names]))  # type: ignore[misc]
        found = files(folder)
        if "proof.json" in found:
            assert len(set(found.values())) == 1 and len(found) == 3
        seen.add(found.get("proof.json"))
        write_set([WholeFile(folder / name, b"again", private=True) for name in names])
        assert files(folder) == dict.fromkeys(names, b"again") and mode(folder / "opening.json") == 0o600
        if ended:
            break
        number += 1
    assert seen == {b"old", None, b"new"} and number > 6


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", b"data")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "nowhere" / "file", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
