"""The market from the command line: publish a model of one's own, run a worker as a process, ask, read the result."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from chain.types.scalars import Amount, ObjectId
from client.provider import registration
from client.rpc import RpcClient
from client.wallet import Wallet
from compute.worker.settings import WorkerSettings
from compute.zkml.errors import FileMissing, NotTrusted, RowOutOfRange
from compute.zkml.folder import load_compiled
from compute.zkml.receipt import UNKNOWN_TASK, load_receipt, save_receipt
from node.cli.errors import BadArgument
from node.cli.frame import execute
from node.config import UnknownKey, WrongValue, read_file
from node.worker_home import (
    TEMPLATE,
    WorkerHomeExists,
    WorkerHomeMissing,
    WorkerRunning,
    create_home,
    journal,
    open_home,
    read_status,
)
from tests.support.one_node import OneNode, one_node
from tests.support.own_ceremony import own_ceremony

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
RANDOM = np.random.default_rng(3)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLUSTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """A classifier of three features in a joblib file, its data beside it."""
    rows = RANDOM.normal(size=(50, 3))
    labels = np.where(rows.sum(axis=1) > 0, "up", "down")
    path = tmp_path / "trend.joblib"
    joblib.dump(LogisticRegression().fit(rows, labels), path)
    np.save(tmp_path / "rows.npy", rows)
    np.save(tmp_path / "labels.npy", labels)
    return path


class Market:
    """Command lines against one running node."""

    def __init__(self, node: OneNode, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.node, self.root, self._capsys = node, root, capsys

    async def run(self, *argv: str) -> Any:
        """The JSON document of a command; errors come as documents too."""
        await asyncio.to_thread(execute, [*argv, "--json"])
        return json.loads(self._capsys.readouterr().out)

    async def ask(self, *argv: str) -> Any:
        return await self.run(*argv, "--rpc", self.node.url)

    def key(self, name: str) -> tuple[str, str]:
        return "--key", str(self.node.home.root / self.node.accounts[name].key_file)

    async def publish(self, model: Path, *options: str) -> Any:
        rows, labels = str(model.parent / "rows.npy"), str(model.parent / "labels.npy")
        data = ("--sample", rows, "--held-out", rows, "--labels", labels)
        options = (*options, *data, "--models", str(self.root / "models"), *self.key("account1"))
        return await self.ask("model", "publish", str(model), *options)

    async def said(self, *argv: str) -> str:
        """What a command of account0 says to people, refusals included."""
        return await self.shown(*argv, *self.key("account0"))

    async def shown(self, *argv: str) -> str:
        """What a command says to people."""
        await asyncio.to_thread(execute, [*argv, "--rpc", self.node.url])
        shown = self._capsys.readouterr()
        return shown.out + shown.err

    def row(self, content: str) -> str:
        """A file with a row."""
        file = self.root / "row"
        file.write_text(content)
        return str(file)

    async def post(self, row: str, *options: str) -> Any:
        heights = ("--lock-within", "2000", "--end-within", "3000")
        return await self.ask(
            "task", "post", "trend", "--row", self.row(row), *heights, *self.key("account0"), *options
        )

    @asynccontextmanager
    async def worker(self, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """`cluster worker start` as a process; its end is the test's to see to."""
        command = ("-P", "-m", "node.cli", "worker", "start", "--home", str(self.root / "worker"), *options)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@pytest.fixture
async def market(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Market]:
    async with one_node(tmp_path) as node:
        yield Market(node, tmp_path, capsys)


async def test_a_model_is_published_asked_and_proven(market: Market, model_file: Path) -> None:
    published = await market.publish(model_file, "--description", "up or down")
    assert published["name"] == "trend" and published["score_quantised"] > 0.8
    listed = await market.ask("model", "list")
    assert [entry["model"] for entry in listed["models"]] == ["trend"]
    shown = await market.ask("model", "show", "trend")
    assert (shown["vk_id"], published["ceremony_named"]) == (published["vk_id"], False)
    assert shown["manifest"]["classes"] == ["down", "up"]
    assert shown["evidence"].startswith("proof/single-party(cluster1")
    told = await market.shown("model", "show", "trend")
    assert "one of down, up" in told and "None" not in told and "{" not in told
    nobody = await market.post("[1, 1, 1]")
    assert nobody["error"]["name"] == "NoProvider"
    await market.run(
        *("worker", "init", "--home", str(market.root / "worker"), "--rpc", market.node.url, "--bond", "20"),
        *("--models", str(market.root / "models"), *market.key("account2")),
    )
    async with market.worker() as process:
        await _registered(market)
        sent = await market.post("[1, 1, 1]", "--wait")
        assert sent["result"]["rows"][0]["class"] == "up"
        assert sent["readers"] == [market.node.accounts["account2"].address]
        process.kill()
        await process.wait()
    await _result_after_a_restart(market)


