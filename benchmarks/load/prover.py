"""A process that proves and signs results; it loads the model's files once."""

import os
from dataclasses import dataclass
from pathlib import Path

from chain.codec import decode
from chain.types.transaction import Transaction
from client.inference import PrivateInput
from client.wallet import ChainIdentity, Signing
from compute.zkml.artifact import load_artifact
from compute.zkml.prover import InferenceProver, prove_result
from contracts.registry.state import Program
from contracts.tasks.state import Task
from crypto.keys import SecretKey

NICENESS = 10

_loaded: list[InferenceProver] = []


@dataclass(frozen=True, slots=True)
class ProofJob:
    """One provider's locked tasks with their inputs; `nonce` is that of the first settlement."""

    seed: bytes
    identity: ChainIdentity
    tasks: tuple[Task, ...]
    inputs: tuple[PrivateInput, ...]
    nonce: int
    expiry: int
    fee_limit: int


def start(models: Path, program: bytes) -> None:
    """Load the files of a program, given by its encoded record; give way to the validators."""
    os.nice(NICENESS)
    _loaded.append(load_artifact(models, decode(Program, program))[1])


def prove(job: ProofJob) -> list[Transaction]:
    """The signed settlements of a job, in order of their nonces."""
    (prover,) = _loaded
    signing = Signing(SecretKey(job.seed), job.identity)
    settles = [prove_result(prover, signing, task, secret) for task, secret in zip(job.tasks, job.inputs, strict=True)]
    return [
        signing.sign([settle], job.nonce + index, job.expiry, job.fee_limit) for index, settle in enumerate(settles)
    ]
