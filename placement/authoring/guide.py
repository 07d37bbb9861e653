"""The page that goes with a new case: what to do first, what is in it, and what may be added."""

from __future__ import annotations

import shlex

from placement.authoring.source import Source
from placement.case.describe import explained
from placement.case.files import TEMPLATES
from placement.case.schema import TABLES

_ADD_SHEET = "Add a sheet of that name, with the columns of the list in its first row."
_RULES = """\
* A table that is absent leaves its layer out of the model; it does not mean "unlimited", nor zero. Whatever would have no effect is an error.
* Units stand in the column names. Numbers are plain, with a point: 1250.5. Shares are between 0 and 1: 80 % is 0.8.
* Ids and other words count as written: Oslo is not oslo. Countries are ISO 3166-1 alpha-2 codes such as GB.
* Periods are labels: 2027-03 (months), 2027Q3 (quarters), 2027H2 (half years), 2027 (years), as period_months says.
* The columns source, assumption and note are yours in every table; they reach no model."""


def guide(source: Source, target: str, in_book: bool) -> str:
    """Return the page as Markdown; of a workbook it explains the columns of the tables that are left out, which a folder has as templates."""
    name = source.settings["name"]
    settings = "in the sheet `case`" if in_book else "in `case.toml`"
    columns = "a note at each column name" if in_book else "the lines above each header"
    target = shlex.quote(target)
    lines = [
        f"# {name}", "",
        f"Begun from the case {source.case.name} by `placement init`. It is sound and solves as it is:", "",
        "```text", f"placement validate {target}      every problem at once, with the way out",
        f"placement solve {target} --out {shlex.quote(f'{name}-run')}", "```", "",
        f"Change one thing after another and validate in between. Name, horizon and rates stand {settings}; {columns} say what the columns mean.", "",
        "## Rules", "", _RULES, "",
        "## Tables in this case", "",
        *(f"* `{n}`, {len(t)} row{'s' if len(t) != 1 else ''}: {TABLES[n].meaning}" for n, t in source.tables.items()), "",
        "## Tables that may be added", "",
        _ADD_SHEET if in_book else f"Move the file up from `{TEMPLATES}/` and add rows to it.", "",
    ]  # fmt: skip
    for table in (t for t in TABLES.values() if t.name not in source.tables):
        needs = f" Comes only with {', '.join(table.needs)}." if table.needs else ""
        lines.append(f"* `{table.name}`: {table.meaning}{needs}")
        lines += [f"  * {explained(table, column)}" for column in table] if in_book else []
    return "\n".join(lines) + "\n"
