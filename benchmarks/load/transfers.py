"""Transfers between random pairs of funded accounts, signed ahead of the clock."""

from collections import Counter
from random import Random

from benchmarks.load.chain import EXPIRY_HEIGHTS, FEE_LIMIT, RunningChain
from benchmarks.load.sender import Ready
from chain.types.scalars import AccountId, Amount
from client.wallet import Signing
from contracts.token.actions import Transfer

SEED = 11


async def sign_transfers(chain: RunningChain, count: int) -> list[Ready]:
    """`count` transfers of 1 nano-CLU, each sender's nonces in order."""
    random, accounts = Random(SEED), chain.accounts
    identity, expiry = await chain.identity(), (await chain.status()).height + EXPIRY_HEIGHTS
    nonces: Counter[int] = Counter()
    ready = []
    for _ in range(count):
        payer, payee = random.sample(range(len(accounts)), 2)
        secret = accounts[payer]
        transfer = Transfer(AccountId(accounts[payee].public), Amount(1))
        transaction = Signing(secret, identity).sign([transfer], nonces[payer], expiry, FEE_LIMIT)
        nonces[payer] += 1
        ready.append(Ready.of(transaction, chain.client_of(secret)))
    return ready
