"""A payroll with an employer who has too little, employees who want more, and an auditor who sees what he may."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.execution.accounts import InsufficientBalance
from chain.types.scalars import Amount
from compute.confidential.errors import NotAReader, StatementFalse
from compute.confidential.keys import DataKeys
from compute.confidential.permit_errors import AnotherAuditor, OutsidePermit
from compute.confidential.permits import open_permit
from compute.dsl.plain import Plain, wallet
from compute.dsl.refusals import CallRefused, OutOfRange, RequirementFailed
from compute.sandbox import CLU, Deployed, Person, Sandbox, Sent
from contracts.notes.errors import DuplicateNullifier, NoteSpent, UnknownRoot
from examples.contracts.payroll import auditor as audit
from examples.contracts.payroll.contract import STAFF, Payroll
from examples.contracts.payroll.walkthrough import story
from examples.contracts.stage import Teller

SALARIES = (30 * CLU, 20 * CLU, 7 * CLU)


class Scene:
    """An employer with 200 CLU in the contract, and three employees who were paid for month 1."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.employer, self.auditor = chain.person("employer"), chain.person("auditor")
        self.staff = [chain.person(f"employee {number}") for number in range(len(SALARIES))]
        self.payroll: Deployed = chain.deploy(Payroll, self.employer, initial={"employer": self.employer})
        self.sent: list[Sent] = []
        self.payroll.fund(200 * CLU, sender=self.employer)
        self.run(1)

    def run(self, month: int, *amounts: int, sender: Person | None = None, keys: DataKeys | None = None) -> None:
        """Pay the staff these amounts, else their salaries; notes of nothing fill up."""
        owners = [*self.staff, *[self.employer] * STAFF][:STAFF]
        paid = [*(amounts or SALARIES), *[0] * STAFF][:STAFF]
        self.sent.append(self.payroll.run(month, owners, paid, sender=sender or self.employer, keys=keys))

    def purse(self, person: Person) -> list[tuple[object, object]]:
        """Amount and month of each note of somebody's."""
        contents = map(self.payroll.contents, self.payroll.notes_of(person))
        return [(each["amount"], each["month"]) for each in contents]

    def withdraw(self, person: Person, amount: int, note: int = 0) -> Sent:
        pay = self.payroll.notes_of(person)[note]
        return self.payroll.withdraw(pay, amount, person, person, sender=person)

    def runs(self, keys: DataKeys, sent: list[Sent] | None = None) -> list[audit.Run]:
        actions = [action for each in sent or self.sent for action in each.transaction.envelope.actions]
        return audit.runs(keys, self.payroll.view, actions)

    def permit(self, *epochs: int) -> DataKeys:
        """The auditor's, opened."""
        permit = self.payroll.permit(self.employer, self.auditor, epochs)
        return open_permit(permit, self.auditor.reader, self.chain.identity)


@pytest.fixture(scope="module")
def opened() -> Iterator[Scene]:
    with Sandbox() as chain:
        yield Scene(chain)


@pytest.fixture
def scene(opened: Scene) -> Iterator[Scene]:
    sent = list(opened.sent)
    with opened.chain.snapshot():
        yield opened
    opened.sent = sent


def test_everybody_sees_his_own_pay_and_the_employer_all(scene: Scene) -> None:
    assert [scene.purse(person) for person in scene.staff] == [[(amount, 1)] for amount in SALARIES]
    books = scene.payroll.read(scene.employer).books
    assert (books["free"], books["paid"], books["amounts"]) == (143 * CLU, 57 * CLU, [*SALARIES, 0])
    for person in (*scene.staff, scene.auditor, None):
        with pytest.raises(NotAReader):
            _ = scene.payroll.read(person).books


def test_no_salary_is_in_what_the_chain_sees(scene: Scene) -> None:
    scene.run(2, 11 * CLU, 0, 0)
    one, other = scene.sent
    assert (one.size, one.work) == (other.size, other.work)
    for amount in (*SALARIES, sum(SALARIES)):
        assert amount.to_bytes(32, "big") not in one.transaction.raw


def test_pay_is_withdrawn_in_parts_to_any_account(scene: Scene) -> None:
    first, savings = scene.staff[0], scene.chain.person("savings", funds=0)
    scene.withdraw(first, 12 * CLU)
    assert scene.purse(first) == [(18 * CLU, 1)]
    (rest,) = scene.payroll.notes_of(first)
    scene.payroll.withdraw(rest, 18 * CLU, savings, first, sender=first)
    assert (scene.purse(first), scene.chain.balance(savings)) == ([(0, 1)], 18 * CLU)
    assert scene.payroll.holding() == 170 * CLU


