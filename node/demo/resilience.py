"""Act 6, in two halves around the others: one validator is killed at work, comes back, and agrees with the rest."""

from typing import Final

from node.demo.stage import Stage

VICTIM: Final = 2


class ResilienceAct:
    """SIGKILL in the middle of the market, a restart later, one state root at the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._member = stage.network.members[VICTIM]
        self._killed_at = 0

    async def kill(self) -> None:
        """No goodbye, no flush."""
        stage = self._stage
        self._killed_at = await stage.height()
        stage.processes.kill(self._member)
        stage.say(f"6. Meanwhile {self._member.name} is killed with SIGKILL at height {self._killed_at}")
        await stage.reach(self._killed_at + 2)

    async def bring_back(self) -> None:
        """Start it again; it catches up from its peers."""
        stage = self._stage
        head = await stage.height()
        stage.check("blocks go on without the killed validator", head >= self._killed_at + 2, f"now at height {head}")
        stage.processes.start(self._member, "--record", str(stage.recordings / self._member.name))
        await stage.reach(head, VICTIM)
        caught_up = await stage.height(VICTIM)
        stage.check("the killed validator catches up", caught_up >= head, f"from {self._killed_at} to {caught_up}")

    async def agree(self) -> None:
        """All four tell the same state root for one height."""
        stage = self._stage
        height = max([await stage.height(node) for node in range(len(stage.rpcs))]) + 1
        for node in range(len(stage.rpcs)):
            await stage.reach(height, node)
        blocks = [await rpc.call("chain_getBlock", height=height) for rpc in stage.rpcs]
        roots = {block["header"]["state_root"] for block in blocks}
        seen = f"height {height - 1}: {', '.join(sorted(roots))}"
        stage.check("all four validators end with the same state root", len(roots) == 1, seen)