async def _result_after_a_restart(market: Market) -> None:
    """A task posted while no worker runs is proven by the next one, which ends in order when it is told to."""
    waiting = await market.post("-1,-1,-1")
    shown = await market.ask("task", "show", waiting["task"])
    assert (shown["phase"], shown["sealed_input_bytes"] > 0) == ("open", True)
    listed = await market.ask("task", "list")
    assert [task["id"] for task in listed["tasks"]] == [waiting["task"]]
    _as_before_the_id_was_known(Path(waiting["receipt"]))
    async with market.worker("--json") as process:
        result = await market.ask("task", "result", waiting["task"])
        assert result["rows"][0]["class"] == "down"
        assert result["proof"] == "verified here"
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    final = json.loads(out)
    assert (final["settled"], final["lost"]) == (1, 0) and int(final["earned"]) > 0
    status = await market.run("worker", "status", "--home", str(market.root / "worker"))
    assert status["running"] is False and status["settled_ever"] == 2
    settled = await market.ask("task", "list", "--provider", market.node.accounts["account2"].address)
    assert {task["phase"] for task in settled["tasks"]} == {"settled"}


def _as_before_the_id_was_known(receipt: Path) -> None:
    """Leave what a command leaves that was killed when its task was posted."""
    kept = load_receipt(receipt.parent, ObjectId(bytes.fromhex(receipt.stem)))
    receipt.unlink()
    save_receipt(receipt.parent, replace(kept, task=UNKNOWN_TASK))


async def _registered(market: Market) -> None:
    """Wait until the worker's account is a provider."""
    address = market.node.accounts["account2"].address
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if "error" not in await market.ask("query", "provider_get", f"address={address}"):
                return
            await asyncio.sleep(0.1)


async def test_what_is_wrong_is_said_before_anything_happens(market: Market, model_file: Path) -> None:
    missing = await market.publish(model_file.with_name("other.joblib"))
    assert missing["error"]["code"] == FileMissing.code
    unknown_kind = await market.publish(model_file.parent / "rows.npy")
    assert unknown_kind["error"]["name"] == "UnknownExample"
    await market.publish(model_file)
    again = await market.publish(model_file)
    assert again["error"]["name"] == "VersionTaken"
    for row in ("", "[1, 2", "1;2;3", '["a", 1, 2]', "[[1], 2, 3]"):
        assert (await market.post(row))["error"]["code"] == BadArgument.code, row
    unknown = await market.ask("task", "show", "0x12")
    assert unknown["error"]["code"] == BadArgument.code
    nothing = await market.ask("task", "show", "0x" + "00" * 32)
    assert nothing["error"]["name"] == "TaskNotFound"
    receiptless = await market.ask("task", "result", "0x" + "00" * 32)
    assert receiptless["error"]["name"] == "ReceiptUnusable"
    assert (await market.ask("model", "show", "nothing"))["error"]["name"] == "ModelNameUnknown"
    await _bond(market)
    assert (await market.post("[1e9, 0, 0]"))["error"]["code"] == RowOutOfRange.code
    assert (await market.post("[1, 0]"))["error"]["name"] == "WrongRowLength"
    assert (await market.post("[1, 0, 0]", "--provider", "cluster1xyz"))["error"]["name"] != "NoProvider"
    assert "able to read these rows" not in await market.said("task", "post", "trend", "--row", market.row("[1, 0]"))
    said = await market.said("task", "post", "trend", "--row", market.row("[1, 0, 0]"))
    assert "able to read these rows" in said and "evidence: proof/single-party(cluster1" in said


