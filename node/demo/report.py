"""Act 7: what happened, in tables for people and in one document for machines."""

from statistics import quantiles
from typing import Any, Final

from node.demo.errors import DemoFailed
from node.demo.stage import Stage

CLU: Final = 10**9
SHOWN: Final = {
    "account0": "requester",
    "provider": "provider",
    "account1": "publisher, royalties",
    "account3": "counter's owner",
    "account4": "second provider, lost a lock",
    "account5": "copier",
}
PARTS: Final = {"node2": "node2 (was killed)", "node3": "node3 (played the liar)"}


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie; 0 without values."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


async def report(stage: Stage) -> dict[str, Any]:
    """Show the tables. Raises DemoFailed unless every promise held."""
    statuses = [await rpc.call("chain_status") for rpc in stage.rpcs]
    balances = {name: await _balance(stage, name) for name in SHOWN}
    facts = _facts(stage, statuses)
    screen = stage.screen
    screen.line()
    screen.table("What was measured", ("", ""), list(facts.items()))
    screen.line()
    screen.table(
        "Balances",
        ("account", "CLU at genesis", "CLU now"),
        [(f"{n} ({SHOWN[n]})", *_clu(stage, n, b)) for n, b in balances.items()],
    )
    screen.line()
    rows = [
        (PARTS.get(s["moniker"], s["moniker"]), s["height"], s["proofs_verified"], s["proofs_refused"], s["state_root"])
        for s in statuses
    ]
    columns = ("", "height", "proofs verified", "refused", "state root")
    screen.table("Validators, since each was last started", columns, rows)
    screen.line()
    broken = tuple(check.promise for check in stage.checks if not check.held)
    screen.line(f"{len(stage.checks) - len(broken)} of {len(stage.checks)} promises held.")
    if broken:
        raise DemoFailed(broken)
    checks = [{"promise": check.promise, "held": check.held, "seen": check.seen} for check in stage.checks]
    return {"checks": checks, "measured": facts, "balances": balances, "validators": rows}


def _facts(stage: Stage, statuses: list[dict[str, Any]]) -> dict[str, Any]:
    seconds, proving = stage.finality.seconds, stage.facts.get("prove_seconds", [])
    verifying = [status["proof_verify_ms"] for status in statuses if status["proof_verify_ms"]]
    return {
        "tasks settled": stage.facts.get("settled", 0),
        "proofs verified by each validator": max(status["proofs_verified"] for status in statuses),
        "transactions timed": len(seconds),
        "time to finality at another validator, p50": f"{percentile(seconds, 0.50):.2f} s",
        "time to finality at another validator, p95": f"{percentile(seconds, 0.95):.2f} s",
        "time to prove, median": f"{1000 * percentile(proving, 0.5):.0f} ms",
        "time to verify, median": f"{percentile(verifying, 0.5):.1f} ms",
        "fees paid by the requester": f"{stage.facts.get('fees', 0) / CLU:.6f} CLU",
        "supply burnt": f"{stage.facts['supply'] / CLU - int(statuses[0]['supply']) / CLU:.6f} CLU",
    }


def _clu(stage: Stage, name: str, balance: int) -> tuple[str, str]:
    return f"{int(stage.accounts[name].balance) / CLU:.3f}", f"{balance / CLU:.6f}"


async def _balance(stage: Stage, name: str) -> int:
    answer = await stage.rpcs[0].call("chain_getAccount", address=stage.accounts[name].address)
    return int(answer["balance"])
