"""The list of problems that reading a case fills, and the wording that its parts share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from placement.errors import Problem


@dataclass(slots=True)
class Findings:
    """Problems found so far, and what they spoil.

    ``spoiled`` holds tables (``"halls"``: rows are lost) and columns (``"halls.it_mw"``: cells are not to be
    trusted). A later check that reads a spoiled thing is left out, so that one mistake is reported once.
    """

    problems: list[Problem] = field(default_factory=list)
    spoiled: set[str] = field(default_factory=set)
    misnamed: set[str] = field(default_factory=set)  # tables that a file or sheet nearly has the name of

    def add(self, table: str, column: str, rule: str, remedy: str, rows: Iterable[str] = ()) -> None:
        """Record one problem and spoil its column, or its table where it concerns no column."""
        self.problems.append(Problem(table, column, rule, remedy, tuple(rows)))
        self.spoiled.add(f"{table}.{column}" if column else table)

    def trusts(self, name: str) -> bool:
        """Whether a table, or a column written ``table.column``, is not spoiled."""
        return name not in self.spoiled and name.partition(".")[0] not in self.spoiled


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most similar; "" where none is."""
    folded = {w.lower().strip(): w for w in sorted({str(k) for k in known})}
    close = difflib.get_close_matches(word.lower().strip(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a remedy: the most similar known word, or the known words.

    Examples
    --------
    >>> did_you_mean("gird", ["grid", "halls"])
    "Did you mean 'grid'?"
    """
    words = sorted({str(k) for k in known})
    close = nearest(word, words)
    if close:
        return f"Did you mean '{close}'?"
    shown = ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
    return f"Known: {shown}." if words else "Nothing is known by that name here."


def suggest(words: Iterable[str], known: Iterable[str]) -> str:
    """Return :func:`did_you_mean` for the first few of several words."""
    wanted, pool = list(dict.fromkeys(words))[:3], list(known)
    if len(wanted) == 1:
        return did_you_mean(wanted[0], pool)
    return " ".join(f"'{word}': {did_you_mean(word, pool)}" for word in wanted)
