"""The floors of the package: imports go down only, heavy libraries stay in their rooms, modules
stay small.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "batch"

FLOORS = [
    {"primitives", "errors"},
    {"model"},
    {"config"},
    {"planning"},
    {"ledger", "bigcommerce", "remote_files"},
    {"loader", "results"},
    {"monitoring"},
    {"pipeline"},
    {"commands"},
    {"watcher"},
    {"fleet"},
    {"web"},
    {"cli"},
]
"""The rooms, floor by floor from the ground: a room imports rooms below its own floor."""

STAGES = ("files", "cells", "columns", "rows", "load", "saved_plans")
"""The loader's, in the order in which a file goes through them: each imports those before it."""

ONLY_IN = {
    "pandas": {"loader"},
    "numpy": {"loader"},
    "python_calamine": {"loader"},
    "aiohttp": {"bigcommerce", "remote_files", "sandbox"},
    "aiolimiter": {"bigcommerce"},
    "openpyxl": {"loader"},
    "xlsxwriter": {"results"},
    "sqlite3": {"ledger", "primitives"},
    "filelock": {"ledger"},
    "typer": {"cli"},
    "watchfiles": {"watcher"},
    "rich": {"cli"},
    "apprise": {"monitoring"},
    "fsspec": {"remote_files"},
    "paramiko": {"remote_files"},
    "keyring": {"config"},
    "procrastinate": {"fleet"},
    "prometheus_client": {"monitoring"},
    "psycopg": {"ledger", "fleet"},
}
"""Libraries and the only rooms that may import them."""

MODULES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = {"sandbox", "__init__", "__main__"}
"""Another program; the map; the way in."""

CLOSED = {"README.md", "batch", "pyproject.toml", "sample_data", "tests"}
"""The top level of the repository, besides what begins with a dot."""


def name_of(path: Path) -> str:
    """`batch.ledger.sqlite.connection`; a package by its folder's name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    """The second part of a module's name."""
    return [*module.split("."), "__init__"][1]


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a module imports, wherever in it: also within functions, also for types
    alone.
    """
    known = {name_of(module) for module in MODULES}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            submodules = [
                f"{module}.{alias.name}"
                for alias in node.names
                if f"{module}.{alias.name}" in known
            ]
            yield from submodules
            if len(submodules) < len(node.names):
                yield module


def floor_of(room: str) -> int:
    (floor,) = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    return floor


def edges() -> Iterator[tuple[str, str]]:
    """Which room imports which, the package's own alone."""
    for path in MODULES:
        for imported in imports_of(path):
            if imported.split(".")[0] == "batch":
                yield room_of(name_of(path)), room_of(imported)


def test_the_top_of_the_package_is_closed() -> None:
    """Rooms, the exception tree, the map and the way in: a new module goes into a room."""
    rooms = {room_of(name_of(path)) for path in MODULES} - OUTSIDE
    assert rooms <= set().union(*FLOORS)
    flat = {path.name for path in PACKAGE.iterdir() if path.is_file() and path.suffix == ".py"}
    assert flat == {"__init__.py", "__main__.py", "errors.py"}


def test_a_module_has_a_name_of_its_own_in_its_room() -> None:
    """Also below its sub-folders; a folder's own `connection` beside another folder's is told apart
    by the folder.
    """
    seen: dict[tuple[str, str], Path] = {}
    for path in MODULES:
        if path.stem != "__init__":
            assert seen.setdefault((str(path.parent), path.stem), path) == path


def test_no_face_hides_a_module() -> None:
    """What a room's `__init__` takes out of its modules is never called like one of them: a name
    means one thing.
    """
    for path in (path for path in MODULES if path.stem == "__init__"):
        modules = {other.stem for other in path.parent.iterdir()}
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module != name_of(path):
                assert not {alias.asname or alias.name for alias in node.names} & modules, path


def test_a_file_goes_through_the_loaders_stages_in_order() -> None:
    """No stage imports a later one."""
    order = {stage: number for number, stage in enumerate(STAGES)}
    for path in (PACKAGE / "loader").rglob("*.py"):
        _, _, stage, *_ = [*name_of(path).split("."), "load"]
        for imported in imports_of(path):
            parts = imported.split(".")
            if parts[:2] == ["batch", "loader"] and len(parts) > 2:
                assert order[parts[2]] <= order[stage], f"{name_of(path)} imports {imported}"


def test_imports_go_down() -> None:
    """Never up, and not to the side, but on the ground floor."""
    for room, imported in sorted(set(edges())):
        if room in OUTSIDE or imported in OUTSIDE or room == imported:
            continue
        down = floor_of(imported) < floor_of(room)
        assert down or floor_of(room) == 0 == floor_of(imported), f"{room} imports {imported}"


def test_no_module_imports_itself_in_a_circle() -> None:
    """Also within a room, and on the ground floor."""
    graph = {
        name_of(path): {i for i in imports_of(path) if i.startswith("batch")} for path in MODULES
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way, module))
        if module not in done:
            for imported in sorted(graph.get(module, ())):
                visit(imported, (*way, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_the_sandbox_is_another_program() -> None:
    """It imports nothing of ours, and only rehearsals (and the command line) import it."""
    assert {imported for room, imported in edges() if room == "sandbox"} == {"sandbox"}
    assert {room for room, imported in edges() if imported == "sandbox"} <= {
        "sandbox",
        "pipeline",
        "cli",
    }


def test_the_map_imports_nothing() -> None:
    """`import batch` costs nothing."""
    assert list(imports_of(PACKAGE / "__init__.py")) == []


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_libraries_stay_in_their_rooms(library: str) -> None:
    """One room knows it; the others ask that room."""
    found = {
        room_of(name_of(path))
        for path in MODULES
        if any(imported.split(".")[0] == library for imported in imports_of(path))
    }
    assert found <= ONLY_IN[library]


def test_the_command_lines_help_loads_nothing_heavy() -> None:
    """pandas, aiohttp and openpyxl are imported within the commands that need them."""
    heavy = ["pandas", "aiohttp", "openpyxl", "xlsxwriter", "pydantic"]
    code = f"import sys, batch.cli; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_stay_small(path: Path) -> None:
    """400 lines a module, blank ones not counted; 60 a function, docstring included."""
    text = path.read_text("utf-8")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path.name}: {node.name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_say_what_is_promised(path: Path) -> None:
    """Every module, class and function that others may use has a docstring; findings are their
    sentence.
    """
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), path
    if path.name == "findings.py":
        return
    for node in tree.body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_names_are_nouns_of_the_field() -> None:
    """Nothing is called what everything could be called."""
    vague = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "manager",
        "handler",
        "misc",
        "base_classes",
    }
    assert not [path for path in MODULES if path.stem in vague or path.parent.name in vague]


def test_the_top_level_is_closed() -> None:
    """Nothing is added beside the package, its tests and its samples."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= CLOSED


@pytest.mark.parametrize(
    "room", sorted({path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE})
)
def test_a_room_lists_its_modules(room: Path) -> None:
    """A room of more than five modules says in its docstring what each of them knows."""
    modules = {path.stem for path in room.glob("*.py")} - {"__init__", "__main__"}
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
    listed = {line.split()[0] for line in said.splitlines() if "  " in line.strip()}
    assert len(modules) <= 5 or modules <= listed, modules - listed
