"""The documentation keeps its promises: what its pages show is what happens."""

from __future__ import annotations

import re
import warnings

import pytest

from tests.docs.running import DOCS, Page, blocks, pages


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.relative_to(DOCS).with_suffix("").as_posix())
def test_examples_of_the_page(path, tmp_path):
    """Every example of a page runs, or says why not, and prints what the page shows."""
    page = Page(path, tmp_path)
    page.run()
    for reason in page.skipped:
        warnings.warn(f"{path.name}: an example was not run: {reason}", stacklevel=1)
    assert page.ran + len(page.skipped) == blocks(path)


def test_a_wrong_output_is_found(tmp_path):
    """A page whose output is not what the command prints fails, with line and both texts."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n```\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(AssertionError, match=r"`echo one`|echo one prints\s+one\s+not\s+two"):
        Page(page, tmp_path / "folder").run()


def test_a_failing_command_is_found(tmp_path):
    """A command that fails fails the page, unless its exit code is shown."""
    page, folder = tmp_path / "page.md", tmp_path / "folder"
    page.write_text("```console\n$ false\n$ echo $?\n1\n```\n\n```console\n$ false\n```\n", encoding="utf-8")
    folder.mkdir()
    with pytest.raises(AssertionError, match="`false` ended with 1"):
        Page(page, folder).run()


def test_all_code_of_the_site_is_run_or_plain():
    """A block in a language that looks like code but is never run does not slip in."""
    for path in pages():
        languages = set(re.findall(r"^```(\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
        assert languages <= {"console", "sh", "python", "output", "text"}, path
