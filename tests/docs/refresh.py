"""``python -m tests.docs.refresh [PAGE...]``: run the examples of pages and write what they print today into them; read the difference before you commit."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.running import Page, pages, written_anew


def main(names: list[str]) -> None:
    """Refresh the pages of these paths, or all."""
    for path in [Path(n).resolve() for n in names] or pages():
        with tempfile.TemporaryDirectory() as folder:
            page = Page(path, Path(folder), refresh=True)
            try:
                page.run()
            except AssertionError as error:
                print(f"{path}: {error}")  # what ran before it is written all the same
            text = written_anew(page)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"{path}: written anew")


if __name__ == "__main__":
    main(sys.argv[1:])
