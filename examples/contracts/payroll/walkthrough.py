"""A firm pays three people for two months. The chain holds the money and never sees a salary; an auditor sees the year.

python -m examples.contracts.payroll.walkthrough [--rpc http://127.0.0.1:8645]
"""

from typing import Any

from compute.confidential.permits import open_permit
from compute.dsl.caller import WalletNote
from compute.sandbox import CLU, Deployed, Person, Sent
from examples.contracts.payroll import auditor as audit
from examples.contracts.payroll.contract import STAFF, Payroll
from examples.contracts.stage import Chain, Teller, clu, play

SALARIES = {"ann": 9 * CLU, "ben": 6 * CLU, "cem": 4 * CLU}
FUNDS = 60 * CLU


class Firm:
    """The employer, and what was sent in its name."""

    def __init__(self, chain: Chain, payroll: Deployed, employer: Person) -> None:
        self.payroll, self.employer = payroll, employer
        self.staff = {name: chain.person(name) for name in SALARIES}
        self.runs: list[Sent] = []

    def run(self, month: int, salaries: dict[str, int]) -> Sent:
        """Pay everybody; the employer's own address fills the places that are left, with nothing."""
        owners = [*(self.staff[name] for name in salaries), *[self.employer] * STAFF][:STAFF]
        amounts = [*salaries.values(), *[0] * STAFF][:STAFF]
        self.runs.append(self.payroll.run(month, owners, amounts, sender=self.employer))
        return self.runs[-1]


def story(chain: Chain, tell: Teller) -> None:
    """All of it, on any chain."""
    tell.chapter("The firm opens its payroll")
    tell("keys of its circuits are made and registered, the first time on a machine")
    chain.register(Payroll, counts=(1,))
    employer = chain.person("employer")
    payroll = chain.deploy(Payroll, employer, counts=(1,), initial={"employer": employer})
    firm = Firm(chain, payroll, employer)
    tell(f"{clu(FUNDS)} go in, which everybody sees", payroll.fund(FUNDS, sender=employer))

    tell.chapter("Salaries")
    for month in (1, 2):
        tell(f"month {month} is paid: four notes, four ciphertexts, no amount", firm.run(month, SALARIES))
    tell.refused("the employer promises more than is there", lambda: firm.run(3, SALARIES | {"ann": FUNDS}))
    for name, person in firm.staff.items():
        seen = [clu(amount_of(payroll, note)) for note in payroll.notes_of(person)]
        tell(f"{name} finds {' and '.join(seen)}")
    tell.refused("ann reads the books", lambda: payroll.read(firm.staff["ann"]).books)

    spent(chain, tell, firm)
    audited(chain, tell, firm)


def amount_of(payroll: Deployed, note: WalletNote) -> int:
    contents: Any = payroll.contents(note)
    return int(contents["amount"])


def spent(chain: Chain, tell: Teller, firm: Firm) -> None:
    """What employees do with it."""
    tell.chapter("Money out")
    payroll, ann, ben = firm.payroll, firm.staff["ann"], firm.staff["ben"]
    joined = payroll.join(*payroll.notes_of(ann), ann, sender=ann)
    tell("ann makes one note of two, which shows nothing", joined)
    (pay,) = payroll.notes_of(ann)
    before = chain.balance(ann)
    sent = payroll.withdraw(pay, 5 * CLU, ann, ann, sender=ann)
    tell(f"she withdraws {clu(chain.balance(ann) - before + sent.fee)}; that is seen, what she has left is not", sent)
    tell(f"left: {clu(amount_of(payroll, payroll.notes_of(ann)[0]))}")
    tell.refused("she spends the note again", lambda: payroll.withdraw(pay, CLU, ann, ann, sender=ann))
    other = payroll.notes_of(ben)[0]
    tell.refused("she spends one of ben's", lambda: payroll.withdraw(other, CLU, ann, ann, sender=ann))


def audited(chain: Chain, tell: Teller, firm: Firm) -> None:
    """The year's end."""
    tell.chapter("The auditor")
    payroll, auditor = firm.payroll, chain.person("auditor")
    permit = payroll.permit(firm.employer, auditor, [payroll.view.record.epoch])
    year = open_permit(permit, auditor.reader, chain.identity)
    tell("the employer signs a permit for the epoch that was the year, and begins another one for the next")
    payroll.set_readers(firm.employer)
    runs = audit.runs(year, payroll.view, [sent.transaction.envelope.actions[0] for sent in firm.runs])
    for run in runs:
        tell(f"run {run.number}, month {run.month}: {clu(run.total)}, as the sum of its notes")
    for name, person in firm.staff.items():
        tell(f"  {name:4} shows an address, to which went {clu(audit.earned(runs, person.private_address))}")
    tell(f"  all  {clu(runs[-1].paid)}, as the sealed books say, too")
    sent = firm.run(3, SALARIES)
    tell("month 3 is paid, in the new epoch", sent)
    actions = sent.transaction.envelope.actions
    tell.refused("the auditor opens it", lambda: audit.runs(year, payroll.view, actions))


if __name__ == "__main__":
    play(story, __doc__)
