"""Key figures of a plan, one file per layer; :mod:`placement.plan.kpis` puts them together."""
