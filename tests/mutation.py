"""Change one place in the syntax tree of a function: the places and operators of `mutants`.

A mutant names a function and a place in its tree, never a line or its text: code can be moved or
reformatted and local variables renamed, and the mutant stays the same.

A place is a path, read from left to right, each step inside the node of the step before:

``Compare``
    the only comparison; any class of node in `ast` is allowed, also ``stmt`` and ``expr``
``Compare[<=]``, ``Call[sin]``, ``Attribute[names]``, ``keyword[key]``, ``Constant[180]``
    the only one with that operator, name or value; the name is never that of a local variable
``Assign{Call[sin]}``
    the only assignment that contains such a node
``Compare[<=]#2/3``
    the second of three, in the order of the tree; once there are four, somebody has to look
``Call[sin].args.0``, ``.value``
    a field of a node (of the function or constant itself, if no node is named before)
``If#2/2 Compare``
    the only comparison in the second ``if``

Docstrings, annotations and decorators are not searched.

>>> source = '''
... def is_near(away: float, limit: float) -> bool:
...     return away <= limit or abs(away) <= 1
... '''
>>> def changed(place: str, change: Change) -> str:
...     return mutated(source, "is_near", place, change).splitlines()[-1].strip()
>>> changed("Compare[<=]#1/2", Operator("<"))
'return away < limit or abs(away) <= 1'
>>> changed("Compare{Call[abs]}.comparators.0", Value(2))
'return away <= limit or abs(away) <= 2'
>>> changed("Call[abs]", Keep(".args.0"))
'return away <= limit or away <= 1'
>>> changed("BoolOp.values.1", Delete())
'return away <= limit'
>>> changed("Compare#1/2", Swap(".left", ".comparators.0"))
'return limit <= away or abs(away) <= 1'
>>> changed("Name[abs]", Rename("abs", "round"))
'return away <= limit or round(away) <= 1'
>>> changed("Return", Rewrite("return max(_1, 0)", "arg#2/2"))
'return max(limit, 0)'
"""

import ast
import copy
import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_STEP: Final = re.compile(
    r"(?:(?P<kind>\w+)(?:\[(?P<label>[^]]+)\])?(?:\{(?P<inner>[^}]+)\})?"
    r"(?:#(?P<number>\d+)/(?P<count>\d+))?)?"
    r"(?P<fields>(?:\.\w+)*)(?: |$)"
)
_PASSED_OVER: Final = {"annotation", "returns", "decorator_list"}
_SIGNS: Final = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    "in": ast.In,
    "not in": ast.NotIn,
    "is": ast.Is,
    "is not": ast.IsNot,
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "@": ast.MatMult,
    "|": ast.BitOr,
    "&": ast.BitAnd,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "and": ast.And,
    "or": ast.Or,
    "not": ast.Not,
    "~": ast.Invert,
}
_NAMED_BY: Final = ("attr", "id", "arg")
_SIGN_OF: Final = {kind: sign for sign, kind in _SIGNS.items()}


class PlaceError(LookupError):
    """A name or a place does not exist in the code, or is not the only one."""


