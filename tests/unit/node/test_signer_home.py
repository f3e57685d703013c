"""A signer's home: made anew, or with the key that a node gives up; and a whole node that signs through it."""

import asyncio
import json
import os
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import configs
from chain.types.scalars import ChainId, Uint
from node.app import App
from node.cli.frame import build_parser, execute
from node.cli.screen import Screen
from node.config import ConfigMissing, WrongValue, read_file
from node.devnet.files import Plan, create_single
from node.home import Home
from node.remote_signer.errors import KeyInTwoPlaces, NothingToAdopt, SignerHomeExists
from node.remote_signer.home import SignerHome, SignerSettings, adopt_key, create_signer_home
from node.remote_signer.messages import read_answer, read_question
from node.remote_signer.server import SignerServer
from node.signer_state import SignerInUse
from p2p.errors import ListenFailed
from tests.support import make_signer_vectors
from tests.support.devnet_scene import free_base_port
from tests.support.make_vectors import differing, main, path_of
from tests.support.p2p_nodes import eventually

TEMPLATE = Path(configs.__path__[0]) / "signer.toml"


@pytest.fixture
def node_home(tmp_path: Path) -> Home:
    return create_single(tmp_path / "node", Plan(1, "apart-1", 50, free_base_port(2)), 1_700_000_000_000, None)


@pytest.fixture
def settings() -> SignerSettings:
    return SignerSettings(listen=f"127.0.0.1:{free_base_port(1)}")


def test_the_template_holds_every_key_with_its_default() -> None:
    assert read_file(SignerSettings, TEMPLATE, "") == SignerSettings().check()
    assert tomllib.loads(TEMPLATE.read_text()).keys() == {entry.name for entry in fields(SignerSettings)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("chain_id", ""),
        ("listen", "26660"),
        ("nodes", ("ab",)),
        ("nodes", (64 * "g",)),
        ("log_level", ""),
    ],
)
def test_wrong_settings_are_refused_by_their_key(key: str, value: object) -> None:
    with pytest.raises(WrongValue) as refused:
        SignerSettings(**{key: value}).check()  # type: ignore[arg-type]
    assert refused.value.key == key


# Making one


def test_a_new_signer_shows_what_node_and_genesis_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "signer"
    argv = ["signer", "init", "--home", str(home), "--chain-id", "apart-1", "--node", 64 * "a", "--json"]
    assert execute(argv) == 0
    shown = json.loads(capsys.readouterr().out)
    signer = SignerHome(home).open_signer(SignerHome(home).load_settings(), None)
    signer.close()
    assert (shown["signer.validator"], shown["vrf_key"]) == (signer.public_key.hex(), "0x" + signer.vrf_key.hex())
    assert shown["signer.address"].startswith(SignerHome(home).load_identity().public.hex() + "@")
    assert {path.stat().st_mode & 0o777 for path in (home / "keys").iterdir()} == {0o600}
    assert execute(["signer", "show", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out).items() <= shown.items()
    assert execute(argv) == 1 and json.loads(capsys.readouterr().out)["error"]["name"] == "SignerHomeExists"


def test_a_home_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigMissing):
        SignerHome(tmp_path).load_settings()


# Moving a key


def test_a_nodes_key_and_its_state_move_and_the_node_is_told(
    node_home: Home, tmp_path: Path, settings: SignerSettings
) -> None:
    before = node_home.signer_state.read_bytes()
    public = json.loads(node_home.validator_key.read_text())["public"]
    home = adopt_key(tmp_path / "signer", node_home, settings)
    assert home.signer_state.read_bytes() == before
    assert not node_home.validator_key.exists() and not node_home.signer_state.exists()
    config = node_home.load_config()
    assert config.signer.remote and public.removeprefix("0x") == config.signer.validator
    assert home.load_settings().nodes == (node_home.load_node_key().public.hex(),)
    assert home.load_settings().chain_id == "apart-1"
    home.open_signer(home.load_settings(), None).close()
    with pytest.raises(NothingToAdopt):
        adopt_key(tmp_path / "again", node_home, settings)


