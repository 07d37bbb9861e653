"""The section about what the numbers rest on: the case's own sources, assumptions and notes."""

from __future__ import annotations

import pandas as pd

from placement.case.documentation import documentation, sources_file
from placement.report.facts import Facts
from placement.report.formats import MISSING, fixed, plural
from placement.report.markup import Html, details, note, section, table
from placement.report.tables import records

MOST_TEXTS = 600  # rows of a list; the tables of the case have all
_WORDS = {"source": "source", "assumption": "assumption", "note": "note"}


def is_documented(facts: Facts) -> bool:
    """Whether the case says anything of its numbers."""
    return not documentation(facts.case).empty


def sources_section(facts: Facts) -> Html:
    """Return how many rows of each table name a source or an assumption, and every distinct one of them."""
    title, case, df = "Assumptions and sources", facts.case, documentation(facts.case)
    if df.empty:
        why = "has no source, assumption or note in its tables" if case.path is not None else "was not read from a folder, so that its sources are not known"
        return section("sources", title, note(f"The case {why}."))
    file = sources_file(case)
    lead = "What the case says of its own numbers, in the columns source, assumption and note of its tables; no model reads them."
    more = f" {file} has the sources in full." if file else ""
    return section("sources", title, note(lead + more), *_lists(df), details("Show how much of each table is documented", _by_table(facts, df)))


def _lists(df: pd.DataFrame) -> list[Html]:
    """Return one list of texts per column, with the tables that they stand in."""
    out = []
    for column, word in _WORDS.items():
        some = df.loc[df["column"] == column].sort_values(["table", "rows"], ascending=[True, False], kind="stable")
        if some.empty:
            continue
        rows = [(r.table, r.text, fixed(r.rows)) for r in records(some.head(MOST_TEXTS))]
        cut = f"The first {MOST_TEXTS} of {len(some)}; the tables of the case have all." if len(some) > MOST_TEXTS else ""
        name = f"Show {plural(len(some), f'different {word}')} of {plural(some['table'].nunique(), 'table')}"
        out.append(details(name, table(("Table", word[:1].upper() + word[1:], "Rows"), rows, (2,), cut)))
    return out


def _by_table(facts: Facts, df: pd.DataFrame) -> Html:
    counts = df.pivot_table(index="table", columns="column", values="rows", aggfunc="sum", fill_value=0)
    columns = [c for c in _WORDS if c in counts]
    rows = [
        (name, fixed(len(data)), *(fixed(counts.loc[name, c]) if name in counts.index and counts.loc[name, c] else MISSING for c in columns))
        for name, data in facts.case.tables.items()
    ]
    return table(("Table", "Rows", *(f"With {'an' if c == 'assumption' else 'a'} {_WORDS[c]}" for c in columns)), rows, range(1, 2 + len(columns)))
