"""An in-process chain for tests of contracts, and networks in the same words. Reference: docs/contracts.md."""

from compute.sandbox.deployed import Deployed
from compute.sandbox.network import Network
from compute.sandbox.people import Person
from compute.sandbox.pool import Pool
from compute.sandbox.sandbox import CLU, Sandbox
from compute.sandbox.sent import Sent

__all__ = ["CLU", "Deployed", "Network", "Person", "Pool", "Sandbox", "Sent"]
