"""The notebooks of examples/ run from scratch, keep what they promise, and are stored with the outputs that they make."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples"
NAMES = ("first_plan", "own_case")


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """The script that runs the notebooks."""
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stored(name: str) -> dict[str, Any]:
    """A notebook as it is kept."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return found


def shown(cell: dict[str, Any]) -> set[str]:
    """In what forms a code cell shows what it shows: printed, as text, HTML or a picture."""
    return {kind for o in cell.get("outputs", ()) for kind in (o.get("data") or {o.get("name", ""): ""})}


def said(cell: dict[str, Any]) -> str:
    """What a code cell prints and shows as text, without the numbers of a search and the size of a figure."""
    texts = ["".join(o.get("text", "")) or "".join(o.get("data", {}).get("text/plain", "")) for o in cell["outputs"]]
    return re.sub(r"size \S+ with|<.*Figure.*>|\(between .*\)|bound .*", "", "".join(texts))


def test_these_are_the_notebooks(runner):
    """In the order in which to read them; a new one needs its name here."""
    assert [path.stem for path in runner.notebooks()] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs(runner, name):
    """Every assertion in it holds. The case worked out by hand says what is kept, word for word; where plans may tie, the kinds of output are the same."""
    fresh = [c for c in runner.slim(runner.executed(FOLDER / f"{name}.ipynb")).cells if c["cell_type"] == "code"]
    kept = [c for c in stored(name)["cells"] if c["cell_type"] == "code"]
    assert [shown(c) for c in fresh] == [shown(c) for c in kept]
    if name == "first_plan":
        sure = [i for i, c in enumerate(kept) if "real" not in "".join(c["source"])]
        assert len(sure) >= 12
        assert [said(fresh[i]) for i in sure] == [said(kept[i]) for i in sure]


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_kept_with_its_outputs(name):
    """Executed in order, small, with figures, and without an error or a warning on show."""
    path, cells = FOLDER / f"{name}.ipynb", [c for c in stored(name)["cells"] if c["cell_type"] == "code"]
    assert path.stat().st_size < 400_000
    assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1))
    outputs = [o for c in cells for o in c["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 3
    assert sum("assert" in "".join(c["source"]) for c in cells) >= 5


def test_links_between_notebooks_lead_somewhere():
    """Relative links of the text lead to files; tools that show them add or leave the suffix."""
    for name in NAMES:
        text = "".join("".join(c["source"]) for c in stored(name)["cells"] if c["cell_type"] == "markdown")
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert (FOLDER / target).exists(), target
