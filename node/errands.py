"""Tasks beside a loop: none before it begins, none once it ends."""

import asyncio
from collections.abc import Coroutine


class Errands:
    """`group` is the loop's task group, once it has one."""

    def __init__(self) -> None:
        self.group: asyncio.TaskGroup | None = None

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run it in the group; where there is none, or it ends, the work is dropped."""
        try:
            if self.group is not None:
                self.group.create_task(work)
                return
        except RuntimeError:
            pass  # a group that ends takes nothing more, and before Python 3.13 leaves the work to its owner
        work.close()
