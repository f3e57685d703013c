"""Scenes of a driver among three others, for the tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.driver_scene import DriverScene


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[type]:
    """Makes scenes and closes them."""
    made: list[DriverScene] = []

    def make(own: int | None = None, *, proposing: bool = False) -> DriverScene:
        scene = DriverScene(tmp_path / str(len(made)), own)
        made.append(scene)
        first = scene.proposer()
        if own is None and proposing:
            return make(first)
        return scene

    yield make  # type: ignore[misc]
    for scene in made:
        scene.close()


@pytest.fixture
def voter(scenes) -> DriverScene:
    """A validator that proposes in none of the first three rounds of height 1."""
    proposers = {scenes().proposer(round_) for round_ in range(3)}
    return scenes(next(index for index in range(4) if index not in proposers))


@pytest.fixture
def leader(scenes) -> DriverScene:
    """The validator that proposes in round 0 of height 1."""
    return scenes(scenes().proposer())