class Spot(NamedTuple):
    """A node, the field of its parent that holds it, and its position if that field is a list."""

    node: Any
    parent: Any
    field: str
    index: int | None

    def put(self, node: Any) -> None:
        """Replace the node."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclasses.dataclass(frozen=True)
class Operator:
    """Replace the operator of a comparison (the first, in a chain), of arithmetic or of logic."""

    sign: str

    def apply(self, spot: Spot, _scope: ast.AST) -> None:
        """Change the node."""
        if isinstance(spot.node, ast.Compare):
            spot.node.ops[0] = _SIGNS[self.sign]()
        else:
            spot.node.op = _SIGNS[self.sign]()


@dataclasses.dataclass(frozen=True)
class Value:
    """Replace an expression by a constant."""

    value: bool | float | str | None

    def apply(self, spot: Spot, _scope: ast.AST) -> None:
        """Change the node."""
        spot.put(ast.Constant(self.value))


@dataclasses.dataclass(frozen=True)
class Keep:
    """Replace a node by a part of it: drop a call, a condition, a branch or an operand."""

    part: str

    def apply(self, spot: Spot, _scope: ast.AST) -> None:
        """Change the node."""
        spot.put(find(spot.node, self.part).node)


@dataclasses.dataclass(frozen=True)
class Swap:
    """Exchange two parts of a node."""

    one: str
    other: str

    def apply(self, spot: Spot, _scope: ast.AST) -> None:
        """Change the node."""
        one, other = find(spot.node, self.one), find(spot.node, self.other)
        one.put(other.node)
        other.put(one.node)


@dataclasses.dataclass(frozen=True)
class Rename:
    """Replace a global name or an attribute by another, everywhere in a node."""

    old: str
    new: str

    def apply(self, spot: Spot, _scope: ast.AST) -> None:
        """Change the node."""
        for node in ast.walk(spot.node):
            match node:
                case ast.Name(id=self.old):
                    node.id = self.new
                case ast.Attribute(attr=self.old):
                    node.attr = self.new


@dataclasses.dataclass(frozen=True)
class Delete:
    """Remove a statement, or an item of a list: an argument, an element, a part of a condition."""

    def apply(self, spot: Spot, scope: ast.AST) -> None:
        """Change the parent of the node.

        Raises
        ------
        PlaceError
            If the node is neither a statement nor an item of a list.
        """
        if isinstance(spot.node, ast.stmt):
            spot.put(ast.Pass())
            return
        if spot.index is None:
            msg = f"{type(spot.node).__name__} is not an item of a list; keep another part instead"
            raise PlaceError(msg)
        rest = getattr(spot.parent, spot.field)
        del rest[spot.index]
        if isinstance(spot.parent, ast.BoolOp) and len(rest) == 1:
            next(s for s in spots(scope) if s.node is spot.parent).put(rest[0])


@dataclasses.dataclass(frozen=True, init=False)
class Rewrite:
    """Replace a node by other code, where no operator above is enough.

    In the code ``_`` is the node, and ``_1``, ``_2`` and so on are what is at the places that
    follow it: parts of the node if they begin with a dot, else places in the function. This is how
    code refers to local variables without their names: ``arg#2/3`` is the second argument.
    """

    code: str
    places: tuple[str, ...]

    def __init__(self, code: str, *places: str) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "places", places)

    def apply(self, spot: Spot, scope: ast.AST) -> None:
        """Change the node."""
        parts = {"_": spot.node}
        for number, place in enumerate(self.places, 1):
            parts[f"_{number}"] = find(spot.node if place[0] == "." else scope, place).node
        new: Any = ast.parse(self.code).body[0]
        new = new if isinstance(spot.node, ast.stmt) else new.value
        spot.put(_Filler(parts).visit(new))


class _Filler(ast.NodeTransformer):
    """Replace names by nodes."""

    def __init__(self, parts: dict[str, ast.AST]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.AST:
        part = copy.deepcopy(self.parts.get(node.id, node))
        return ast.Name(part.arg) if isinstance(part, ast.arg) else part


Change = Operator | Value | Keep | Swap | Rename | Delete | Rewrite


def mutated(source: str, name: str, place: str, change: Change) -> str:
    """Return the source of a module after a change of one place in one function.

    Parameters
    ----------
    source
        The module.
    name
        A function, a method (``Class.method``), or a constant of the module or of a class.
    place
        A place in it (see above).
    change
        What is changed there.

    Returns
    -------
    str
        The whole module as `ast.unparse` writes it: without comments.

    Raises
    ------
    PlaceError
        If the name or the place does not exist, or is not the only one.
    """
    tree = ast.parse(source)
    scope = named(tree, name)
    change.apply(find(scope, place), scope)
    return ast.unparse(ast.fix_missing_locations(tree))


def named(tree: ast.AST, name: str) -> ast.AST:
    """Return the definition of a dotted name: of a function or class, or of a constant.

    Raises
    ------
    PlaceError
        If the name is not defined.
    """
    for part in name.split("."):
        node_of = {own: node for node in getattr(tree, "body", ()) for own in _names(node)}
        if part not in node_of:
            msg = f"{name}: {part} is not defined"
            raise PlaceError(msg)
        tree = node_of[part]
    return tree


def find(scope: ast.AST, place: str) -> Spot:
    """Return what is at a place.

    Raises
    ------
    PlaceError
        If the place does not exist, or is not the only one.
    """
    end, spot = 0, Spot(scope, scope, "", None)
    while end < len(place):
        step = _STEP.match(place, end)
        if step is None or step.end() == end:
            msg = f"{place!r} is not a place, from {place[end:]!r} on"
            raise PlaceError(msg)
        if step["kind"]:
            spot = _numbered(spot.node, step)
        for field in step["fields"].split(".")[1:]:
            spot = _part(spot, field)
        end = step.end()
    return spot


def local_names(scope: ast.AST) -> set[str]:
    """Return the names of arguments and variables of a function, without ``self`` and ``cls``."""
    if not isinstance(scope, ast.FunctionDef):
        return set()
    arguments = {n.arg for n in ast.walk(scope) if isinstance(n, ast.arg)}
    names = [n for n in ast.walk(scope) if isinstance(n, ast.Name)]
    variables = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return (arguments | variables) - {"self", "cls"}


def written_names(place: str, change: Change) -> set[str]:
    """Return the names that a place and a change write out: in labels, and in code.

    >>> sorted(written_names("Call[sin]", Rewrite("max(_, limit)", "Name[zero]")))
    ['limit', 'max', 'sin', 'zero']
    """
    places, names = [place], set()
    match change:
        case Rewrite():
            tree = ast.parse(change.code)
            lambdas = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
            names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - lambdas
            places += change.places
        case Rename():
            names = {change.old, change.new}
        case Keep():
            places.append(change.part)
        case Swap():
            places += [change.one, change.other]
    labels = re.findall(r"(?:Name|Call|arg)\[(\w+)\]", " ".join(places))
    return {n for n in {*names, *labels} if not re.fullmatch(r"_\d*", n)}


def _names(node: ast.AST) -> list[str]:
    """Return what a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id] if isinstance(node.target, ast.Name) else []
    return [t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)]


