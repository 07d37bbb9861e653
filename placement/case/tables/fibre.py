"""Table of the fibre graph."""

from __future__ import annotations

from placement.case.columns import LIFE, NAN, Table, choice, ident, num, period, ref, text, whole

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
            choice("kind", ("land", "subsea"), "subsea cables are routes that a service may avoid (avoid_subsea), and have figures of their own", "land"),
            period("available", "first period in which the link exists", "start"),
            text("srlg", "shared-risk groups separated by ';': links of a group fail together; blank: none"),
            num("transit_usd_per_gb", "$/GB", "price of traffic over the link, users' and refresh", 0.0, 0, 1e3),
            num("gbps", "Gbit/s", "capacity for refresh traffic, each direction together; blank: not limited", NAN, 0.001, 1e7),
            num("module_gbps", "Gbit/s", "capacity of one further module; blank: no modules", NAN, 0.001, 1e7),
            num("module_capex_musd", "M$", "cost of one module, paid when lit", 0.0),
            whole("max_modules", "modules", "most modules", 0, 0, 10000),
            whole("lead_periods", "periods", "periods until the first module can be lit", 0, 0, 400),
            LIFE,
        ),
    ),
    Table(
        name="waves",
        layer="fibre",
        key=("wave",),
        needs=("links",),
        meaning="Wavelengths that can be leased on links, beside own modules.",
        columns=(
            ident("wave", "offer id"),
            ref("link", "links", "link that carries it"),
            num("gbps", "Gbit/s", "capacity of one wave", None, 0.001, 1e7),
            num("lease_musd_per_year", "M$/year", "price of one wave while it is leased", None),
            whole("max_units", "waves", "most waves", 1, 1, 10000),
            period("start", "first period of the lease", "start", within=True),
            whole("term_periods", "periods", "periods for which a wave is leased once it is", None, 1, 400),
        ),
    ),
)
