"""statement.py of a contract: what its proofs say, as Python that people read and tools import. Generated."""

import ast
import textwrap

from compute.dsl.compiled import Compiled, CompiledMethod
from compute.dsl.publics import public_inputs
from compute.dsl.syntax import source_of

_WIDTH = 118


def statement_code(compiled: Compiled) -> str:
    """A module with one class for each method: its public inputs in order, and the method itself as its comment."""
    head = (
        f'"""What proofs of {compiled.name} say: public inputs by method, in the order of a claim. Generated from its '
        'class.\n\nThe node computes every one of them from the call and the state; a prover supplies none.\n"""\n\n'
        "from typing import NamedTuple\n"
    )
    return head + "".join(map(_class, compiled.methods))


def _class(method: CompiledMethod) -> str:
    name = "".join(part.capitalize() for part in method.name.split("_"))
    inputs = public_inputs(method)
    body = textwrap.indent(_source(method), "        ")
    title = method.declaration.doc.partition("\n")[0] or f"A call of {method.name}."
    lines = [f"\n\nclass {name}(NamedTuple):", f'    """{title} {len(inputs)} public inputs.', "", body, '    """', ""]
    lines += [f"    {each.name}: int  # {each.meaning}"[:_WIDTH] for each in inputs]
    return "\n".join(lines) + "\n"


def _source(method: CompiledMethod) -> str:
    """The method as it was written, without its docstring, as text that a docstring can hold."""
    tree = source_of(method.declaration.function).tree
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    parameters = ", ".join(
        f"{each.name}: {'spent' if each.spent else 'public' if each.public else 'private'} {each.kind.type_name}"
        for each in method.declaration.parameters
    )
    text = "\n".join([f"{method.name}({parameters})", *(textwrap.indent(ast.unparse(line), "    ") for line in body)])
    return text.replace("\\", "\\\\").replace('"""', "'''")
