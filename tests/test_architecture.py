"""The shape of the code: imports point one way, solvers stay where they belong, files and functions stay small."""

from __future__ import annotations

import ast
import graphlib
import sys
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from placement.authoring.shipped import NAMES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "placement"

#: From the ground up. A group may import groups of lower layers only; groups of one layer do not know one another.
#: ``checker`` is ``plan/checker.py`` with ``plan/checking/``: it lies far below the rest of ``plan`` on purpose.
LAYERS: list[set[str]] = [
    {"placement"},  # the package itself: version and lazy public names
    {"errors", "interrupt", "start_up", "units"},
    {"parallel", "telling"},
    {"case", "options", "cards"},
    {"rules", "fibre", "checker", "instances", "authoring"},
    {"supply", "demand"},
    {"program"},
    {"knapsack_bound", "reference"},
    {"certificate"},
    {"engine", "plan", "report", "objectives", "lint", "reasons"},
    {"in_turn", "live", "notebook", "plot"},
    {"run", "solving"},
    {"explain"},
    {"batch"},
    {"bench", "generate"},
    {"cli"},
    {"__main__"},
]

#: Who may import what of the outside world that is heavy or has an opinion.
OUTSIDE = {
    "highspy": {"placement.engine.highs"},
    "pyomo": {"placement.start_up", "placement.supply", "placement.program", "placement.reference", "placement.objectives", "placement.plan.extract"},
    "networkx": {"placement.fibre", "placement.rules", "placement.case", "placement.plan.checking"},
    "numba": {"placement.engine.assignment"},
    "distributed": {"placement.parallel.cluster"},
    "multiprocessing": {"placement.parallel.local"},
    "concurrent": {"placement.parallel"},
    "openpyxl": {"placement.case.workbook"},
    "pooch": {"placement.bench.files"},
    "matplotlib": {"placement.plot"},
    "importlib": {"placement", "placement.solving"},  # lazy names; versions
}
LIGHT = {"placement", "placement.__main__", "placement.cli", "placement.errors", "placement.units", "placement.options", "placement.cards", "placement.telling"}
_ANSWERS = {f"placement.explain.{name}" for name in ("command", "infeasible_text", "what_if")}
TALKS = {"placement.cli", "placement.batch", "placement.bench.command"} | _ANSWERS  # the library itself prints nothing


