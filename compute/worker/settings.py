"""How a worker shall behave. The file is worker.toml; every key stands in configs/worker.toml with its meaning."""

from dataclasses import dataclass
from typing import ClassVar, Final

SETTINGS_VERSION: Final = 1
_AMOUNT: Final = (0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Amounts in nano-CLU. Paths are relative to the worker's home folder."""

    BOUNDS: ClassVar[dict[str, tuple[int, int]]] = {
        "version": (SETTINGS_VERSION, SETTINGS_VERSION),
        "bond": _AMOUNT,
        "min_price": _AMOUNT,
        "max_collateral": _AMOUNT,
        "max_locks": (1, 1_000),
        "provers": (1, 64),
        "prover_memory_mb": (64, 1_000_000),
        "safety_heights": (0, 1_000),
        "poll_ms": (50, 60_000),
        "drain_seconds": (0, 600),
    }
    version: int = SETTINGS_VERSION
    rpc: str = "http://127.0.0.1:8645"
    key_file: str = "keys/account.json"
    models: str = "models"
    inputs: str = "inputs"
    bond: int = 100 * 10**9
    min_price: int = 10**6
    max_collateral: int = 10 * 10**9
    max_locks: int = 16
    provers: int = 1
    prover_memory_mb: int = 4_096
    safety_heights: int = 5
    rescue: bool = True
    poll_ms: int = 2_000
    drain_seconds: int = 30
