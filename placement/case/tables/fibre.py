"""Table of the fibre graph."""

from __future__ import annotations

from placement.case.columns import LIFE, NAN, Table, ident, num, whole

TABLES = (
    Table(
        name="links",
        layer="fibre",
        key=("link",),
        meaning="The fibre graph; nodes are sites, metros and any other name. Parallel fibres are separate rows.",
        columns=(
            ident("link", "link id"),
            ident("a", "node at one end"),
            ident("b", "node at the other end"),
            num("km", "km", "laid length", None, 0, 50000),
            num("gbps", "Gbit/s", "capacity for refresh traffic, each direction together; blank: not limited", NAN, 0.001, 1e7),
            num("module_gbps", "Gbit/s", "capacity of one further module; blank: no modules", NAN, 0.001, 1e7),
            num("module_capex_musd", "M$", "cost of one module, paid when lit", 0.0),
            whole("max_modules", "modules", "most modules", 0, 0, 10000),
            whole("lead_periods", "periods", "periods until the first module can be lit", 0, 0, 400),
            LIFE,
        ),
    ),
)
