"""Tables of cases that say what each placement costs, instead of describing power, chips and fibre."""

from __future__ import annotations

from placement.case.columns import Table, ident, num, ref

TABLES = (
    Table(
        name="pairs",
        layer="pairs",
        key=("workload", "site"),
        needs=("sites",),
        meaning="Where each workload may be placed, what that costs and what it uses: all that a case says of its workloads, in place of halls, "
        "chips, power and fibre. `jobs` go whole to one site; `services` may be split over sites.",
        columns=(
            ident("workload", "job of `jobs`, or service of `services`"),
            ref("site", "sites", "site where it may be placed; without a row it may not"),
            num("cost_musd", "M$", "cost of serving all of the workload there (in `cost_unit` of case.toml)", None, -1e9, 1e9),
            num("use", "units", "what all of the workload uses of the site's capacity", 0.0, 0.0, 1e8),
        ),
    ),
    Table(
        name="capacity",
        layer="pairs",
        key=("site",),
        needs=("sites", "pairs"),
        meaning="How much the sites can hold; a site without a row is not limited.",
        columns=(
            ref("site", "sites", "site"),
            num("capacity", "units", "capacity, in the units of `pairs.use`", None, 1e-6, 1e8),
        ),
    ),
    Table(
        name="siting",
        layer="pairs",
        key=("site",),
        needs=("sites", "pairs"),
        meaning="Sites that must be opened to be used; a site without a row is open.",
        columns=(
            ref("site", "sites", "site"),
            num("opening_cost_musd", "M$", "cost of opening the site (in `cost_unit` of case.toml)", 0.0, -1e9, 1e9),
        ),
    ),
)
