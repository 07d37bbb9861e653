"""Runs the examples of a page of ``docs/`` in order, and compares what they print with what the page shows.

````text
```console      "$ command" lines, with what they print below; a command that fails must be followed by "$ echo $?"
```sh           a script that must end with 0; its output is not shown
```python       plain Python; the blocks of a page share their names
```output       what the Python block before it prints
```{code-block} LANGUAGE with a :caption:    the file of that name
````

``...`` stands for anything, and blanks count as one; progress on standard error is not shown. A block after ``<!-- skip: next "reason" -->`` is not run.
``python -m tests.docs.refresh`` writes what commands print today into the pages.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import SkipTest

from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract import AbstractCodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.myst import SkipParser

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
SEEN = ("data", "models", "benchmarks", "docs", "tests", "placement")  # what a page finds in its folder, as in a checkout
CHANGED = ("models", "tests", "placement")  # what a page with OWN_COPY finds copied, so that it can change it
OWN_COPY = "<!-- changes the package -->"
LANGUAGES = ("console", "sh", "python", "output")
COMMAND_S = 300.0  # longest that one command may take
_FENCES = FencedCodeBlockLexer(language=r".+", mapping={"language": "arguments", "source": "source"})
_FILE = re.compile(r"^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_PROGRESS = re.compile(r"^( *[\d.]+ s  .* columns +[\d,]+|placement: \S+: [\w ()]+, [\d.]+ s)$")
#: What differs from machine to machine: seconds of a summary and of a sweep, hints for which a long path leaves no room -> what is shown.
_MASKS = (
    (re.compile(r"^(seconds|time): .*"), r"\1: ..."),
    (re.compile(r"(\d\.\d\d%) +[\d.]+$"), r"\1  ..."),
    (re.compile(r"^((?:next:|  ) +placement(?: \S+)+)  .*"), r"\1"),
)


@dataclass
class Page:
    """A page, and what became of its examples.

    Attributes
    ----------
    path
        The Markdown file.
    folder
        Where its commands run.
    ran, skipped
        How many examples ran, and the reasons of those that did not.
    shown
        With ``refresh``: (begin, end, text) of every output, to be written into the page.
    """

    path: Path
    folder: Path
    refresh: bool = False
    ran: int = 0
    skipped: list[str] = field(default_factory=list)
    shown: list[tuple[int, int, str]] = field(default_factory=list)
    _home: Path = ROOT
    _code: int = 0
    _printed: str = ""

    def run(self) -> None:
        """Run all examples in order; AssertionError names the first whose output differs."""
        self._furnish()
        runners = {"console": self._console, "sh": self._script, "python": self._python, "output": self._output}
        parsers = [SkipParser(), self._files, *(AbstractCodeBlockParser([_FENCES], language, run) for language, run in runners.items())]
        document = Sybil(parsers=parsers).parse(self.path)
        with contextlib.chdir(self.folder):
            for example in document.examples():
                try:
                    example.evaluate()
                except SkipTest as reason:
                    self.skipped.append(str(reason))
                else:
                    self.ran += not isinstance(example.region.parsed, tuple)  # a tuple is the instruction to skip

    def _furnish(self) -> None:
        copied = CHANGED if OWN_COPY in self.path.read_text(encoding="utf-8") else ()
        for name in SEEN:
            if name in copied:
                shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (self.folder / name).symlink_to(ROOT / name)
        self._home = self.folder if copied else ROOT
        shim(self.folder)

    def _files(self, document: Document) -> Iterator[Region]:
        for found in _FILE.finditer(document.text):
            yield Region(*found.span(), [found[1], found[2]], self._file)

    def _file(self, example: Example) -> None:
        name, text = example.parsed
        (self.folder / name).write_text(text, encoding="utf-8")

    def _console(self, example: Example) -> None:
        shown = []
        for command, expected in _commands(example.parsed):
            printed, code = self._bash(f"(exit {self._code}); {command}")
            assert not self._code or "$?" in command, f"{self._at(example)}: the command before `{command}` ended with {self._code}"
            self._code = code
            self._compare(example, expected, printed, command)
            shown.append(f"$ {command}\n{expected if _same(expected, printed) else printed}")
        assert not self._code, f"{self._at(example)}: `{command}` ended with {self._code}\n{printed}"
        self._show(example, "".join(shown))

    def _script(self, example: Example) -> None:
        printed, code = self._bash(f"set -euo pipefail\n{example.parsed}")
        assert code == 0, f"{self._at(example)}: the script ended with {code}\n{printed}"

    def _python(self, example: Example) -> None:
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            PythonEvaluator()(example)
        self._printed = _clean(text.getvalue(), self.folder)

    def _output(self, example: Example) -> None:
        self._compare(example, example.parsed, self._printed, "the block above")
        self._show(example, example.parsed if _same(example.parsed, self._printed) else self._printed)

    def _bash(self, script: str) -> tuple[str, int]:
        paths = {"PATH": f"{self.folder / '.bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(self._home), "COLUMNS": "80", "PYTEST_ADDOPTS": ""}
        done = subprocess.run(
            ["bash", "-c", script], env={**os.environ, **paths}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=COMMAND_S, check=False
        )
        return _clean(done.stdout, self.folder), done.returncode

    def _compare(self, example: Example, expected: str, printed: str, what: str) -> None:
        if not self.refresh and not _same(expected, printed):
            raise AssertionError(f"{self._at(example)}: {what} prints\n{printed}\nnot\n{expected}")

    def _show(self, example: Example, text: str) -> None:
        begin, end = example.region.start, example.region.end
        lines = example.document.text[begin:end].splitlines()
        self.shown.append((begin, end, f"{lines[0]}\n{text.rstrip()}\n{lines[-1]}"))

    def _at(self, example: Example) -> str:
        return f"{self.path.name} line {example.line}"


def pages() -> list[Path]:
    """Return the pages that hold examples."""
    written = (p for p in DOCS.rglob("*.md") if not {"generated", "_build"} & set(p.relative_to(DOCS).parts))
    return sorted(p for p in written if re.search(rf"^```({'|'.join(LANGUAGES)})$", p.read_text(encoding="utf-8"), re.MULTILINE))


def blocks(path: Path, languages: str = "|".join(LANGUAGES)) -> int:
    """Return how many blocks of these languages a page holds, found by its fences alone."""
    text = path.read_text(encoding="utf-8")
    return len(re.findall(rf"^```({languages})$", text, re.MULTILINE)) + len(re.findall(r"^:caption: ", text, re.MULTILINE))


def written_anew(page: Page) -> str:
    """Return the text of a page that ran with ``refresh``, with what its examples print today."""
    document: Document = Document.parse(str(page.path))
    text = str(document.text)
    for begin, end, block in sorted(page.shown, reverse=True):
        text = text[:begin] + block + text[end:]
    return text


def _commands(block: str) -> list[tuple[str, str]]:
    """Return (command, expected output) of a console block; lines that begin with ``> `` continue a command."""
    found: list[list[str]] = []
    begun = False
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
            begun = True
        elif begun and line.startswith("> "):
            found[-1][0] += "\n> " + line[2:]
        else:
            begun = False
            found[-1][1] += line + "\n"
    return [(command.replace("\n> ", "\n"), expected) for command, expected in found]


def _clean(text: str, folder: Path) -> str:
    """Return an output as a page shows it: paths from its folder, no progress, no trailing blanks, ``...`` for seconds."""
    lines: list[str] = []
    for line in text.replace(f"{ROOT}/", "").replace(f"{folder.resolve()}/", "").splitlines():
        shown = line.rstrip()
        for pattern, masked in _MASKS:
            shown = pattern.sub(masked, shown)
        if not _PROGRESS.match(shown):
            lines.append(shown)
    return "".join(f"{line}\n" for line in lines)


def _same(expected: str, printed: str) -> bool:
    if not expected.strip():
        return not printed.strip()
    return doctest.OutputChecker().check_output(expected.strip() + "\n", printed.strip() + "\n", _FLAGS)


def shim(folder: Path) -> None:
    """Put ``placement`` of this checkout, and the Python that runs the tests, on the path of the commands."""
    (folder / ".bin").mkdir()
    for name, arguments in (("placement", "-m placement"), ("python", ""), ("dask", "-m dask")):
        command = folder / ".bin" / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
