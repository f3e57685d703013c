"""A model's files, as its publisher hands them to providers: the integers, the manifest, and the keys beside them.

    MODELS/<program id in hex>/model.json                  {"format", "manifest", "model"}, canonical JSON
    MODELS/<program id in hex>/insecure-dev/*.keys         proving and verifying key (compute/dev_keys.py)

Whoever loads them derives the circuit again and compares with the program on chain: constraints, manifest and
verifying key must be the registered ones, else every proof would be worthless.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn

from chain.types.scalars import Hash, ProgramId
from compute.dev_keys import CircuitKeys, DevKeys
from compute.zkml.errors import ManifestUnusable, ModelFileUnusable, UnsupportedModel
from compute.zkml.inference import Inference
from compute.zkml.manifest import MAX_INPUT_BITS, Manifest, decode_manifest
from compute.zkml.model import MAX_ACCUMULATOR_BITS, WEIGHT_LIMIT, DenseLayer, QuantisedModel
from compute.zkml.prover import KEY_NAME, InferenceProver
from compute.zkml.quantise import Quantised
from contracts.registry.state import Program, manifest_hash
from contracts.registry.state import program_id as id_of_program
from crypto.errors import CryptoError
from crypto.r1cs.r1cs_file import write_r1cs

FORMAT: Final = "cluster-model-file/1"
FILE_NAME: Final = "model.json"
MAX_FILE_BYTES: Final = 64 * 2**20


def model_keys(keys: DevKeys, quantised: Quantised) -> CircuitKeys:
    """The circuit of a model and its development keys; the first time this runs the setup."""
    return keys.get(KEY_NAME, Inference(quantised.model).constrain)


def program_id(quantised: Quantised, keys: CircuitKeys) -> ProgramId:
    """Under which id the model's program is registered, on any chain."""
    return id_of_program(keys.vk_id, Hash(keys.r1cs_hash), quantised.manifest.encode(), model=None)


def save_artifact(models: Path, quantised: Quantised, keys: CircuitKeys) -> Path:
    """Write the model's folder under `models`; the folder."""
    folder = artifact_folder(models, program_id(quantised, keys))
    folder.mkdir(parents=True, exist_ok=True)
    DevKeys(folder).put(keys)
    partial = folder / f"{FILE_NAME}.new"
    partial.write_bytes(encode_model(quantised))
    partial.replace(folder / FILE_NAME)
    return folder


def load_artifact(models: Path, program: Program) -> tuple[Manifest, InferenceProver]:
    """The prover of a registered program from its files. Raises ModelFileUnusable when they are not that program's."""
    path = artifact_folder(models, program.id) / FILE_NAME
    quantised = read_model(path)
    if manifest_hash(quantised.manifest.encode()) != program.manifest_hash:
        raise ModelFileUnusable(path, "its manifest is not the registered one")
    circuit = Inference(quantised.model).constrain()
    if sha256(write_r1cs(circuit)).digest() != program.r1cs_hash:
        raise ModelFileUnusable(path, "its circuit is not the registered one")
    try:
        keys = DevKeys(path.parent).find(KEY_NAME, circuit)
        if keys is None:
            raise ModelFileUnusable(path, "the proving key beside it is missing")
        if keys.vk_id != program.vk_id:
            raise ModelFileUnusable(path, "the key beside it is not the registered one")
        return quantised.manifest, InferenceProver(quantised.model, keys)
    except (CryptoError, OSError) as error:
        raise ModelFileUnusable(path, f"the key beside it cannot be read ({error})") from error


def artifact_folder(models: Path, program: ProgramId) -> Path:
    """Where a program's files lie."""
    return models / program.hex()


def encode_model(quantised: Quantised) -> bytes:
    """The bytes of model.json."""
    document = {"format": FORMAT, "manifest": asdict(quantised.manifest), "model": asdict(quantised.model)}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_model(path: Path) -> Quantised:
    """The model of a model.json; every number is checked. Raises ModelFileUnusable."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelFileUnusable(path, f"it is larger than {MAX_FILE_BYTES} bytes")
        document = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileUnusable(path, str(error)[:120]) from error
    if not isinstance(document, dict) or set(document) != {"format", "manifest", "model"}:
        raise ModelFileUnusable(path, "it is not an object with format, manifest and model")
    if document["format"] != FORMAT:
        raise ModelFileUnusable(path, f"its format is {document['format']!r:.40}, not {FORMAT}")
    try:
        manifest = decode_manifest(json.dumps(document["manifest"]).encode())
        model = _model(document["model"])
        _check_agreement(model, manifest)
    except (ManifestUnusable, UnsupportedModel, _Malformed) as error:
        raise ModelFileUnusable(path, str(error)) from error
    return Quantised(model, manifest)


class _Malformed(ValueError):
    """A part of the file is not what it should be."""


def _model(table: Any) -> QuantisedModel:
    fields = _object(table, "model", {"input_bits", "layers"})
    bits = _integer(fields["input_bits"], "input_bits", 1, MAX_INPUT_BITS)
    layers = [_layer(entry, f"layer {index + 1}") for index, entry in enumerate(_list(fields["layers"], "layers"))]
    width = len(layers[0].weights[0])
    for index, layer in enumerate(layers):
        if len(layer.bias) != len(layer.weights) or any(len(row) != width for row in layer.weights):
            raise _Malformed(f"layer {index + 1} does not fit the one before it")
        width = len(layer.bias)
    return QuantisedModel(bits, tuple(layers))


def _layer(table: Any, where: str) -> DenseLayer:
    fields = _object(table, where, {"weights", "bias", "shift"})
    limit = 1 << MAX_ACCUMULATOR_BITS
    weights = tuple(
        tuple(_integer(weight, where, -WEIGHT_LIMIT, WEIGHT_LIMIT) for weight in _list(row, where))
        for row in _list(fields["weights"], where)
    )
    bias = tuple(_integer(value, where, -limit, limit) for value in _list(fields["bias"], where))
    shift = fields["shift"]
    return DenseLayer(weights, bias, None if shift is None else _integer(shift, where, 0, MAX_ACCUMULATOR_BITS))


def _check_agreement(model: QuantisedModel, manifest: Manifest) -> None:
    """What the manifest says of sizes must be what the integers have."""
    of_model = (model.features, model.input_bits, model.outputs, model.output_bits)
    of_manifest = (manifest.features, manifest.input_bits, manifest.outputs, manifest.output_bits)
    shifts = tuple(layer.shift for layer in model.layers[:-1])
    if of_model != of_manifest or shifts != manifest.shifts:
        raise _Malformed("its manifest describes another model")


def _object(value: Any, where: str, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != keys:
        raise _Malformed(f"{where} is not an object with {', '.join(sorted(keys))}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise _Malformed(f"{where} is not a list with something in it")
    return value


def _integer(value: Any, where: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise _Malformed(f"{where}: {value!r:.40} is not an integer from {low} to {high}")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise _Malformed(f"{text} has no place in it")
