"""What deterministic rooms may not contain, found in their syntax trees.

Every validator must compute the same bytes. Floating point, clocks, randomness and files are out altogether. Sets of
bytes or text have an order that changes from process to process, so a set is never gone through except by what does
not see its order (ORDER_BLIND; with a key, sorting does: equal keys stay as they came). A dict keeps insertion order,
which is as deterministic as what filled it; a dict that lives longer than one function may have been filled by reads,
so where state is made its views are treated like sets.

A checker of names cannot see every set; it knows literals, comprehensions, calls, operators, and names, attributes and
functions that are annotated or assigned as sets anywhere in the modules it is given.
"""

import ast
from collections.abc import Iterable, Iterator

OUTSIDE_WORLD = frozenset(
    [
        "aiohttp",
        "asyncio",
        "datetime",
        "multiprocessing",
        "os",
        "plyvel",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "tempfile",
        "time",
        "uuid",
    ]
)
INTEGER_MATH = frozenset(["comb", "factorial", "gcd", "isqrt", "lcm", "perm", "prod"])
ORDER_BLIND = frozenset(["all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"])
_SET_MAKERS = frozenset(("set", "frozenset"))
_SET_METHODS = frozenset(["difference", "intersection", "symmetric_difference", "union"])
_DICT_VIEWS = frozenset(["items", "keys", "values"])
_GOES_THROUGH = frozenset(["deque", "enumerate", "filter", "iter", "list", "map", "reversed", "tuple", "zip"])
_UNSTABLE_CALLS = {"hash": "differs between processes", "id": "is an address in memory", "open": "touches files"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def forbidden_imports(tree: ast.Module, banned: Iterable[str] = OUTSIDE_WORLD) -> list[str]:
    """Imports of the outside world, at the top or inside functions."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        found += [f"{node.lineno}: imports {name}" for name in modules if name.partition(".")[0] in banned]
    return found


def floating_point(tree: ast.Module) -> list[str]:
    """Float literals, true division, the names float and complex, and what of `math` is not about integers."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                found.append(f"{node.lineno}: the literal {node.value!r}")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append(f"{node.lineno}: true division")
            case ast.Name(id="float" | "complex"):
                found.append(f"{node.lineno}: the name {node.id}")
            case ast.Import(names=names) if any(alias.name in ("math", "cmath", "numpy") for alias in names):
                found.append(f"{node.lineno}: imports {names[0].name}")
            case ast.ImportFrom(module="math", names=names) if {alias.name for alias in names} - INTEGER_MATH:
                found.append(f"{node.lineno}: imports from math what is not about integers")
            case ast.ImportFrom(module="cmath" | "numpy" | "statistics"):
                found.append(f"{node.lineno}: imports from {node.module}")
    return found


def unstable_calls(tree: ast.Module) -> list[str]:
    """Calls of builtins whose result depends on the process or the machine."""
    return [
        f"{node.lineno}: {node.func.id}() {_UNSTABLE_CALLS[node.func.id]}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _UNSTABLE_CALLS
    ]


class Sets:
    """What is known to be a set in a group of modules: attributes and functions by their bare names."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self._attributes: set[str] = set()
        self._functions: set[str] = set()
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, Function) and _names_a_set(node.returns):
                    self._functions.add(node.name)
                elif isinstance(node, ast.ClassDef):
                    self._attributes |= {name for name, kind in _annotated(node.body) if _names_a_set(kind)}
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
                    self._attributes |= {node.target.attr} if _names_a_set(node.annotation) else set()

    def order_shown(self, tree: ast.Module, dict_views: bool = False) -> list[str]:
        """Places that go through a set (or, if asked, a dict's view) in a way that shows its order."""
        blind = _seen_by_order_blind(tree)
        found = []
        for scope in _scopes(tree):
            local_sets, local_dicts = self._locals(scope)
            for place, shown in _shown(_own_nodes(scope), blind):
                if self._is_set(shown, local_sets):
                    found.append(f"{place.lineno}: goes through the set {ast.unparse(shown)} in its order")
                elif dict_views and _is_lasting_view(shown, local_dicts):
                    found.append(f"{place.lineno}: goes through {ast.unparse(shown)} in its order")
        return found

    def _is_set(self, node: ast.expr, local: set[str]) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name(id=name):
                return name in local
            case ast.Attribute(attr=name):
                return name in self._attributes
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
                sides = (node.left, node.right)
                return any(self._is_set(side, local) or _is_view(side, ("keys", "items")) for side in sides)
            case ast.IfExp(body=body, orelse=orelse):
                return self._is_set(body, local) or self._is_set(orelse, local)
            case ast.Call(func=ast.Name(id=name)):
                return name in _SET_MAKERS or name in self._functions
            case ast.Call(func=ast.Attribute(attr=name)):
                return name in _SET_METHODS or name in self._functions
        return False

    def _locals(self, scope: ast.AST) -> tuple[set[str], set[str]]:
        """Names of this scope that hold sets, and those that hold dicts which it made itself."""
        sets: set[str] = set()
        dicts: set[str] = set()
        if isinstance(scope, Function):
            arguments = (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)
            sets |= {argument.arg for argument in arguments if _names_a_set(argument.annotation)}
        for node in _own_nodes(scope):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name)) if _names_a_set(node.annotation):
                    sets.add(name)
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                    | ast.NamedExpr(target=ast.Name(id=name), value=value)
                ):
                    if self._is_set(value, sets):
                        sets.add(name)
                    if isinstance(value, ast.Dict | ast.DictComp):
                        dicts.add(name)
        return sets, dicts