def test_pay_of_several_months_is_put_together(scene: Scene) -> None:
    first = scene.staff[0]
    scene.run(2)
    scene.payroll.join(*scene.payroll.notes_of(first), first, sender=first)
    assert scene.purse(first) == [(60 * CLU, 2)]
    scene.withdraw(first, 60 * CLU)


def test_nobody_is_paid_beyond_the_funds(scene: Scene) -> None:
    scene.run(2, 143 * CLU, 0, 0)
    with pytest.raises(RequirementFailed, match="do not cover"):
        scene.run(3, 1, 0, 0)
    with pytest.raises(OutOfRange):
        scene.run(3, 2**64 - 1, 1, 0)


def test_the_employer_takes_back_only_what_is_nobodys(scene: Scene) -> None:
    before = scene.chain.balance(scene.employer)
    sent = scene.payroll.reclaim(143 * CLU, sender=scene.employer)
    assert scene.chain.balance(scene.employer) - before + sent.fee == 143 * CLU
    with pytest.raises(RequirementFailed, match="not free"):
        scene.payroll.reclaim(1, sender=scene.employer)
    for person, amount in zip(scene.staff, SALARIES, strict=True):
        scene.withdraw(person, amount)
    assert scene.payroll.holding() == 0


def test_who_funds_pays(scene: Scene) -> None:
    with pytest.raises(InsufficientBalance):
        scene.payroll.fund(10**6 * CLU, sender=scene.employer)


def test_months_go_forward(scene: Scene) -> None:
    scene.run(1)
    scene.run(2)
    with pytest.raises(RequirementFailed, match="before the last"):
        scene.run(1)


def test_a_note_is_withdrawn_once(scene: Scene) -> None:
    first = scene.staff[0]
    (pay,) = scene.payroll.notes_of(first)
    twice = [scene.payroll.draft("withdraw", pay, 20 * CLU, first, first, sender=first) for _ in range(2)]
    with pytest.raises((NoteSpent, DuplicateNullifier)):
        scene.chain.send(first, *twice)
    scene.chain.send(first, twice[0])
    with pytest.raises(NoteSpent):
        scene.chain.send(first, twice[1])
    (rest,) = scene.payroll.notes_of(first)
    with pytest.raises(DuplicateNullifier):
        scene.payroll.join(rest, rest, first, sender=first)


def test_a_note_gives_no_more_than_it_holds(scene: Scene) -> None:
    first = scene.staff[0]
    with pytest.raises(RequirementFailed, match="less than that"):
        scene.withdraw(first, 30 * CLU + 1)
    draft = scene.payroll.draft("withdraw", *scene.payroll.notes_of(first), CLU, first, first, sender=first)
    (paid,) = draft.action.pays
    more = replace(draft.action, pays=(replace(paid, amount=Amount(2 * CLU)),))
    with pytest.raises(StatementFalse):
        scene.chain.send(first, replace(draft, action=more))


def test_nobody_withdraws_anothers_pay(scene: Scene) -> None:
    first, second = scene.staff[:2]
    (pay,) = scene.payroll.notes_of(first)
    with pytest.raises(UnknownRoot):  # under another key it is another note, which never stood in the tree
        scene.payroll.withdraw(pay, CLU, second, second, sender=second)


def test_pay_goes_where_its_owner_said(scene: Scene) -> None:
    first, thief = scene.staff[:2]
    draft = scene.payroll.draft("withdraw", *scene.payroll.notes_of(first), CLU, first, first, sender=first)
    (paid,) = draft.action.pays
    stolen = replace(draft.action, pays=(replace(paid, recipient=thief.id),))
    with pytest.raises(StatementFalse):
        scene.chain.send(thief, replace(draft, action=stolen))


def test_notes_of_another_payroll_are_worth_nothing_here(scene: Scene) -> None:
    other = scene.chain.deploy(Payroll, scene.employer, initial={"employer": scene.employer})
    first = scene.staff[0]
    other.fund(CLU, sender=scene.employer)
    (pay,) = scene.payroll.notes_of(first)
    with pytest.raises(UnknownRoot):
        other.withdraw(pay, CLU, first, first, sender=first)


def test_only_the_employer_pays_funds_and_reclaims(scene: Scene) -> None:
    keys, other = scene.permit(1), scene.auditor
    with pytest.raises(RequirementFailed, match="only the employer"):
        scene.run(2, sender=other, keys=keys)
    for method in ("fund", "reclaim"):
        with pytest.raises(RequirementFailed, match="only the employer"):
            scene.payroll.call(method, CLU, sender=other, keys=keys)


