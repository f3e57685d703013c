"""The rules of shielded pools, one class each. Codes 4420-4449."""

from chain.amount import show
from chain.types.scalars import Amount, AssetId, ObjectId, VkId
from crypto.errors import ClusterError


class ShieldedError(ClusterError):
    """Root of the errors of shielded pools."""

    code = 4420


class UnknownPool(ShieldedError):
    """A transfer names a pool that nobody opened."""

    code = 4421

    def __init__(self, pool: ObjectId) -> None:
        super().__init__(f"there is no shielded pool 0x{pool.hex()}; name an open one (contract_listPools).")
        self.pool = pool


class WrongPoolKey(ShieldedError):
    """A transfer is proven under another verifying key than its pool's."""

    code = 4422

    def __init__(self, pool: ObjectId, expected: VkId, got: VkId) -> None:
        super().__init__(
            f"pool 0x{pool.hex()} takes proofs under key 0x{expected.hex()}, not 0x{got.hex()}; use the pool's circuit."
        )
        self.pool, self.expected, self.got = pool, expected, got


class PoolKeyShape(ShieldedError):
    """A pool is opened with a key of another number of public inputs than a transfer has."""

    code = 4423

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(
            f"a transfer has {expected} public inputs, the key takes {got}; name the transfer circuit's key."
        )
        self.expected, self.got = expected, got


class WrongNoteCount(ShieldedError):
    """A transfer spends or makes another number of notes than two: its size would tell what it is."""

    code = 4424

    def __init__(self, what: str, expected: int, got: int) -> None:
        super().__init__(f"a transfer has {expected} {what}, this one {got}; fill up with notes of value zero.")
        self.what, self.expected, self.got = what, expected, got


class WrongPadding(ShieldedError):
    """A transfer is not of the one size that all have, or its padding says something."""

    code = 4425

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(
            f"a transfer is {expected} bytes long, its padding being zeros; this one has {got}. "
            f"Fill `padding` with as many zeros as are missing."
        )
        self.expected, self.got = expected, got


class AssetWithoutAmount(ShieldedError):
    """A transfer by which nothing enters or leaves names an asset."""

    code = 4426

    def __init__(self, asset: AssetId) -> None:
        super().__init__(
            f"nothing enters or leaves by this transfer, yet it names asset 0x{asset.hex()}; write 32 zeros."
        )
        self.asset = asset


class RecipientWithoutAmount(ShieldedError):
    """A transfer names somebody who is paid, and pays nothing; or pays, and names nobody."""

    code = 4427

    def __init__(self, paid: Amount) -> None:
        super().__init__(
            f"the transfer pays {paid} in the open; a recipient is named if and only if that is more than 0 "
            f"(else 32 zero bytes)."
        )
        self.paid = paid


class FeeNotNative(ShieldedError):
    """A transfer offers a fee in another asset than the native one."""

    code = 4428

    def __init__(self, asset: AssetId) -> None:
        super().__init__(f"fees are paid in the native asset, not in 0x{asset.hex()}; pay the fee by another transfer.")
        self.asset = asset


class TakenWithoutAccount(ShieldedError):
    """A transfer takes money into the pool, but its transaction has no account to take it from."""

    code = 4429

    def __init__(self, taken: Amount) -> None:
        super().__init__(
            f"{taken} cannot enter the pool: a transaction paid by proof has no account. Pay from an account."
        )
        self.taken = taken


class PoolUnderflow(ShieldedError):
    """More would leave a pool than ever entered it: some proof lied."""

    code = 4430

    def __init__(self, pool: ObjectId, asset: AssetId, held: int, needed: int) -> None:
        super().__init__(
            f"pool 0x{pool.hex()} holds {show(held, asset)} and cannot pay out {show(needed, asset)}. If your "
            f"notes say otherwise, the pool's key was forged with; see docs/confidential.md."
        )
        self.pool, self.asset, self.held, self.needed = pool, asset, held, needed


class PoolImbalance(ShieldedError):
    """What entered a pool minus what left it is not what it holds: this node or its state is broken."""

    code = 4431

    def __init__(self, pool: ObjectId, asset: AssetId, entered: int, left: int, held: int) -> None:
        super().__init__(
            f"{show(entered, asset)} entered pool 0x{pool.hex()} and {show(left, asset)} left it, yet it holds "
            f"{show(held, asset)}; "
            f"restore the node's data from a snapshot and report this."
        )
        self.pool, self.asset, self.entered, self.left, self.held = pool, asset, entered, left, held
