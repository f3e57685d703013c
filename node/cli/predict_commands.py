"""`cluster predict`: ask for a proven prediction, wait, decrypt, check. `cluster task` has its steps one by one."""

import argparse
from pathlib import Path
from typing import Final

from client.rpc import RpcClient
from compute.zkml.buyer import Buyer, Offer, wait_for_answer
from compute.zkml.receipt import receipt_path
from compute.zkml.sources import read_rows
from node.cli.amounts import add_prices, parse_prices
from node.cli.answers import answer_json, say_who_sees, show_answer
from node.cli.frame import command
from node.cli.keyring import add_key_arguments, open_wallet
from node.cli.places import ROWS_FOLDER, receipts_folder, rows_folder
from node.cli.screen import Json, Screen

REQUESTER: Final = "account0"


def register(parser: argparse.ArgumentParser) -> None:
    predict = command(parser, _predict, rpc=True)
    predict.add_argument("model", help="a published model's id in 0x-hex, or its name")
    predict.add_argument("--input", type=Path, required=True, metavar="ROW.npy", help="the row; also .json and .csv")
    add_prices(predict)
    predict.add_argument("--receipts", type=Path, help="folder of receipts (default: $CLUSTER_HOME/tasks)")
    predict.add_argument(
        "--inputs", type=Path, help=f"where a batch's file of rows goes, for workers (default: {ROWS_FOLDER})"
    )
    add_key_arguments(predict, default=REQUESTER)


async def _predict(arguments: argparse.Namespace, screen: Screen) -> Json:
    offer = Offer(*parse_prices(arguments.price, arguments.max_price))
    async with RpcClient(arguments.rpc) as rpc:
        wallet = await open_wallet(arguments, rpc)
        receipts = arguments.receipts or receipts_folder()
        buyer = Buyer(wallet, inputs=arguments.inputs or rows_folder(), receipts=receipts)
        order = await buyer.order(arguments.model, offer)
        rows = read_rows(arguments.input, order.manifest.features).tolist()
        order.manifest.quantise_rows(rows)  # rows that do not fit are refused before anything is said of them
        say_who_sees(order, screen)
        with screen.progress("posting the task") as step:
            receipt = await buyer.post(order, *rows)
            step.describe("waiting for a provider, whose proof is then verified here")
            answer = await wait_for_answer(rpc, receipt)
    kept = {"receipt": str(receipt_path(receipts, receipt.task))}
    show_answer(answer, screen)
    screen.pairs(kept.items())
    return {**answer_json(answer), **kept}