def _numbered(node: ast.AST, step: re.Match[str]) -> Spot:
    kind = getattr(ast, step["kind"], None)
    if kind is None:
        msg = f"ast has no {step['kind']}"
        raise PlaceError(msg)
    matches = [s for s in spots(node) if isinstance(s.node, kind)]
    if step["label"]:
        matches = [s for s in matches if label(s.node) == step["label"]]
    if step["inner"]:
        matches = [s for s in matches if _contains(s.node, step["inner"])]
    if len(matches) != int(step["count"] or 1):
        msg = f"{step[0].strip()}: the code has {len(matches)} such nodes"
        raise PlaceError(msg)
    return matches[int(step["number"] or 1) - 1]


def _contains(node: ast.AST, inner: str) -> bool:
    """Return whether a node like ``Call[sin]`` or ``Call`` is inside another."""
    return any(
        inner in {(kind := type(s.node).__name__), f"{kind}[{label(s.node)}]"} for s in spots(node)
    )


def _part(spot: Spot, field: str) -> Spot:
    """Return a field of a node, or, after a field that is a list, an item of it.

    Raises
    ------
    PlaceError
        If it does not exist.
    """
    try:
        if field.isdecimal():
            items, index = getattr(spot.parent, spot.field), int(field)
            return Spot(items[index], spot.parent, spot.field, index)
        return Spot(getattr(spot.node, field), spot.node, field, None)
    except (AttributeError, IndexError) as error:
        msg = f"{type(spot.node).__name__} has no part {field}"
        raise PlaceError(msg) from error


def spots(node: ast.AST) -> Iterator[Spot]:
    """Yield all nodes inside one, each before its parts."""
    for field, value in ast.iter_fields(node):
        if field in _PASSED_OVER:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, ast.AST) and not _is_text(item):
                yield Spot(item, node, field, index if isinstance(value, list) else None)
                yield from spots(item)


def _is_text(node: ast.AST) -> bool:
    """Return whether a node is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def label(node: Any) -> str:
    """Return the operator, name or value of a node, or an empty text."""
    match node:
        case ast.Compare():
            text = " ".join(_SIGN_OF[type(op)] for op in node.ops)
        case ast.UnaryOp(op=ast.USub()):
            text = "-"
        case ast.BinOp() | ast.BoolOp() | ast.UnaryOp() | ast.AugAssign():
            text = _SIGN_OF[type(node.op)]
        case ast.Call():
            text = label(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
        case ast.Constant():
            text = repr(node.value)
        case _:
            text = next((str(getattr(node, n)) for n in _NAMED_BY if hasattr(node, n)), "")
    return text
