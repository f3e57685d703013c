"""Silence instead of a second signature: how a validator goes on that cannot know any more what it has signed.

Its signer's state is moved to the last position of a height. The guard then refuses whatever is asked of it up to
there, and the validator votes again from the next height on. Nothing is ever published that the log of its height does
not hold (node/signing.py), so no home has voted above its newest log.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from chain.types.scalars import Hash, Height, Round, Signature, Uint, ValidatorId
from node.consensus_log import ConsensusLog, LogCorrupt
from node.durable import DISK, Subject
from node.home import Home
from node.keystore import read_record
from node.signer import PURPOSE
from node.signer_state import (
    LastSigned,
    SignerStateCorrupt,
    SignerStateFile,
    SignerStateMissing,
    nothing_signed,
)

LAST_ROUND: Final = Round(2**31 - 1)
LAST_STEP: Final = Uint(3)


def mend_log(home: Home, passphrase: str | None, tip: Height) -> Height | None:
    """Set a damaged log of the next height aside, and be silent at that height; the height, or None if all was well.

    Raises LogCorrupt where a signer elsewhere votes, which this home cannot silence; LogSealed, LogVersion,
    LogUnwritable, and what the signer's state raises.
    """
    config, height = home.load_config(), Height(tip + 1)
    key = home.load_storage_key(config, passphrase)
    log = ConsensusLog(home.wal, None if key is None else key.subkey("log"))
    try:
        log.replay(height)
    except LogCorrupt:
        if config.validator:
            if config.signer.remote:
                raise
            _abstain(home, height)
        damaged = log.path(height)
        DISK.replace(damaged, damaged.with_name(damaged.name + ".damaged"), at=Subject.REPAIR)
        DISK.sync_folder(home.wal, at=Subject.REPAIR)
        return height
    finally:
        log.close()
    return None


def mend_signer(home: Home, tip: Height) -> Height | None:
    """Give a key whose state is lost one that is silent up to the newest height it can have voted at.

    None if its state is whole. Raises SignerStateMissing or SignerStateCorrupt where no log says how far it came.
    """
    try:
        _read(home.signer_state)
    except (SignerStateCorrupt, SignerStateMissing):
        logs = [int(name[:-4]) for name in DISK.names(home.wal) if name.endswith(".log") and name[:-4].isdigit()]
        if not logs:
            raise
        height = Height(max(*logs, tip + 1))
        _write(home, height)
        return height
    return None


def _read(path: Path) -> LastSigned:
    file = SignerStateFile(path)
    try:
        return file.read()
    finally:
        file.close()


def _abstain(home: Home, height: Height) -> None:
    last = _read(home.signer_state)
    if last.position < (height, LAST_ROUND, LAST_STEP):
        _write(home, height)


def _write(home: Home, height: Height) -> None:
    fresh = nothing_signed(home.load_genesis().chain_id, ValidatorId(read_record(home.validator_key, PURPOSE).public))
    silent = replace(
        fresh,
        height=height,
        round=LAST_ROUND,
        step=LAST_STEP,
        signing_bytes=Hash(bytes(32)),
        signature=Signature(bytes(64)),
    )
    if not DISK.exists(home.signer_state):
        SignerStateFile.create(home.signer_state, silent).close()
        return
    file = SignerStateFile(home.signer_state)
    try:
        file.replace(silent)
    finally:
        file.close()
