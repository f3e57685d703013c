"""A customer shows that a bank's model trusts him, without showing what it judges by, and draws on a credit line.

python -m examples.contracts.credit_line.walkthrough [--rpc http://127.0.0.1:8645]
"""

from compute.sandbox import CLU, Deployed, Person, Sent
from compute.zkml.artifact import registration
from examples.contracts.credit_line.contract import CreditLine
from examples.contracts.credit_line.lookup import program_element, require_model
from examples.contracts.credit_line.model import INFERENCE, MODEL, SCORING, THRESHOLD, score
from examples.contracts.stage import Chain, Teller, clu, play
from examples.data import credit

LIMIT, FUNDS = 30 * CLU, 40 * CLU  # for two lines, out of the 100 CLU that people of a network begin with


def customers() -> tuple[list[int], list[int]]:
    """Features of two people among the data's customers that the model never saw: it trusts the first."""
    rows = sorted((SCORING.encode(row) for row in credit().rows.tolist()), key=score)
    return rows[-1], rows[0]


def story(chain: Chain, tell: Teller) -> None:
    """All of it, on any chain."""
    trusted, doubtful = customers()
    lender, bureau, ann, ben = (chain.person(name) for name in ("lender", "bureau", "ann", "ben"))

    tell.chapter("The lender offers")
    tell("keys of its circuits are made and registered, the first time on a machine")
    chain.register(CreditLine, counts=(2,))
    inference = chain.circuit(INFERENCE)
    tell(
        "the model is registered: its weights are in a file for everybody",
        chain.send(lender, registration(MODEL, inference)),
    )
    program = program_element(inference)
    line = offered(chain, (lender, bureau, ann), program, tell)
    require_model(CreditLine.compiled, line.view, inference)
    tell("ann compiles the source with the model's file and finds the deployed circuits: it is that model that judges")

    tell.chapter("The bureau reports")
    tell("a report goes to ann, encrypted, and says nothing to anybody else", reported(line, bureau, ann, trusted))
    tell.refused("the lender writes reports himself", lambda: reported(line, lender, ann, trusted))

    tell.chapter("The model judges")
    (note,) = line.notes_of(ann)
    tell(f"ann computes her score at home: {score(trusted):,}; {THRESHOLD:,} is asked for")
    tell("she applies: the proof says it is enough, and not how much it is", line.apply(note, sender=ann))
    tell(f"the lender reads that the line is {'granted' if line.read(lender).line['granted'] else 'not granted'}")
    tell.refused("she uses the report again", lambda: line.apply(note, sender=ann))
    other = offered(chain, (lender, bureau, ben), program, tell)
    reported(other, bureau, ben, doubtful)
    tell.refused(
        f"ben, whose score is {score(doubtful):,}, applies", lambda: other.apply(*other.notes_of(ben), sender=ben)
    )
    tell("nothing of ben's attempt left his machine")

    drawn(chain, tell, line, lender, ann)


def offered(chain: Chain, parties: tuple[Person, Person, Person], program: int, tell: Teller) -> Deployed:
    """A line with money in it and a limit, not granted yet."""
    lender, bureau, borrower = parties
    initial = {"lender": lender, "bureau": bureau, "program": program}
    line = chain.deploy(CreditLine, lender, readers=[lender, borrower], counts=(2,), initial=initial)
    line.fund(FUNDS, sender=lender)
    tell(
        f"{clu(FUNDS)} are in a line for {borrower.name}; its limit is sealed",
        line.offer(borrower, LIMIT, sender=lender),
    )
    return line


def reported(line: Deployed, bureau: Person, customer: Person, features: list[int]) -> Sent:
    return line.report(features, customer, customer, sender=bureau)


def drawn(chain: Chain, tell: Teller, line: Deployed, lender: Person, ann: Person) -> None:
    """Money out and back."""
    tell.chapter("The line is used")
    tell("ann draws 20 CLU, which everybody sees, and not what is left", line.draw(20 * CLU, sender=ann))
    tell.refused("she draws 20 CLU more", lambda: line.draw(20 * CLU, sender=ann))
    tell("she pays 15 CLU back", line.repay(15 * CLU, sender=ann))
    tell("and draws 20 CLU again", line.draw(20 * CLU, sender=ann))
    tell(f"both read: {clu(line.read(lender).line['drawn'])} of {clu(line.read(ann).line['limit'])} are drawn")
    tell.refused("the lender lowers the limit below that", lambda: line.offer(ann, 10 * CLU, sender=lender))
    tell.refused("the lender takes out what is lent", lambda: line.withdraw(FUNDS, sender=lender))
    tell(f"the contract holds {clu(line.holding())}")


if __name__ == "__main__":
    play(story, __doc__)
