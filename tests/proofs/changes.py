"""The one-token changes that can be made to a module's source."""

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

PAIRS = (
    "< <=, > >=, == !=, is is_not, in not_in, and or, any all, min max, + -, | &, True False,"
    " continue break"
)
SWAPPED = {"*": "+", "/": "*", "//": "/", "%": "+", "**": "*"} | {
    one.replace("_", " "): other.replace("_", " ")
    for pair in PAIRS.split(", ")
    for one, other in (pair.split(), pair.split()[::-1])
}
"""Each token, and what is put in its place."""
_COMPARISON = re.compile(r"not\s+in\b|is\s+not\b|[<>=!]=|<|>|\bin\b|\bis\b")
_ARITHMETIC = re.compile(r"//|\*\*|[-+*/%|&]")
_CODE = re.compile(r"[\w.:/-]*")
"""Text that the program goes by; what is written for people has blanks."""
WORDS = 5
"""More texts than these at the top of a module are a list of words: data, which tests need not say
again.
"""


@dataclass(frozen=True)
class Change:
    """One place of a source, and what to put there."""

    file: str
    """Below `batch/`."""
    start: int
    """Offset in the UTF-8 of the source."""
    old: str
    new: str
    line: int
    """Its line, from 1."""

    @property
    def what(self) -> str:
        old, new = " ".join(self.old.split()), self.new.strip()
        return f"{old if len(old) < 24 else old[:20] + '…'} → {new or 'nothing'}"

    def applied(self, source: str) -> str:
        """The source with the change."""
        text = source.encode()
        end = self.start + len(self.old.encode())
        assert text[self.start : end].decode() == self.old
        return (text[: self.start] + self.new.encode() + text[end:]).decode()


def changes_of(file: str, source: str) -> Sequence[Change]:
    """Every change that can be made to a module, from its first line to its last."""
    finder = _Finder(file, source)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda change: (change.start, change.new))


class _Finder(ast.NodeVisitor):
    """Collects changes; leaves out annotations, decorators, docstrings, assertions, lists of words
    and prose.
    """

    def __init__(self, file: str, source: str) -> None:
        self.file, self.text = file, source.encode()
        self.bare = _without_comments(source).encode()
        self.starts = [0, *(match.end() for match in re.finditer(b"\n", self.text))]
        self.data: set[ast.AST] = set()
        self.found: list[Change] = []

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            texts = [part for part in ast.walk(statement) if _is_text(part)]
            if isinstance(statement, ast.Assign | ast.AnnAssign) and len(texts) > WORDS:
                self.data.update(texts)
            self.visit(statement)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        for statement in node.body:
            self.visit(statement)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        # Rule = Callable[…]
        is_alias = isinstance(node.value, ast.Subscript) and node.col_offset == 0
        if not is_alias and "__all__" not in ast.unparse(node.targets[0]):
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """What holds anyway."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A sentence for people."""

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            self._swap_between(left, right, _COMPARISON)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._swap_between(left, right, re.compile(r"\b(?:and|or)\b"))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._swap_between(node.left, node.right, _ARITHMETIC)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._swap_between(node.target, node.value, _ARITHMETIC)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.USub):
            self._add(
                self._start(node),
                self._start(node) + (4 if isinstance(node.op, ast.Not) else 1),
                "",
            )
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
            self._add(self._start(node.func), self._end(node.func), SWAPPED[node.func.id])
        is_cast = isinstance(node.func, ast.Name) and node.func.id == "cast"
        for part in (node.func, *node.args[is_cast:], *node.keywords):  # a cast's first is a type
            self.visit(part)

    def visit_Constant(self, node: ast.Constant) -> None:
        new = _other(node.value)
        if new is not None and node not in self.data:
            self._add(self._start(node), self._end(node), new)

    def visit_Slice(self, node: ast.Slice) -> None:
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, ast.Constant):
                self._add(self._start(bound), self._end(bound), "")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and not isinstance(node.value, ast.Constant):
            self._add(self._start(node.value), self._end(node.value), "None")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue | ast.Break) -> None:
        word = self.text[self._start(node) : self._end(node)].decode()
        self._add(self._start(node), self._end(node), SWAPPED[word])

    visit_Break = visit_Continue

    def _swap_between(
        self, left: ast.expr | ast.stmt, right: ast.expr, operator: "re.Pattern[str]"
    ) -> None:
        begin = self._end(left)
        between = self.bare[begin : self._start(right)].decode()
        for match in operator.finditer(between):
            word = " ".join(match[0].split())
            self._add(begin + match.start(), begin + match.end(), SWAPPED[word])
            break

    def _add(self, start: int, end: int, new: str) -> None:
        line = self.text.count(b"\n", 0, start) + 1
        self.found.append(Change(self.file, start, self.text[start:end].decode(), new, line))

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _other(value: object) -> str | None:
    """Another constant in place of one; None: it is left as it is."""
    match value:
        case bool():
            return str(not value)
        case int() | float():
            return repr(value + 1)
        case str() if _CODE.fullmatch(value):
            return repr(value + "x")
    return None


def _without_comments(source: str) -> str:
    """The source with blanks of the same length, in UTF-8, in place of its comments."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            (row, column), comment = token.start, token.string
            line = lines[row - 1]
            lines[row - 1] = (
                line[:column] + " " * len(comment.encode()) + line[column + len(comment) :]
            )
    return "".join(lines)
