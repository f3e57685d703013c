"""What `cluster model publish` names: an example, a model file, or a folder of `cluster zk compile`, with its keys."""

import argparse
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from compute.zkml.compiled import PUBLIC_MODEL, Compiled, Ready, Settings
from compute.zkml.errors import ResultsKeyed, ResultsNotSealed, ResultTooWide
from compute.zkml.folder import load_compiled, require_proving_room, set_up
from compute.zkml.imported import ceremony_of, import_key
from compute.zkml.inference import ENCRYPTED
from compute.zkml.provable import MAX_RESULT_ELEMENTS
from compute.zkml.sources import JOBLIB, ONNX
from contracts.registry.state import Ceremony
from node.cli.errors import BadArgument
from node.cli.model_source import compile_file, require_batch
from node.cli.places import cache_folder
from node.cli.screen import Step
from node.cli.work import built, estimated, watched

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class ToPublish:
    """A model that may be published, with keys. ceremony: what the chain is told of an imported key."""

    ready: Ready
    name: str
    description: str
    ceremony: Ceremony | None


async def to_publish(arguments: argparse.Namespace, step: Step) -> ToPublish:
    """The model with keys: imported ones, those of an earlier model of its shape, or made now.

    Raises BadArgument, ResultsNotSealed, ResultsKeyed, ResultTooWide, TooManyConstraints, ModelTooLarge, and what
    compiling raises.
    """
    folder = Path(arguments.model)
    compiled, name, description = await watched(step, "quantising", partial(_compiled, arguments))
    statement = compiled.provable.statement
    if statement.outputs != ENCRYPTED:
        raise ResultsNotSealed(folder, statement.outputs)
    if statement.keyed:
        raise ResultsKeyed(arguments.model)
    if statement.elements > MAX_RESULT_ELEMENTS:
        raise ResultTooWide(statement.elements, MAX_RESULT_ELEMENTS)
    if not arguments.force:
        compiled.require_room()
        require_proving_room(compiled, force=False)
    await built(step, compiled)
    seconds = compiled.cost.estimate.setup_microseconds / MICRO / (os.cpu_count() or 1)
    ready = await estimated(step, "loading or making keys", seconds, partial(_with_keys, folder, compiled))
    if not ready.keys.ceremony:
        return ToPublish(ready, name, description, None)
    if arguments.ptau is not None and ready.keys.zkey is not None:
        check = partial(import_key, folder, compiled, ready.keys.zkey, arguments.ptau)
        await watched(step, "checking every point of the key", check)
    return ToPublish(ready, name, description, ceremony_of(folder))


def _with_keys(folder: Path, compiled: Compiled) -> Ready:
    """A folder keeps its own keys, other models' lie in the cache."""
    if folder.is_dir():
        return set_up(folder, compiled, cache=cache_folder(), force=True)
    return compiled.setup(cache_folder(), force=True)


def _compiled(arguments: argparse.Namespace) -> tuple[Compiled, str, str]:
    """The model with its own name and description."""
    file = Path(arguments.model)
    if file.is_dir():
        _require_nothing_else(arguments)
        return load_compiled(file), file.resolve().name.lower(), ""
    if arguments.ptau is not None:
        raise BadArgument("--ptau", "a folder with a key that `cluster zk import` took", arguments.model)
    if file.suffix not in (ONNX, JOBLIB):
        from compute.zkml.example_cache import load_example

        example = load_example(arguments.model, cache_folder())
        return Compiled(example.provable, Settings(results=ENCRYPTED)), example.name, example.description
    if arguments.sample is None:
        raise BadArgument("--sample", "a file of rows that calibrate the model", "nothing")
    require_batch(arguments.batch)
    settings = Settings(
        arguments.profile or PUBLIC_MODEL, ENCRYPTED, rows=arguments.batch, class_only=arguments.class_only
    )
    return compile_file(file, arguments, settings), file.stem.lower(), ""


def _require_nothing_else(arguments: argparse.Namespace) -> None:
    """A folder is compiled already. Raises BadArgument for what would have said how."""
    for name in ("sample", "held_out", "labels", "classes", "profile", "classification", "class_only"):
        if getattr(arguments, name):
            option = f"--{name.replace('_', '-')}"
            raise BadArgument(option, f"it at `cluster zk compile`, as {arguments.model} is compiled", "it here")
    if arguments.batch != 1:
        raise BadArgument("--batch", f"it at `cluster zk compile`, as {arguments.model} is compiled", "it here")
