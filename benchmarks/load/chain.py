"""The network under load: validators as processes of this machine, with as many funded accounts as are asked for."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chain.types.genesis import GenesisAccount
from chain.types.scalars import AccountId, Amount
from client.results import ChainStatus, chain_status
from client.rpc import RpcClient
from client.wallet import ChainIdentity
from crypto.keys import SecretKey
from node.devnet.files import CLU, Network, Plan, create_network
from node.devnet.processes import Processes, check_ports

BALANCE = Amount(1_000 * CLU)
FEE_LIMIT = CLU  # far above what any transaction here costs: the base fee moves while it waits
EXPIRY_HEIGHTS = 900
START_SECONDS = 300.0
BASE_PORT = 9645
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def account_key(index: int) -> SecretKey:
    """The key of the benchmark's account `index`; worth nothing anywhere else."""
    return SecretKey(b"throughput".ljust(24, b"\0") + index.to_bytes(8, "big"))


@dataclass(frozen=True, slots=True)
class RunningChain:
    """Four validators that answer, a client for each, and the benchmark's accounts."""

    network: Network
    clients: tuple[RpcClient, ...]
    pids: tuple[int, ...]
    accounts: tuple[SecretKey, ...]  # that pay each other
    staff: tuple[SecretKey, ...]  # that publish, ask and prove

    async def status(self) -> ChainStatus:
        return await chain_status(self.clients[0])

    async def identity(self) -> ChainIdentity:
        """What signatures name."""
        status = await self.status()
        return ChainIdentity(status.chain_id, status.genesis_hash, status.fork_id)

    def client_of(self, secret: SecretKey) -> RpcClient:
        """The node that an account talks to: always the same, so that its nonces arrive in order."""
        return self.clients[secret.public[0] % len(self.clients)]

    def cpu_seconds(self) -> float:
        """User and system time of all validators with their children, so far."""
        return sum(cpu_seconds(pid) for root in self.pids for pid in process_tree(root))

    def peak_mb(self) -> int:
        """The largest validator's peak resident memory, its children's added."""
        return max(sum(peak_kb(pid) for pid in process_tree(root)) for root in self.pids) // 1024


@asynccontextmanager
async def running_chain(
    root: Path, validators: int, accounts: int, staff: int, base_port: int = BASE_PORT
) -> AsyncIterator[RunningChain]:
    """Start the validators in `root`, and stop them at the end. Raises a DevnetError."""
    plan = Plan(validators=validators, chain_id="throughput", base_port=base_port)
    check_ports(plan)
    keys = tuple(account_key(index) for index in range(accounts + staff))
    funded = [GenesisAccount(AccountId(key.public), BALANCE) for key in keys]
    network = create_network(root, plan, time.time_ns() // 1_000_000, funded)
    processes = Processes(network)
    clients = tuple(RpcClient(url) for url in network.rpc_urls)
    try:
        processes.start_all()
        await processes.ready(START_SECONDS)
        pids = processes.running()
        ordered = tuple(pids[member.name] for member in network.members)
        yield RunningChain(network, clients, ordered, keys[:accounts], keys[accounts:])
    finally:
        for client in clients:
            await client.close()
        processes.stop_all()


def process_tree(root: int) -> Sequence[int]:
    """A process and its descendants."""
    tree = [root]
    for pid in tree:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        except OSError:
            continue
        tree += [int(child) for child in children.split()]
    return tree


def peak_kb(pid: int) -> int:
    """VmHWM of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
