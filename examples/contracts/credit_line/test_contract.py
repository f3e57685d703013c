"""A credit line with a borrower who would like more, a lender who would like to know more, and models that differ."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.execution.accounts import InsufficientHolding
from chain.execution.statement import id_element
from compute.confidential.errors import NotAReader, StatementFalse
from compute.confidential.reader_changes import draft_set_readers
from compute.dsl.calls import AnotherContract
from compute.dsl.compiled import Compiled, compile_contract
from compute.dsl.model import Model
from compute.dsl.refusals import CallRefused
from compute.sandbox import CLU, Deployed, Person, Sandbox, Sent
from compute.zkml.artifact import registration
from compute.zkml.model import QuantisedModel
from contracts.confidential.errors import ReadersFixed, StaleRegister
from contracts.notes.errors import NoteSpent, UnknownRoot
from contracts.registry.state import require_program
from examples.contracts.credit_line import contract as source
from examples.contracts.credit_line.contract import CreditLine
from examples.contracts.credit_line.lookup import AnotherModel, program_element, require_model
from examples.contracts.credit_line.model import INFERENCE, MODEL, THRESHOLD, best, score
from examples.contracts.credit_line.walkthrough import story
from examples.contracts.stage import Teller

LIMIT, FUNDS = 30 * CLU, 50 * CLU


def customers() -> tuple[list[int], list[int]]:
    """Of those between the best and the worst, two that differ in one point: the model trusts the first."""
    features = best()
    for place, most in enumerate(best()):
        for value in range(1, 256):
            before = list(features)
            features[place] = abs(most - value)
            if score(features) < THRESHOLD <= score(before):
                return before, features
    raise AssertionError("the model trusts everybody")


BEST = best()
TRUSTED, DOUBTFUL = customers()


class Scene:
    """A line that the lender offers to the borrower, who has a report of someone trusted."""

    def __init__(self, chain: Sandbox) -> None:
        self.chain = chain
        self.lender, self.bureau, self.borrower, self.other = map(
            chain.person, ("lender", "bureau", "borrower", "other")
        )
        self.inference = chain.circuit(INFERENCE)
        self.program = chain.send(self.lender, registration(MODEL, self.inference))
        self.line = self.deployed()
        self.line.fund(FUNDS, sender=self.lender)
        self.line.offer(self.borrower, LIMIT, sender=self.lender)
        self.report(TRUSTED)

    def deployed(self, program: int | None = None) -> Deployed:
        initial = {"lender": self.lender, "bureau": self.bureau}
        initial |= {"program": program_element(self.inference) if program is None else program}  # type: ignore[dict-item]
        return self.chain.deploy(
            CreditLine, self.lender, readers=[self.lender, self.borrower], counts=(), initial=initial
        )

    def report(self, features: list[int], about: Person | None = None, to: Person | None = None) -> Sent:
        about = about or self.borrower
        return self.line.report(features, about, to or about, sender=self.bureau)

    def apply(self, note: int = -1) -> Sent:
        """With the newest report."""
        return self.line.apply(self.line.notes_of(self.borrower)[note], sender=self.borrower)

    @property
    def granted(self) -> bool:
        return bool(self.line.read(self.lender).line["granted"])


@pytest.fixture(scope="module")
def opened() -> Iterator[Scene]:
    with Sandbox() as chain:
        yield Scene(chain)


@pytest.fixture
def scene(opened: Scene) -> Iterator[Scene]:
    with opened.chain.snapshot():
        yield opened


@pytest.fixture
def granted(scene: Scene) -> Scene:
    scene.apply()
    return scene


# Who is trusted


def test_a_line_is_granted_when_the_model_trusts_the_borrower(scene: Scene) -> None:
    assert not scene.granted
    scene.apply()
    assert scene.granted


def test_the_threshold_is_where_it_is_said_to_be(scene: Scene) -> None:
    scene.report(DOUBTFUL)
    with pytest.raises(CallRefused, match="below the threshold"):
        scene.apply()
    assert score(DOUBTFUL) < THRESHOLD <= score(TRUSTED) and not scene.granted


def test_only_the_bureau_reports(scene: Scene) -> None:
    for person in (scene.lender, scene.borrower):
        with pytest.raises(CallRefused, match="only the bureau"):
            scene.line.report(BEST, scene.borrower, scene.borrower, sender=person)


def test_a_report_about_somebody_else_is_of_no_use(scene: Scene) -> None:
    scene.report(BEST, scene.other, to=scene.borrower)
    with pytest.raises(CallRefused, match="about somebody else"):
        scene.apply()
    scene.report(BEST, scene.borrower, to=scene.other)
    (note,) = scene.line.notes_of(scene.other)
    with pytest.raises(UnknownRoot):
        scene.line.apply(note, sender=scene.borrower)


def test_a_report_is_used_once(granted: Scene) -> None:
    assert granted.line.notes_of(granted.borrower) == []
    granted.report(TRUSTED)
    (note,) = granted.line.notes_of(granted.borrower)
    granted.line.apply(note, sender=granted.borrower)
    with pytest.raises(NoteSpent):
        granted.line.apply(note, sender=granted.borrower)


def test_only_to_whom_it_is_offered(scene: Scene) -> None:
    scene.report(BEST, scene.other)
    (note,) = scene.line.notes_of(scene.other)
    with pytest.raises(CallRefused, match="offered to somebody else"):
        scene.line.apply(note, sender=scene.other, keys=scene.borrower.reader)
    with pytest.raises(NotAReader):
        scene.line.apply(note, sender=scene.other)


def test_what_was_granted_does_not_go_to_somebody_else(granted: Scene) -> None:
    with pytest.raises(CallRefused, match="somebody else's"):
        granted.line.offer(granted.other, LIMIT, sender=granted.lender)


# Money


def test_money_is_drawn_up_to_the_limit_and_paid_back(granted: Scene) -> None:
    line, borrower = granted.line, granted.borrower
    before = granted.chain.balance(borrower)
    sent = line.draw(20 * CLU, sender=borrower)
    assert granted.chain.balance(borrower) == before + 20 * CLU - sent.fee
    with pytest.raises(CallRefused, match="above the limit"):
        line.draw(10 * CLU + 1, sender=borrower)
    line.draw(10 * CLU, sender=borrower)
    with pytest.raises(CallRefused, match="not so much"):
        line.repay(LIMIT + 1, sender=borrower)
    line.repay(25 * CLU, sender=borrower)
    line.draw(25 * CLU, sender=borrower)
    assert line.read(granted.lender).line["drawn"] == LIMIT and line.holding() == FUNDS - LIMIT


def test_nothing_is_drawn_before_it_is_granted_or_by_anybody_else(scene: Scene) -> None:
    with pytest.raises(CallRefused, match="not granted"):
        scene.line.draw(1, sender=scene.borrower)
    scene.apply()
    for person in (scene.lender, scene.other):
        with pytest.raises(CallRefused, match="only the borrower"):
            scene.line.draw(1, sender=person, keys=scene.lender.reader)


def test_the_lender_changes_the_limit_and_takes_back_what_is_not_drawn(granted: Scene) -> None:
    line, lender = granted.line, granted.lender
    line.draw(20 * CLU, sender=granted.borrower)
    with pytest.raises(CallRefused, match="more than that is drawn"):
        line.offer(granted.borrower, 20 * CLU - 1, sender=lender)
    line.offer(granted.borrower, 20 * CLU, sender=lender)
    assert granted.granted
    with pytest.raises(CallRefused, match="above the limit"):
        line.draw(1, sender=granted.borrower)
    with pytest.raises(InsufficientHolding):
        line.withdraw(FUNDS, sender=lender)
    line.withdraw(FUNDS - 20 * CLU, sender=lender)
    with pytest.raises(CallRefused, match="only the lender"):
        line.withdraw(1, sender=granted.borrower)


def test_a_limit_that_changed_meanwhile_counts(granted: Scene) -> None:
    draft = granted.line.draft("draw", LIMIT, sender=granted.borrower)
    granted.line.offer(granted.borrower, CLU, sender=granted.lender)
    with pytest.raises(StaleRegister):
        granted.chain.send(granted.borrower, draft)


def test_the_lender_cannot_take_the_borrower_off_the_readers(granted: Scene) -> None:
    granted.line.draw(CLU, sender=granted.borrower)
    with pytest.raises(ReadersFixed):
        granted.line.remove_reader(granted.borrower)
    with pytest.raises(ReadersFixed):
        granted.line.add_reader(granted.other)
    view = granted.line.view
    unfixed = replace(view, record=replace(view.record, fixed_readers=False))
    forged = draft_set_readers(unfixed, [granted.lender.reader.public, granted.other.reader.public])
    with pytest.raises(ReadersFixed):
        granted.chain.send(granted.lender, forged)
    granted.line.repay(CLU, sender=granted.borrower)


def test_an_offer_that_comes_first_makes_the_borrower_pay_back_anew(granted: Scene) -> None:
    line = granted.line
    line.draw(CLU, sender=granted.borrower)
    draft = line.draft("repay", CLU, sender=granted.borrower)
    line.offer(granted.borrower, LIMIT, sender=granted.lender)
    with pytest.raises(StaleRegister):
        granted.chain.send(granted.borrower, draft)
    line.repay(CLU, sender=granted.borrower)
    offered, drawn = line.draft("offer", granted.borrower, 2, sender=granted.lender), CLU
    line.draw(drawn, sender=granted.borrower)
    with pytest.raises(StaleRegister):
        granted.chain.send(granted.lender, offered)
    line.withdraw(FUNDS - drawn, sender=granted.lender)


# Which model judges


class Other:
    """The same source with another model."""

    compiled: Compiled


@pytest.fixture(scope="module")
def other() -> type[Other]:
    step = MODEL.model.steps[-1]
    generous = replace(step.operation, bias=step.operation.bias + 50_000)  # type: ignore[type-var, attr-defined]
    model = QuantisedModel(MODEL.model.encoding, (*MODEL.model.steps[:-1], replace(step, operation=generous)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "SCORING", Model(model))
        Other.compiled = compile_contract(CreditLine.compiled.declaration)
    return Other


def test_the_model_is_on_the_chain_and_the_line_says_so(scene: Scene) -> None:
    action = registration(MODEL, scene.inference)
    assert require_program(scene.chain.view, action.program).r1cs_hash == scene.inference.r1cs_hash
    assert scene.line.read().program == id_element(action.program)
    require_model(CreditLine.compiled, scene.line.view, scene.inference)


def test_a_line_that_names_another_program_is_noticed(scene: Scene) -> None:
    with pytest.raises(AnotherModel, match="program"):
        require_model(CreditLine.compiled, scene.deployed(program=1).view, scene.inference)


def test_a_line_with_another_model_in_its_circuit_is_noticed(scene: Scene, other: type[Other]) -> None:
    initial = {"lender": scene.lender, "bureau": scene.bureau, "program": program_element(scene.inference)}
    readers = [scene.lender, scene.borrower]
    line = scene.chain.deploy(other, scene.lender, readers=readers, counts=(), initial=initial)  # type: ignore[arg-type]
    with pytest.raises(AnotherModel, match="apply"):
        require_model(CreditLine.compiled, line.view, scene.inference)
    line.offer(scene.borrower, LIMIT, sender=scene.lender)
    line.report(TRUSTED, scene.borrower, scene.borrower, sender=scene.bureau)
    (note,) = line.notes_of(scene.borrower)
    trusting = Deployed(scene.chain, CreditLine.compiled, line.id, scene.lender)
    with pytest.raises(AnotherContract):
        trusting.apply(note, sender=scene.borrower)


def test_a_kinder_model_of_ones_own_proves_nothing(scene: Scene, other: type[Other]) -> None:
    scene.report(DOUBTFUL)
    note = scene.line.notes_of(scene.borrower)[-1]
    kinder = Deployed(scene.chain, other.compiled, scene.line.id, scene.lender)
    with pytest.raises(AnotherContract):
        kinder.apply(note, sender=scene.borrower)
    honest = scene.line.draft("apply", scene.line.notes_of(scene.borrower)[0], sender=scene.borrower)
    changed = replace(honest.action, nullifiers=(honest.action.moves[0].nonce,))  # type: ignore[union-attr]
    with pytest.raises(StatementFalse):
        scene.chain.send(scene.borrower, replace(honest, action=changed))


# Who sees what


def test_applications_look_alike_whatever_the_score(scene: Scene) -> None:
    with scene.chain.snapshot():
        close = (scene.report(TRUSTED), scene.apply())
    good = (scene.report(BEST), scene.apply())
    assert [(each.size, each.work) for each in close] == [(each.size, each.work) for each in good]


def test_the_lender_reads_the_line_and_not_the_report(granted: Scene) -> None:
    assert granted.line.notes_of(granted.lender) == []
    assert set(granted.line.read(granted.lender).line) == {"borrower", "limit", "drawn", "granted"}
    with pytest.raises(NotAReader):
        _ = granted.line.read(granted.bureau).line


def test_the_walk_through_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as chain:
        story(chain, Teller())
    told = capsys.readouterr().out
    for line in ("the lender reads that the line is granted", "applies: refused, the score", "25.00 CLU of 30.00 CLU"):
        assert line in told
