"""The schema as a page for people (``data/README.md``) and as JSON for tools; both come from ``TABLES``."""

from __future__ import annotations

import json
import math
from typing import Any

from placement.case.cells import WILDCARD
from placement.case.files import TEMPLATES
from placement.case.findings import did_you_mean
from placement.case.schema import DOCUMENTATION, NAN, TABLES, Column, Table
from placement.case.settings import KEYS, MEASURES, TERMS
from placement.errors import OptionError
from placement.units import PERIOD_EXAMPLE

_INTRO = f"""\
# Data: what a case folder holds

Generated from `placement/case/schema.py` by `placement.case.schema_markdown()`; a test keeps the two equal. Edit the schema, not this page.

A case is a folder with `case.toml` and one file per table, `NAME.csv` or `NAME.parquet`; or one workbook, `CASE.xlsx`, with a sheet per table
(below). `placement init DIR --from CASE` begins a new one that explains its columns. **A table that is absent leaves its layer out of
the model**; it does not mean "unlimited", nor zero. Nothing is ignored: an unknown file, table, column or key is an error, and so is input
that would have no effect. All problems are reported together, each with table, column, rows and the way out.

## Tables in general

* CSV is UTF-8 with commas, points in decimals and one header row; the order of columns is free. The order of rows counts only in `halls`
  (entry into service) and in `residency` (whose first row is quoted in explanations).
* Units stand in the column names. Numbers are plain decimals such as `1250.5` or `1.2e3`: no blanks, units, thousands separators, no `nan`
  or `inf`.
* Ids and other words are text as written: `NA` is the id NA (and Namibia), `007` is not 7, `Oslo` is not `oslo`. They hold no commas or
  semicolons.
* Countries are officially assigned codes of ISO 3166-1 alpha-2 (`GB`, not `UK`; no `EU`), and `XK` for Kosovo. Codes for made-up places are not taken.
* Periods are labels whose form follows `period_months`: {", ".join(f"`{label}` ({months})" for months, label in PERIOD_EXAMPLE.items())}.
  A date before the horizon counts as its first period, a date behind it as never, unless the column says that it must lie within.
* 0/1 columns also take `false` and `true`.
* An empty cell, and an absent column, mean what "if blank" says; *required* columns must be there and filled.
* A case describes its workloads in one of two ways: by what they need (chips, power, dates, delay), with `halls`, `skus` and more; or by what each
  placement costs and uses, with `pairs`. Both do not mix. With `pairs`, the tables are `sites`, `jobs` (each goes whole to one site;
  `mandatory` is 1), `services` (may be split), `capacity` and `siting`; `periods` is 1, and of sites and workloads only id and name count.
* Notes are welcome in `.md` files, and in the columns {", ".join(f"`{c}`" for c in DOCUMENTATION)} of every table; they never reach the
  model.
* Lines that begin with `#` before the header of a CSV file are remarks.
* Sub-folders are not read; scenarios (below) may stand there, and empty tables to choose from in `{TEMPLATES}`.

## Workbooks

`placement convert CASE CASE.xlsx` writes a case as a workbook, and `placement convert CASE.xlsx DIR` a folder; both ways it stays the same case
(comments are left behind, and named). A workbook is taken wherever a case is, and as the `base` of a scenario, which is a folder itself.
It needs `placement[xlsx]`.

* A sheet per table, named like the table, header first. The sheet `case` has the keys of `case.toml` in the columns `key` and `value`; a blank value
  is an absent key. The sheets `blocks`, `weights` (columns `term`, `weight`) and `objectives` (columns `name`, `slack`, and a column per term) are there
  where they are needed. Sheets whose names end in `.md` are notes. Any other sheet is an error, and so is a hidden one.
* Numbers may be stored as text; of formulas the value counts that the spreadsheet last saved. Blank rows are skipped; hidden rows count.
* Errors name the cells: formulas that were never calculated or give an error, merged cells, and dates or truth values that the spreadsheet made of a text
  or number. Format columns of ids and periods as text, as `placement init` and `placement convert` do.
"""

_BLOCKS = f"""\
`[[blocks]]`, one for each group of alike hours: `name`, `share` of the hours (sum 1), `stress = true` in exactly one, the hardest hours.
Without blocks there is one, `all`, and it is the stress block. `[weights]`: objective weights (>= 0) that replace those of the model card,
for {", ".join(f"`{t}`" for t in TERMS)}. `[[objectives]]`: objectives in turn (`name`, `weights` of terms or of
{", ".join(f"`{m}`" for m in MEASURES)}, `slack` as a share); one without `weights` minimises the case's own objective, which comes last if there is none
(models/README.md, section 8). `source`, `assumption` and `note` are welcome too.

```toml
name = "nordic"
title = "Two campuses and their users"
start = "2027Q1"
periods = 12
discount_rate = 0.08

[[blocks]]
name = "base"
share = 0.95

[[blocks]]
name = "peak"
share = 0.05
stress = true

[weights]
carbon = 2.0
```
"""

