"""What a node begins beside a loop that ends is dropped, in silence."""

import asyncio

import pytest

from node.errands import Errands


async def test_a_loop_that_ends_takes_no_more_work(recwarn: pytest.WarningsRecorder) -> None:
    errands, ran = Errands(), []

    async def work(name: str) -> None:
        ran.append(name)

    async def ends_the_loop() -> None:
        raise ValueError

    async def works_to_the_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            errands.start(work("while it ends"))

    errands.start(work("before"))
    with pytest.raises(ExceptionGroup) as ended:
        async with asyncio.TaskGroup() as errands.group:
            errands.start(work("meanwhile"))
            errands.start(works_to_the_end())
            await asyncio.sleep(0)
            errands.start(ends_the_loop())
            await asyncio.Event().wait()
    errands.start(work("afterwards"))
    assert [type(each) for each in ended.value.exceptions] == [ValueError]
    assert ran == ["meanwhile"]
    assert [str(each.message) for each in recwarn] == []