@cache
def modules() -> dict[str, ast.Module]:
    """Return every module of the package by dotted name, parsed."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def path_of(name: str) -> Path:
    """Return the file of a module."""
    base = ROOT.joinpath(*name.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def for_types_only(node: ast.AST) -> bool:
    """Whether a statement is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(tree: ast.AST) -> set[str]:
    """Return what a module imports when it runs, also inside functions; names of submodules are resolved."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if for_types_only(node):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in modules() else str(node.module) for name in whole}
        else:
            found |= imports(node)
    return found


def group(name: str) -> str:
    """Return the group of LAYERS that a module of the package belongs to."""
    parts = name.split(".")
    if name == "placement.plan.checker" or parts[1:3] == ["plan", "checking"]:
        return "checker"
    return parts[1] if len(parts) > 1 else "placement"


def inner(name: str) -> set[str]:
    """Return the modules of the package that a module imports."""
    return {m for m in imports(modules()[name]) if m.split(".")[0] == "placement"}


@pytest.fixture(params=sorted(modules()))
def name(request: pytest.FixtureRequest) -> str:
    """Every module in turn."""
    return str(request.param)


def test_every_module_has_its_layer():
    """A new file or package must be given its place here, and a place that nobody has goes."""
    assert {group(name) for name in modules()} == set().union(*LAYERS)
    assert sum(map(len, LAYERS)) == len(set().union(*LAYERS))


def test_imports_point_down(name):
    """A module imports lower layers and its own group, never up and never its siblings."""
    layer = {g: i for i, groups in enumerate(LAYERS) for g in groups}
    own = group(name)
    wrong = {m for m in inner(name) if group(m) != own and layer[group(m)] >= layer[own]}
    assert not wrong


def test_types_only_imports_are_few():
    """They may point up, so they are counted."""
    users = {n for n, tree in modules().items() if any(for_types_only(node) for node in ast.walk(tree))}
    assert users <= {"placement", "placement.plan.plan"}


def test_there_is_no_circle():
    """No two modules need one another, not even inside a package."""
    order = graphlib.TopologicalSorter({n: inner(n) - {n} for n in modules() if n != "placement"})
    assert len(list(order.static_order())) >= len(modules()) - 1


def test_the_outside_world_has_its_doors(name):
    """HiGHS is behind one file; Pyomo is for supply; graphs for fibre, milestones and their checks."""
    for library, doors in OUTSIDE.items():
        if any(m.split(".")[0] == library for m in imports(modules()[name])):
            assert any(name == door or (door != "placement" and name.startswith(f"{door}.")) for door in doors), f"{name} imports {library}"


def test_checker_is_independent(name):
    """The checker knows the case and nothing that helped to make the plan."""
    if group(name) == "checker":
        assert {group(m) for m in inner(name)} <= {"checker", "case", "units", "errors"}
        outside = {m.split(".")[0] for m in imports(modules()[name])} - {"placement"}
        assert outside <= {"numpy", "pandas", "networkx"} | sys.stdlib_module_names


def test_engine_knows_nothing_of_the_domain(name):
    """The engine sees arrays; the certificate needs no solver."""
    if group(name) == "engine":
        assert {group(m) for m in inner(name)} <= {"engine", "program", "certificate", "options", "errors", "parallel"}
    if group(name) == "certificate":
        assert inner(name) == {"placement.program", "placement.knapsack_bound"}


def test_published_instances_are_ordinary_cases(name):
    """Behind the reader nothing knows that a case was published: model, program, engine and checker never hear of formats."""
    if group(name) in ("supply", "demand", "program", "certificate", "engine", "checker", "solving", "rules", "parallel"):
        assert not {m for m in inner(name) if group(m) in ("instances", "bench")}
    if group(name) == "instances":
        assert {group(m) for m in inner(name)} <= {"instances", "case", "errors"}


def test_the_shell_is_light():
    """What ``placement --help`` loads imports the standard library at most."""
    for name in LIGHT:
        for node in modules()[name].body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                heads = {m.split(".")[0] for m in imports(ast.Module([node], []))}
                assert not heads & {"numpy", "pandas", "scipy", "pyomo", "highspy", "networkx"}, name
        assert {m for m in inner(name) if group(m) in ("engine", "solving", "run", "batch", "bench")} == set() or name == "placement.cli"


def test_public_loading_needs_no_solver(python):
    """Reading, checking and reporting work where HiGHS is not even installed."""
    code = (
        "import sys\nsys.modules['highspy'] = None\n"
        "import placement\nplacement.read_case, placement.check, placement.write_plan, placement.Plan, placement.Verdict, placement.to_pyomo\n"
        "import placement.certificate, placement.report, placement.run"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


def test_only_the_shell_prints(name):
    """A library that prints cannot be used in one."""
    calls = [n for n in ast.walk(modules()[name]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"]
    assert not calls or name in TALKS


def test_every_package_is_in_the_wheel():
    """setuptools is given an explicit list; a package that is not in it would be missing after installation."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = {str(p.parent.relative_to(ROOT)).replace("/", ".").replace("\\", ".") for p in PACKAGE.rglob("__init__.py")}
    cases = {f"placement.cases.{name.replace('-', '_')}": f"data/{name}" for name in NAMES}
    assert set(settings["packages"]) == found | {"placement.catalogue", "placement.suites"} | set(cases)
    assert {name: folder for name, folder in settings["package-dir"].items() if "cases" in name} == cases
    assert all(settings["package-data"][name] == ["*.toml", "*.csv", "*.md"] and not list((ROOT / folder).rglob("*.py")) for name, folder in cases.items())
    assert settings["package-dir"]["placement.catalogue"] == "models"
    assert settings["package-dir"]["placement.suites"] == "benchmarks/published"
    assert list((ROOT / "models").glob("*.toml")) and list((ROOT / "benchmarks" / "published").glob("*.toml"))
    assert {p.parent for p in PACKAGE.rglob("*.py")} == {p.parent for p in PACKAGE.rglob("__init__.py")}


def test_files_and_functions_stay_small(name):
    """One idea per file and per function; every module and every public name says what it is for."""
    tree = modules()[name]
    assert ast.get_docstring(tree)
    assert len(path_of(name).read_text(encoding="utf-8").splitlines()) <= 400
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert int(node.end_lineno or 0) - node.lineno < 80, node.name
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_nothing_is_swallowed(name):
    """No bare ``except`` and none that catches everything and goes on; an error that is hidden is a wrong answer later."""
    for node in ast.walk(modules()[name]):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}"
            caught = ast.unparse(node.type)
            raises = any(isinstance(n, ast.Raise) for n in ast.walk(node))
            allowed = raises or name in ("placement.engine.highs", "placement.parallel.local")
            assert caught not in ("Exception", "BaseException") or allowed, f"line {node.lineno}"


def test_layers_are_used():
    """Every group except the entries (the program; to_pyomo, figures and HTML, reached through the lazy names of the package) is imported by somebody."""
    used: dict[str, set[str]] = defaultdict(set)
    for name in modules():
        for m in inner(name):
            used[group(m)].add(group(name))
    alone = {g for g in set().union(*LAYERS) if not used[g] - {g}}
    assert alone <= {"__main__", "reference", "notebook", "plot"}
