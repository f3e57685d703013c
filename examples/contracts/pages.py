"""The generated ends of the examples' READMEs, from the contracts' classes: python -m examples.contracts.pages"""

import importlib
from pathlib import Path
from typing import Final

from compute.dsl.contract import Contract
from compute.dsl.readme import readme

FOLDER: Final = Path(__file__).parent
MARK: Final = "<!-- generated from here on: python -m examples.contracts.pages -->\n"


def pages() -> dict[Path, str]:
    """The READMEs that have a generated end, as they should be."""
    found = {}
    for page in sorted(FOLDER.glob("*/README.md")):
        written, mark, _ = page.read_text(encoding="utf-8").partition(MARK)
        if mark:
            found[page] = written + mark + "\n" + generated(contract_of(page.parent.name))
    return found


def contract_of(name: str) -> type[Contract]:
    """The contract of an example's folder."""
    module = importlib.import_module(f"{__package__}.{name}.contract")
    here = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    return next(each for each in here if issubclass(each, Contract))


def generated(contract: type[Contract]) -> str:
    """What the language says of a contract, one level down: the page has a title of its own."""
    lines = readme(contract.compiled).splitlines(keepends=True)
    return "".join("#" + line if line.startswith("#") else line for line in lines)


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
        print(page)
