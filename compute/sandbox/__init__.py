"""An in-process chain for tests of contracts. Reference: docs/contracts.md, "Sandbox"."""

from compute.sandbox.deployed import Deployed
from compute.sandbox.people import Person
from compute.sandbox.pool import Pool
from compute.sandbox.sandbox import CLU, Sandbox
from compute.sandbox.sent import Sent

__all__ = ["CLU", "Deployed", "Person", "Pool", "Sandbox", "Sent"]
