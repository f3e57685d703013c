"""`cluster` as a later release would be: it knows application version 2 as well, whose rules are those of version 1.

python -m tests.support.next_release start --home HOME
"""

import sys
from functools import partial
from typing import Final

from chain.types.block import APP_VERSIONS
from chain.types.scalars import Uint
from node.cli import start_commands
from node.cli.frame import execute
from node.instruments import Instruments

NEXT_VERSION: Final = Uint(max(APP_VERSIONS) + 1)
NEXT_RELEASE: Final = partial(Instruments, app_versions=APP_VERSIONS | {NEXT_VERSION})


def main() -> int:
    """As node/cli/main.py, with the other table of versions."""
    start_commands.Instruments = NEXT_RELEASE  # type: ignore[assignment,misc]
    return execute(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
