"""What a registered program says of itself: the manifest of a model, or of a circom circuit."""

import json

from compute.circom.program import FORMAT as CIRCOM
from compute.circom.program import CircomManifest
from compute.circom.program import decode_manifest as decode_circom
from compute.zkml.errors import ManifestUnusable
from compute.zkml.manifest import Manifest, decode_manifest

AnyManifest = Manifest | CircomManifest


def decode_any_manifest(data: bytes) -> AnyManifest:
    """The manifest of registered bytes, by its format. Raises ManifestUnusable."""
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ManifestUnusable(str(error)[:120]) from error
    circom = isinstance(table, dict) and table.get("format") == CIRCOM
    return decode_circom(data) if circom else decode_manifest(data)
