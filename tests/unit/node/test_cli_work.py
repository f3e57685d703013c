"""Progress bars: shares of work that is counted, seconds of work that is estimated, and results that come through."""

from io import StringIO
from threading import Event

import pytest
from rich.console import Console
from rich.progress import Progress

from node.cli import work
from node.cli.screen import PARTS, Step


@pytest.fixture
def bar() -> tuple[Progress, Step]:
    progress = Progress(console=Console(file=StringIO()))
    return progress, Step(progress, progress.add_task("waiting", total=None))


async def test_counted_work_moves_the_bar_and_gives_its_result(
    bar: tuple[Progress, Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "POLL_SECONDS", 0.001)
    progress, step = bar
    asked, shown = Event(), []

    def share() -> float:
        shown.append(progress.tasks[0].completed)
        if len(shown) > 1:
            asked.set()
        return 0.25

    made = await work.watched(step, "counting", lambda: asked.wait(20), share)
    assert made is True and shown[:2] == [0, PARTS / 4]
    assert (progress.tasks[0].description, progress.tasks[0].total) == ("counting", PARTS)


async def test_what_nobody_can_count_has_no_end(bar: tuple[Progress, Step]) -> None:
    progress, step = bar
    step.restart("counted")
    assert await work.watched(step, "loading", lambda: 7) == 7
    assert (progress.tasks[0].description, progress.tasks[0].total) == ("loading", None)


async def test_estimated_work_is_never_done_before_it_is(
    bar: tuple[Progress, Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "POLL_SECONDS", 0.001)
    progress, step = bar
    monkeypatch.setattr(work, "monotonic", iter([0.0, *(float(second) for second in range(5, 10_000))]).__next__)
    await work.estimated(step, "proving", 0.1, lambda: Event().wait(0.05))
    assert progress.tasks[0].completed == work.MOST * PARTS


def test_a_share_never_goes_back(bar: tuple[Progress, Step]) -> None:
    progress, step = bar
    step.restart("counting")
    for share, completed in ((0.5, 500), (0.2, 500), (0.7, 700), (3.0, 1000)):
        step.reach(share)
        assert progress.tasks[0].completed == completed


async def test_errors_come_through(bar: tuple[Progress, Step]) -> None:
    with pytest.raises(ZeroDivisionError):
        await work.watched(bar[1], "failing", lambda: 1 // 0)