async def _bond(market: Market) -> None:
    """Make account2 a provider, so that there is somebody to seal to."""
    async with RpcClient(market.node.url) as rpc:
        secret = market.node.secret("account2")
        wallet = await Wallet.open(secret, rpc)
        await wallet.submit([registration(secret, Amount(10**11), Amount(1))])


async def test_somebody_elses_joblib_is_not_read_unasked(
    market: Market, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    refused = await market.publish(model_file)
    assert refused["error"]["code"] == NotTrusted.code
    assert (await market.publish(model_file, "--my-own-file"))["name"] == "trend"


@pytest.mark.slow
async def test_a_prediction_is_posted_proven_opened_and_verified(market: Market, model_file: Path) -> None:
    """Two rows in one proof, of a model whose weights nobody is shown; the rows travel beside the chain."""
    await market.publish(model_file, "--profile", "private", "--batch", "2")
    worker = market.root / "home" / "worker"
    await market.run(
        *("worker", "init", "--home", str(worker), "--rpc", market.node.url, "--bond", "20"),
        *("--models", str(market.root / "models"), *market.key("account2")),
    )
    rows = market.root / "two.npy"
    np.save(rows, [[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]])
    async with market.worker("--home", str(worker)):
        await _registered(market)
        answer = await market.ask("predict", "trend", "--input", str(rows), *market.key("account0"))
    assert [row["class"] for row in answer["rows"]] == ["up", "down"]
    assert answer["proof"] == "verified here"
    (travelled,) = (worker / "inputs").iterdir()
    assert travelled.suffix == ".rows"
    receipt = await asyncio.to_thread(Path(answer["receipt"]).read_text)
    assert json.loads(receipt)["rows"] == 2


async def test_models_of_one_shape_share_a_key_and_each_has_its_royalty(market: Market, model_file: Path) -> None:
    first = await market.publish(model_file, "--profile", "private", "--royalty", "7.5")
    data = model_file.parent
    rows = RANDOM.normal(size=(50, 3))
    joblib.dump(LogisticRegression().fit(rows, np.where(rows[:, 0] > 0, "up", "down")), data / "other.joblib")
    second = await market.publish(data / "other.joblib", "--profile", "private", "--royalty", "0")
    assert (first["keys"], second["keys"]) == ("made", "reused")
    assert first["vk_id"] == second["vk_id"] and first["program"] != second["program"]
    shown = [await market.ask("model", "show", name) for name in ("trend", "other")]
    assert [model["royalty_percent"] for model in shown] == [7.5, 0]
    rows_public = await market.publish(model_file, "--profile", "private-model")
    assert rows_public["error"]["name"] == "BadArgument" and "sealed" in rows_public["error"]["message"]
    refused = await market.publish(model_file, "--royalty", "101")
    assert refused["error"]["code"] == BadArgument.code


async def test_a_compiled_folder_is_published_with_its_ceremony(market: Market, model_file: Path) -> None:
    data, folder = model_file.parent, market.root / "zk"
    rows = np.arange(20.0).reshape(-1, 1) % 2
    joblib.dump(LogisticRegression().fit(rows, rows[:, 0] > 0), model_file)
    np.save(data / "bits.npy", rows)
    sample = ("--sample", str(data / "bits.npy"))
    publish = ("model", "publish", str(folder), "--models", str(market.root / "models"), *market.key("account1"))
    await market.run("zk", "compile", str(model_file), *sample, "--out", str(folder))
    refused = await market.ask(*publish)
    assert refused["error"]["name"] == "ResultsNotSealed" and "--results encrypted" in refused["error"]["message"]
    keyed = ("--results", "encrypted", "--profile", "private-model")
    await market.run("zk", "compile", str(model_file), *sample, *keyed, "--out", str(folder))
    assert (await market.ask(*publish))["error"]["name"] == "ResultsKeyed"
    await market.run("zk", "compile", str(model_file), *sample, "--results", "encrypted", "--out", str(folder))
    made = await asyncio.to_thread(lambda: own_ceremony(load_compiled(folder).circuit))
    (data / "final.zkey").write_bytes(made)
    await market.run("zk", "import", str(folder), str(data / "final.zkey"))
    unnamed = await market.ask(*publish)
    assert unnamed["error"]["name"] == "FolderUnusable" and "--ptau" in unnamed["error"]["message"]
    for words in (sample, ("--batch", "2"), ("--class-only",)):
        assert (await market.ask(*publish, *words))["error"]["code"] == BadArgument.code
    false = await market.ask(*publish, "--ptau", str(data / "final.zkey"))
    assert false["error"]["name"] == "NotThisFormat"
    named = json.loads((folder / "ceremony.json").read_text())
    (folder / "ceremony.json").write_text(json.dumps({**named, "ptau": "ab" * 32}))  # as import --ptau writes it
    published = await market.ask(*publish)
    assert (published["name"], published["keys"]) == ("zk", "ceremony")
    key = await market.ask("ceremony", "show", published["vk_id"])
    assert key["ceremony"]["ptau"] == "0x" + "ab" * 32
    assert key["ceremony"]["r1cs"] == "0x" + sha256((folder / "circuit.r1cs").read_bytes()).hexdigest()


@pytest.mark.slow
async def test_a_circom_circuit_is_sold_and_bought_like_a_model(market: Market) -> None:
    source = str(ROOT / "examples" / "circom" / "polynomial.circom")
    options = ("--models", str(market.root / "models"), *market.key("account1"))
    published = await market.ask("model", "publish", source, "--features", "2", *options)
    assert (published["name"], published["bound"], published["royalty_percent"]) == ("polynomial", True, 5.0)
    shown = await market.ask("model", "show", published["model"])
    assert (shown["program"], shown["name"]) == (published["program"], "polynomial")
    assert (shown["manifest"]["format"], shown["manifest"]["features"]) == ("cluster-circom/1", 2)
    await market.ask("model", "publish", source, "--name", "plain", *options)
    worker = ("--home", str(market.root / "worker"))
    wallet = ("--rpc", market.node.url, "--bond", "20", "--models", str(market.root / "models"))
    await market.run("worker", "init", *worker, *wallet, *market.key("account2"))
    row = market.root / "row.json"
    row.write_text("[2, 5]")
    buy = ("--input", str(row), *market.key("account0"))
    patient = ("--lock-within", "2000", "--end-within", "3000", *market.key("account0"))
    async with market.worker():
        await _registered(market)
        sent = await market.ask("task", "post", "polynomial", "--row", str(row), *patient, "--wait")
        assert sent["result"]["rows"] == [{"outputs": [3 * 2**3 + 2 * 2 * 5 + 7, 7]}]
        assert "51, 7" in await market.shown("task", "result", sent["task"])
        assert (await market.ask("predict", "plain", *buy))["error"]["name"] == "NotBound"
        row.write_text("[2, 0.5]")
        refused = await market.ask("predict", "polynomial", *buy)
        assert refused["error"]["name"] == "InputRefused" and "0 to 65535" in refused["error"]["message"]


# A worker's home


def test_the_shipped_settings_are_the_defaults() -> None:
    assert read_file(WorkerSettings, ROOT / TEMPLATE, TEMPLATE) == WorkerSettings()


def test_settings_written_are_settings_read(tmp_path: Path) -> None:
    settings = WorkerSettings(rpc="http://example.net:1", min_price=7, rescue=False, models="/else/where")
    create_home(tmp_path / "worker", settings)
    opened = open_home(tmp_path / "worker")
    assert opened is not None and opened.settings == settings
    assert opened.models == Path("/else/where")
    assert opened.key_file == tmp_path / "worker" / "keys" / "account.json"
    with pytest.raises(WorkerHomeExists):
        create_home(tmp_path / "worker", settings)
    assert open_home(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("min_prise = 1", UnknownKey),
        ("min_price = -1", WrongValue),
        ('bond = "1"', WrongValue),
        ("version = 2", WrongValue),
    ],
)
def test_settings_that_nobody_knows_are_refused(line: str, error: type[Exception], tmp_path: Path) -> None:
    (tmp_path / "worker.toml").write_text(line)
    with pytest.raises(error):
        open_home(tmp_path)


def test_one_worker_a_folder(tmp_path: Path) -> None:
    with journal(tmp_path), pytest.raises(WorkerRunning), journal(tmp_path):
        pass
    assert read_status(tmp_path) is None
    with journal(tmp_path):
        pass


async def test_without_home_and_devnet_the_worker_says_what_to_do(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(execute, ["worker", "start", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == WorkerHomeMissing.code and "cluster devnet up" in error["message"]
