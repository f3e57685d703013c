"""A network that is not there is told, and nothing of the attempt is left open."""

import gc
from pathlib import Path

import pytest

from client.errors import Unreachable
from compute.dev_keys import DevKeys
from compute.sandbox import Network
from compute.sandbox.errors import SandboxClosed
from crypto.keys import SecretKey


def test_where_nobody_answers_no_session_stays_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    network = Network("http://127.0.0.1:1", SecretKey(b"\x07" * 32), DevKeys(tmp_path))
    with pytest.raises(Unreachable), network:
        pytest.fail("nobody is there")
    with pytest.raises(SandboxClosed):
        _ = network.height
    del network
    gc.collect()
    assert "Unclosed" not in caplog.text