def test_the_key_of_a_node_that_runs_stays(node_home: Home, tmp_path: Path, settings: SignerSettings) -> None:
    running = node_home.open_signer(node_home.load_genesis())
    with pytest.raises(SignerInUse):
        adopt_key(tmp_path / "signer", node_home, settings)
    running.close()
    assert node_home.validator_key.exists() and not (tmp_path / "signer").exists()


def test_a_key_is_not_moved_over_other_files(node_home: Home, tmp_path: Path, settings: SignerSettings) -> None:
    (tmp_path / "signer").mkdir()
    (tmp_path / "signer" / "mine").write_text("")
    with pytest.raises(SignerHomeExists):
        adopt_key(tmp_path / "signer", node_home, settings)
    assert node_home.validator_key.exists() and not node_home.load_config().signer.remote


def test_a_node_with_the_remote_key_at_home_too_does_not_start(
    node_home: Home, tmp_path: Path, settings: SignerSettings
) -> None:
    key = node_home.validator_key.read_bytes()
    adopt_key(tmp_path / "signer", node_home, settings)
    descriptor = os.open(node_home.validator_key, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, key)
    os.close(descriptor)
    with pytest.raises(KeyInTwoPlaces):
        App(node_home)


# A node that signs through it


def served(home: SignerHome) -> "asyncio.Task[None]":
    """The signer's process, as a task."""
    settings = home.load_settings()
    signer = home.open_signer(settings, None)
    server = SignerServer(signer, ChainId(settings.chain_id), home.load_identity(), settings.node_ids(), os.urandom)

    async def live() -> None:
        try:
            await server.run(settings.address(), lambda address: None)
        finally:
            signer.close()

    return asyncio.create_task(live())


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=20)


async def test_a_chain_goes_on_with_its_signer_and_stands_still_without(
    node_home: Home, tmp_path: Path, settings: SignerSettings
) -> None:
    home = adopt_key(tmp_path / "signer", node_home, settings)
    signer, app = served(home), App(node_home)
    life = asyncio.create_task(app.run())
    ledger = app.node.ledger
    await eventually(lambda: ledger.tip.height >= 2, 40)
    await ended(signer)
    await eventually(lambda: not app.node.signer.connected)  # type: ignore[union-attr]
    height = ledger.tip.height
    await asyncio.sleep(0.3)  # six block times
    assert ledger.tip.height == height and not life.done()
    signer = served(home)
    await eventually(lambda: ledger.tip.height >= height + 2, 60)
    app.stop()
    await asyncio.wait_for(life, 30)
    await ended(signer)
    reopened = home.open_signer(home.load_settings(), None)
    assert reopened.last_position[0] >= height + 2
    reopened.close()


async def test_a_signer_that_the_system_gives_no_port_says_so(tmp_path: Path, settings: SignerSettings) -> None:
    home, signer = create_signer_home(tmp_path / "signer", settings, None)
    signer.close()
    blocker = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", settings.address().port)
    arguments = build_parser({"signer"}).parse_args(["signer", "start", "--home", str(home.root), "--json"])
    with pytest.raises(ListenFailed):
        await arguments.run(arguments, Screen(silent=True))
    assert arguments.refused == 1  # it may pass
    blocker.close()
    await blocker.wait_closed()


# What is said on the link


def test_the_words_of_the_link_stay_as_they_were_fixed() -> None:
    assert differing(make_signer_vectors.FAMILIES) == []
    assert main(["--check"], make_signer_vectors.FAMILIES) == 0


def test_they_still_decode() -> None:
    _, *rows = json.loads(path_of(make_signer_vectors.signer_link).read_text())["vectors"]
    questions = [bytes.fromhex(row["bytes"]) for row in rows if "asked" in row]
    answers = [bytes.fromhex(row["bytes"]) for row in rows if "answered" in row]
    assert tuple(read_question(data).asked for data in questions) == make_signer_vectors.QUESTIONS
    read = tuple(read_answer(data, Uint(number)) for number, data in enumerate(answers, 1))
    assert read == make_signer_vectors.ANSWERS