_SCENARIOS = """\
## Scenarios

A scenario is a folder that says only what differs from another case or scenario:

```toml
base = "../nordic"                       # relative to this folder
discount_rate = 0.1                      # any other key replaces the base's; [weights] is merged key by key
drop_tables = ["budget"]                 # leaves layers out

[factors]
"tariffs.energy_usd_per_mwh" = 1.5       # multiplies a numeric column

[remove]
grid = ["oslo/t2"]                       # rows by key; the parts of a key are joined by /
```

A table file beside it holds the key columns and the columns that change. A row with a known key changes the filled cells of that row; a row
with a new key is a new row and must be complete. An empty cell keeps the base's value: to empty a cell, remove the row and give it in full.
Order: `drop_tables`, `remove`, `factors`, rows; so a factor does not touch the scenario's own rows. Whatever hits nothing is an error. The
effective case is checked as a whole. `placement.read_case(folder, overlay=scenario)` applies a scenario to another case than its own base.
"""


def schema_markdown(table: str | None = None) -> str:
    """Return the text of ``data/README.md``, or of one table alone.

    Raises
    ------
    OptionError
        If there is no such table.
    """
    if table is not None:
        if table not in TABLES:
            raise OptionError(f"there is no table '{table}'. {did_you_mean(table, TABLES)}")
        return _table(TABLES[table])
    tables = "\n".join(_table(t) for t in TABLES.values())
    return f"{_INTRO}\n{_settings()}\n{_BLOCKS}\n{_SCENARIOS}\n{_overview()}\n{tables}"


def schema_json() -> str:
    """Return the schema as JSON: tables with key, needs and columns; an unlimited bound or blank number is ``null``."""
    tables = {t.name: _table_record(t) for t in TABLES.values()}
    return json.dumps({"documentation_columns": DOCUMENTATION, "tables": tables}, indent=1, allow_nan=False) + "\n"


def _table_record(table: Table) -> dict[str, Any]:
    names = ("name", "kind", "meaning", "unit", "required", "waived", "blank", "minimum", "maximum", "refers", "choices", "within")
    columns = [{name: _finite(getattr(column, name)) for name in names} for column in table]
    return {"layer": table.layer, "meaning": table.meaning, "key": table.key, "needs": table.needs, "needs_with_pairs": table.with_pairs, "columns": columns}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _settings() -> str:
    rows = [f"| `{key}` | {_default(s.default)} | {s.meaning}; {s.rule} |" for key, s in KEYS.items()]
    return "\n".join(["## case.toml", "", "| key | if absent | meaning and rule |", "|---|---|---|", *rows, ""])


def _default(value: object) -> str:
    return "*required*" if value is None else f"`{json.dumps(value)}`"


def _overview() -> str:
    rows = [f"| {t.layer} | [`{t.name}`](#{t.name}) | {_names(t.key)} | {_needs(t)} |" for t in TABLES.values()]
    return "\n".join(["## Tables", "", "| layer | table | key (unique) | comes only with |", "|---|---|---|---|", *rows, ""])


def _needs(table: Table) -> str:
    return _names(table.needs) + (f"; with `pairs`: {_names(table.with_pairs)}" if table.with_pairs else "")


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def _table(table: Table) -> str:
    head = [
        f"### {table.name}",
        "",
        table.meaning,
        "",
        "| column | type | unit | range | if blank | meaning |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(_row(table, c) for c in table), ""])


def _row(table: Table, column: Column) -> str:
    name = f"**`{column.name}`**" if column.name in table.key else f"`{column.name}`"
    cells = (name, _type(table, column), column.unit, _range(column), _blank(column), column.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def explained(table: Table, column: Column) -> str:
    """Return what an author needs to know of a column, in one line.

    Examples
    --------
    >>> explained(TABLES["halls"], TABLES["halls"].column("it_mw"))
    'it_mw: IT power of the hall (number in MW, 0.001 .. 10000; required)'
    """
    unit = f" in {column.unit}" if column.unit and column.kind in ("float", "int") else ""
    limits = f", {_range(column)}" if _range(column) else ""
    blank = "required" if column.required else "" if _blank(column) == "see meaning" else f"blank: {_blank(column)}"
    rule = "; ".join(part for part in (f"{_type(table, column)}{unit}{limits}", blank) if part)
    return f"{column.name}: {column.meaning} ({rule})".replace("`", "")


def _type(table: Table, column: Column) -> str:
    if column.kind == "ref":
        return f"ref to `{column.refers}`"
    if column.kind == "choice":
        return " or ".join(f"`{c}`" for c in column.choices)
    if column.kind == "country" and (table.name, column.name) in WILDCARD:
        return "country or `*`"
    return {"float": "number", "int": "whole number", "bool": "0/1"}.get(column.kind, column.kind)


def _range(column: Column) -> str:
    if column.kind == "period":
        return "within the horizon" if column.within else ""
    if column.kind not in ("float", "int"):
        return ""
    return f"{column.minimum:g} .. {column.maximum:g}"


def _blank(column: Column) -> str:
    blank = column.blank
    if blank is None:
        return "*required*; must be blank with `pairs`" if column.waived else "*required*"
    if column.kind == "period":
        return {"start": "first period", "end": "last period", "never": "never"}[str(blank)]
    if column.kind == "bool":
        return str(int(bool(blank)))
    if blank is NAN or blank == "":
        return "see meaning" if "blank" in column.meaning else "none"
    return f"{blank:g}" if isinstance(blank, int | float) else f"`{blank}`"