def _shown(nodes: Iterable[ast.AST], blind: set[ast.AST]) -> Iterator[tuple[ast.expr | ast.stmt, ast.expr]]:
    """(place, expression gone through in order) for loops, comprehensions, unpacking and calls like list()."""
    for node in nodes:
        match node:
            case ast.For(iter=shown) | ast.AsyncFor(iter=shown):
                yield node, shown
            case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() if node not in blind:
                yield from ((generator.iter, generator.iter) for generator in node.generators)
            case ast.Call(func=ast.Name(id=name)) if name in _GOES_THROUGH and node not in blind:
                yield from ((node, argument) for argument in node.args)
            case ast.Call(func=ast.Name(id="sorted" | "min" | "max"), args=[shown]) if _has_key(node):
                yield node, shown
            case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys")):
                yield from ((node, argument) for argument in node.args)
            case ast.Starred(value=shown) if node not in blind:
                yield node, shown
            case ast.YieldFrom(value=shown):
                yield node, shown
            case ast.Assign(targets=[ast.Tuple() | ast.List()], value=shown):
                yield node, shown


def _seen_by_order_blind(tree: ast.Module) -> set[ast.AST]:
    """Expressions that are consumed at once by something that does not see their order."""
    blind: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDER_BLIND:
            blind |= set() if _has_key(node) else set(node.args)
        elif isinstance(node, ast.Set):
            blind |= set(node.elts)
    return blind


def _has_key(call: ast.Call) -> bool:
    return any(keyword.arg == "key" for keyword in call.keywords)


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope in order of the source, without those of functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, Function):
            yield child
            yield from _own_nodes(child)


def _annotated(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.annotation


def _names_a_set(annotation: ast.expr | None) -> bool:
    match annotation:
        case ast.Name(id="set" | "frozenset" | "AbstractSet" | "MutableSet"):
            return True
        case ast.Subscript(value=ast.Name(id="Final" | "ClassVar"), slice=inner):
            return _names_a_set(inner)
        case ast.Subscript(value=value):
            return _names_a_set(value)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _names_a_set(left) or _names_a_set(right)
    return False


def _is_view(node: ast.expr, methods: Iterable[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in methods


def _is_lasting_view(node: ast.expr, local_dicts: set[str]) -> bool:
    """Whether this is x.items(), .keys() or .values() of a dict that this function did not make itself."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=[]) if method in _DICT_VIEWS:
            return not (isinstance(owner, ast.Name) and owner.id in local_dicts)
    return False
