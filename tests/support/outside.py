"""Test vectors made elsewhere. They lie outside the project, in the folder that CLUSTER_VECTORS names."""

import json
import os
from pathlib import Path
from typing import Any

import pytest


def vector_file(*parts: str) -> Path:
    """A file of the vectors' folder. Called at a module's top it skips the whole module, once, if there is none."""
    folder = os.environ.get("CLUSTER_VECTORS")
    if not folder:
        pytest.skip("CLUSTER_VECTORS does not name a folder of outside test vectors", allow_module_level=True)
    path = Path(folder, *parts)
    if not path.is_file():
        pytest.skip(f"the folder CLUSTER_VECTORS names has no {'/'.join(parts)}", allow_module_level=True)
    return path


def wycheproof(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(group, test) pairs of one Wycheproof file, such as "ed25519_test"."""
    content = json.loads(vector_file("wycheproof", name + ".json").read_text())
    cases = [(group, test) for group in content["testGroups"] for test in group["tests"]]
    if len(cases) != content["numberOfTests"]:
        raise ValueError(f"{name} announces {content['numberOfTests']} tests and holds {len(cases)}")
    return cases
