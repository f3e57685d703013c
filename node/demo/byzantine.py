"""Act 5, last part: a proposer that believes every proof puts a forged one into its block; three refuse it."""

from chain.types.transaction import Transaction
from node.demo.stage import Stage

LIAR = 3  # the validator that plays it


class ByzantineAct:
    """Restarts one validator as a credulous one, hands it a forgery, and watches the others."""

    def __init__(self, stage: Stage, forgery: Transaction) -> None:
        self._stage, self._forgery = stage, forgery
        self._liar = stage.network.members[LIAR]

    async def play(self) -> None:
        """Run the act; the validator is an honest one again afterwards."""
        stage = self._stage
        await self._restart("--credulous")
        liar_key = (await stage.rpcs[LIAR].call("chain_status"))["validator"]
        before = await stage.height()
        await stage.rpcs[LIAR].call("tx_submit", transaction=self._forgery.raw)
        refusals = await stage.until("three validators to refuse the liar's block", lambda: self._refusals(liar_key))
        height = max(entry["height"] for entry in refusals)
        await stage.reach(height + 2)
        block = await stage.rpcs[0].call("chain_getBlock", height=height)
        forged = "0x" + self._forgery.hash.hex()
        codes = sorted({entry["code"] for entry in refusals})
        went_on = block["commit"]["round"] > 0 and forged not in block["transactions"]
        seen = f"height {height}: refused by 3 with error {codes}, decided in round {block['commit']['round']}"
        stage.check("a Byzantine proposer's forged proof: three prevote nil, the chain goes on", went_on, seen)
        stage.facts["byzantine"] = {"height": height, "before": before, "codes": codes}
        await self._restart()

    async def _restart(self, *options: str) -> None:
        stage = self._stage
        stage.processes.stop(self._liar)
        stage.processes.start(self._liar, "--record", str(stage.recordings / self._liar.name), *options)
        head = await stage.height()
        await stage.reach(head, LIAR)

    async def _refusals(self, liar_key: str) -> list[dict[str, int]] | None:
        """One refusal of the same block of the liar's by each of the other three, or None yet."""
        seen: dict[str, list[dict[str, int]]] = {}
        for node in (index for index in range(len(self._stage.rpcs)) if index != LIAR):
            status = await self._stage.rpcs[node].call("consensus_status")
            for entry in status["refused_blocks"]:
                if entry["proposer"] == liar_key:
                    seen.setdefault(entry["block_id"], []).append(entry)
        return next((entries for entries in seen.values() if len(entries) == len(self._stage.rpcs) - 1), None)
