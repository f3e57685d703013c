"""What honest nodes promise whatever happens to them. A broken promise is raised at once, by its name."""


class BrokenPromise(AssertionError):
    """Root of them."""


class Disagreement(BrokenPromise):
    """Two honest nodes committed different blocks at one height."""


class InvalidCommit(BrokenPromise):
    """An honest node committed a block that breaks the rules or that nobody could have decided."""


class SignedTwice(BrokenPromise):
    """An honest node signed two things at one (height, round, step)."""


class LockForgotten(BrokenPromise):
    """An honest node prevoted another block than it had precommitted, and no polka of a round between allowed it."""


class FinalLost(BrokenPromise):
    """An honest node came back without a block that it had called final."""


class EvidenceMissing(BrokenPromise):
    """An honest node saw two contradicting votes of one validator and kept no evidence of it."""


class MoneyChanged(BrokenPromise):
    """What accounts hold is not what genesis gave them less what was burnt."""


class RootsDiffer(BrokenPromise):
    """Two honest nodes have different state after one height."""


class Stuck(BrokenPromise):
    """What should happen did not within the time that is stated for it."""


class Fell(BrokenPromise):
    """An honest node stopped by itself."""
