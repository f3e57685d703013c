"""`cluster`: looks at its Python before anything else is imported, so this file must parse on every Python 3."""

import sys

SUPPORTED = ((3, 11), (3, 12))


def refused_python(version: "tuple[int, ...]") -> str:
    """Why this Python cannot run Cluster; empty when it can. version is (major, minor)."""
    if version in SUPPORTED:
        return ""
    return (
        f"error 7300: Cluster needs Python 3.11 or 3.12; this is {version[0]}.{version[1]}. "
        "Install one of them and make the environment anew, for instance `make PYTHON=python3.12 setup`."
    )


def main(arguments: "list[str] | None" = None) -> int:
    """Run a command line (sys.argv without one); the exit status: 0 done, 1 refused, 2 wrong usage, 130 interrupted."""
    refusal = refused_python(sys.version_info[:2])
    if refusal:
        print(refusal, file=sys.stderr)
        return 1
    from node.cli.frame import execute

    return execute(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
