"""How commands show who will see a row, and what came back."""

from collections.abc import Sequence
from typing import Any, Final

from compute.circom.program import CircomManifest
from compute.manifests import AnyManifest
from compute.zkml.buyer import Answer, Order
from compute.zkml.graph import CLASSIFICATION
from node.cli.amounts import show_amount
from node.cli.screen import Screen

SHOWN_ROWS: Final = 20
SHOWN_CLASSES: Final = 4


def say_who_sees(order: Order, screen: Screen) -> None:
    """Before anything is sent: who will be able to read the rows, and what a proof of the model is worth."""
    screen.line("able to read these rows: you, and whoever holds the keys of")
    for provider in order.providers:
        record = provider.record
        screen.line(f"  {provider.address}  bond {show_amount(provider.bond)}, {record.settled} settled")
    screen.line("nobody else: on chain stand a commitment and a ciphertext")
    screen.line("the keys are those accounts' own; which providers there are, and which program the model is")
    screen.line(f"(0x{order.model.program.record.id.hex()}), is the node's word")
    screen.line(f"evidence: {order.model.strength}; whoever made a single-party key could forge")


def show_answer(answer: Answer, screen: Screen) -> None:
    """Who proved it at which price, and what it says."""
    named = ((name, value) for name, value in answer_json(answer).items() if name not in ("task", "rows", "price"))
    screen.pairs([*named, ("price", show_amount(answer.price))])
    _show_rows(answer, screen)


def answer_json(answer: Answer) -> dict[str, Any]:
    """What --json prints of an answer."""
    return {
        "task": "0x" + answer.receipt.task.hex(),
        "model": answer.receipt.model,
        "rows": [_row_json(answer.manifest, one) for one in answer.outputs],
        "provider": answer.provider,
        "price": str(answer.price),
        "height": answer.height,
        **_proof_json(answer),
    }


def _proof_json(answer: Answer) -> dict[str, str]:
    """Of which program it was proven and where the proof stands, if it was verified on this machine."""
    if answer.transaction is None:
        return {}
    program, transaction = answer.receipt.program.hex(), answer.transaction.hex()
    return {"proof": "verified here", "program": "0x" + program, "transaction": "0x" + transaction}


def _row_json(manifest: AnyManifest, outputs: Sequence[int]) -> dict[str, Any]:
    """What one row's proven outputs say, in the model's units and as they were proven."""
    if isinstance(manifest, CircomManifest):
        return {"outputs": list(outputs)}
    said = {"class": manifest.said(outputs)} if manifest.kind == CLASSIFICATION else {}
    chances = manifest.probabilities(outputs)
    return {
        **said,
        "probabilities": chances,
        **({} if chances is None else {"classes": list(manifest.classes)}),
        "values": [output * manifest.unit for output in outputs],
        "outputs": list(outputs),
    }


def _show_rows(answer: Answer, screen: Screen) -> None:
    """A table of the rows, the first ones of many."""
    manifest = answer.manifest
    rows = [
        (number, manifest.said(outputs), _likeliest(manifest, outputs))
        for number, outputs in enumerate(answer.outputs[:SHOWN_ROWS])
    ]
    chances = any(likeliest for _, _, likeliest in rows)
    shown = rows if chances else [row[:2] for row in rows]
    screen.table("", ("row", "prediction", "probabilities") if chances else ("row", "prediction"), shown)
    if len(answer.outputs) > SHOWN_ROWS:
        screen.line(f"… {len(answer.outputs)} rows in all; --json prints them")


def _likeliest(manifest: AnyManifest, outputs: Sequence[int]) -> str:
    """The likeliest classes of one row by name, with their probabilities; nothing where the model knows none."""
    if isinstance(manifest, CircomManifest) or (chances := manifest.probabilities(outputs)) is None:
        return ""
    ranked = sorted(zip(chances, manifest.classes, strict=True), key=lambda pair: -pair[0])
    more = f", {len(ranked) - SHOWN_CLASSES} less likely" if len(ranked) > SHOWN_CLASSES else ""
    return ", ".join(f"{name} {chance:.3g}" for chance, name in ranked[:SHOWN_CLASSES]) + more