def test_an_auditor_checks_the_year_and_each_salary(scene: Scene) -> None:
    scene.run(2)
    scene.run(3, 30 * CLU, 25 * CLU, 0)
    found = scene.runs(scene.permit(1))
    assert [(run.number, run.month, run.total) for run in found] == [
        (1, 1, 57 * CLU),
        (2, 2, 57 * CLU),
        (3, 3, 55 * CLU),
    ]
    year = [audit.earned(found, person.private_address) for person in scene.staff]
    assert year == [90 * CLU, 65 * CLU, 14 * CLU]
    assert sum(year) == found[-1].paid == scene.payroll.read(scene.permit(1)).books["paid"]
    notes = [sum(amount for amount, _ in scene.purse(person)) for person in scene.staff]  # type: ignore[misc]
    assert notes == year


def test_an_auditor_notices_a_run_that_is_kept_from_him(scene: Scene) -> None:
    for month in (2, 3):
        scene.run(month)
    first, _, last = scene.sent
    with pytest.raises(audit.RunMissing):
        scene.runs(scene.permit(1), [first, last])


def test_a_permit_ends_with_its_epochs(scene: Scene) -> None:
    year = scene.permit(1)
    scene.payroll.set_readers(scene.employer)
    assert scene.payroll.read(year).books["paid"] == 57 * CLU  # written in the year
    scene.run(2)
    with pytest.raises(OutsidePermit):
        _ = scene.payroll.read(year).books
    with pytest.raises(OutsidePermit):
        scene.runs(year)
    assert [run.month for run in scene.runs(year, scene.sent[:1])] == [1]
    assert [run.month for run in scene.runs(scene.permit(1, 2))] == [1, 2]
    with pytest.raises(OutsidePermit):
        scene.runs(scene.permit(2))


def test_a_permit_opens_for_its_auditor_alone(scene: Scene) -> None:
    permit = scene.payroll.permit(scene.employer, scene.auditor)
    with pytest.raises(AnotherAuditor):
        open_permit(permit, scene.staff[0].reader, scene.chain.identity)


def test_an_auditor_who_was_removed_reads_no_further(scene: Scene) -> None:
    scene.payroll.add_reader(scene.auditor)
    scene.run(2)
    assert scene.payroll.read(scene.auditor).books["month"] == 2
    scene.payroll.remove_reader(scene.auditor)
    scene.run(3)
    with pytest.raises(NotAReader):
        _ = scene.payroll.read(scene.auditor).books
    assert [run.month for run in scene.runs(scene.auditor.reader, scene.sent[1:2])] == [2]


# Money, on plain integers

EMPLOYER, OTHER = bytes([1] * 32), bytes([2] * 32)
WALLETS = [wallet(name) for name in ("a", "b")]
STEPS = st.lists(
    st.tuples(st.sampled_from(("fund", "run", "withdraw", "join", "reclaim")), st.integers(0, 9), st.integers(0, 9)),
    max_size=8,
)


def step(plain: Plain, name: str, x: int, y: int) -> None:
    """One call, made of two numbers; some are refused."""
    person = WALLETS[x % 2]
    if name in ("fund", "reclaim"):
        plain.call(name, 10 * x + y, sender=EMPLOYER)
    elif name == "run":
        plain.run(0, [*WALLETS, *WALLETS], [x, y, x, 0], sender=EMPLOYER)
    elif name == "withdraw":
        for note in plain.notes_of(person)[:1]:
            plain.withdraw(note, y, OTHER, person)
    else:
        for first, second in zip(*(plain.notes_of(person)[i::2][:1] for i in range(2)), strict=False):
            plain.join(first, second, person)


@settings(max_examples=8, deadline=None)
@given(STEPS)
def test_what_the_contract_holds_is_free_or_somebodys(steps: list[tuple[str, int, int]]) -> None:
    plain = Payroll.plain(employer=EMPLOYER)
    plain.checked = False
    for name, x, y in steps:
        try:
            step(plain, name, x, y)
        except CallRefused:
            continue
        owed = sum(note.amount for person in WALLETS for note in plain.notes_of(person))  # type: ignore[misc]
        assert plain.holds() == plain.books["free"] + owed
        assert plain.books["paid"] >= owed


@pytest.mark.slow
def test_the_walk_through_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as chain:
        story(chain, Teller())
    told = capsys.readouterr().out
    for line in ("ben finds 6.00 CLU and 6.00 CLU", "left: 13.00 CLU", "all  38.00 CLU"):
        assert line in told


def test_circuits_and_plain_execution_agree() -> None:
    books = Payroll.examples().books
    assert (books["runs"], books["paid"]) == (2, 100 + 2**61 + 7)
