"""A case of any size made from a real one: every row is a copy of one of its rows, changed a little."""

from __future__ import annotations

from dataclasses import replace

from placement.case import Case
from placement.errors import OptionError
from placement.generate.balance import balance
from placement.generate.chips import put_installed, put_offers, put_skus, put_vendor_caps
from placement.generate.core import core_of
from placement.generate.draw import Calendar, Draw
from placement.generate.energy import put_energy
from placement.generate.fibre import put_links
from placement.generate.inference import put_services
from placement.generate.kit import Kit
from placement.generate.power import put_plants, put_policies
from placement.generate.rules import put_export, put_residency
from placement.generate.sites import put_sites
from placement.generate.size import Size
from placement.generate.training import put_jobs

NEEDS = ("sites", "halls", "skus")


def generate(base: Case, size: Size, seed: int = 0) -> Case:
    """Return a generated case; the same base, size and seed give the same case.

    Parameters
    ----------
    base
        A case whose workloads have needs (halls, SKUs), not one with ``pairs``; :func:`core_of` leaves out what is not resampled.
    size
        Numbers of rows; what it leaves open is taken from the base.
    seed
        Whole number >= 0.

    Raises
    ------
    OptionError
        If the base has nothing to draw from, or the seed is negative.
    """
    if seed < 0:
        raise OptionError(f"seed must be a whole number >= 0, got {seed}")
    lacking = [table for table in NEEDS if table not in base]
    if lacking:
        raise OptionError(f"the case {base.name} cannot be resampled: it has no {', '.join(lacking)}")
    counts = size.of(base)
    base, _ = core_of(base)
    kit = Kit(base, counts, Draw(seed), Calendar(base.n_periods, counts["periods"]))
    for step in (
        put_skus, put_sites, put_plants, put_energy, put_policies, put_jobs, put_services, put_links,
        put_installed, put_offers, balance, put_vendor_caps, put_export, put_residency,
    ):  # fmt: skip
        step(kit)
    tables = {name: kit.tables[name] for name in base.tables if name in kit.tables}
    name = f"{base.name}-{'x'.join(str(counts[c]) for c in ('jobs', 'sites', 'periods', 'skus'))}-seed{seed}"
    return replace(base, name=name, title=f"Generated from {base.name}", n_periods=counts["periods"], tables=tables, path=None, sha256="", notes=())
