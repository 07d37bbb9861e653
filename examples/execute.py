"""Run the notebooks of this folder from scratch: ``python examples/execute.py``.

Every assertion in a notebook must hold. ``--write`` also keeps the outputs: pictures in 256
colours, no paths of the machine. Needs ``pip install '.[test]'``.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
MOST_BYTES = 400_000  # of a notebook with its outputs


def notebooks() -> list[Path]:
    """Return the notebooks, in the order in which to read them."""
    return sorted(FOLDER.glob("*.ipynb"), key=lambda path: path.name != "first_plan.ipynb")


def executed(path: Path, limit_s: float = 120.0) -> Any:
    """Return the notebook with fresh outputs, run in a kernel of this Python and in this folder.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises what it should not.
    """
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        book,
        timeout=limit_s,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
    )
    return client.execute(
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent)}
    )  # the checkout's own placement


def slim(book: Any) -> Any:
    """Return the notebook with pictures in 256 colours and without what tells of a machine."""
    book.metadata = {"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}}
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _few_colours(data["image/png"])
            assert str(FOLDER.parent) not in json.dumps(output), (
                "an output names a path of this machine"
            )
    return book


def _few_colours(png: str) -> str:
    from PIL import Image  # comes with matplotlib

    out = io.BytesIO()
    Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB").quantize(256).save(
        out, format="PNG", optimize=True
    )
    return base64.b64encode(out.getvalue()).decode()


def main() -> int:
    """Run every notebook; return 0 if all went well."""
    import nbformat

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the outputs")
    write = parser.parse_args().write
    for path in notebooks():
        text = nbformat.writes(slim(executed(path))) + "\n"
        text = re.sub(
            r"(<Figure|<placement\.plot\.canvas\.PlanFigure) size \S+ with \d+ Axes>",
            "<Figure>",
            text,
        )
        if len(text.encode()) > MOST_BYTES:
            print(
                f"{path.name}: {len(text.encode())} bytes with outputs are more than {MOST_BYTES}",
                file=sys.stderr,
            )
            return 1
        if write:
            path.write_text(text, encoding="utf-8")
        print(f"{path.name}: runs{', outputs kept' if write else ''}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
