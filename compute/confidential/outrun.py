"""Whether a call of a contract was outrun: it is in no block that did anything, and never will be.

A call that may still be applied, or was, must not be made a second time. A node's word that it failed, or that its
registers moved on, is no reason: the call itself may have moved them. But each version of a register comes from one
call. So where validators signed what another one wrote in the place of what this call writes, this one is outrun.
"""

from contracts.confidential.call import Call
from contracts.confidential.queries import ContractView


def outrun(call: Call, signed: ContractView) -> bool:
    """signed: the contract as validators signed it.

    False if it cannot be told: the register moved twice since, or was given the same content, or none is written.
    """
    found = [(move, signed.registers[move.register]) for move in call.moves]
    return any(now.version == move.version + 1 and now.values != move.after for move, now in found)
