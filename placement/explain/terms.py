"""What a plan can be judged by, each as a linear function of a program's columns: cost terms, carbon, latency, the foreign part of the spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placement.case import Case
from placement.case.case import Objective
from placement.case.findings import did_you_mean
from placement.case.settings import TERMS
from placement.errors import FormulationError, OptionError
from placement.objectives import cost_of, linear
from placement.program import Floats, Program, Sides

OWN, EMISSIONS, LATENCY, DOMESTIC = "cost", "emissions_kt", "rtt_ms", "domestic_share"


@dataclass(frozen=True, eq=False)
class Term:
    """``(cost @ x + constant) / (whole @ x + whole_constant)``, to be made small; a plain sum where ``whole`` is ``None``.

    Attributes
    ----------
    cost
        Shape (n_columns,).
    shown
        Turns a value into what is shown: ``(factor, offset)``; the domestic share is one less the foreign one.
    """

    name: str
    unit: str
    cost: Floats
    constant: float
    whole: Floats | None = None
    whole_constant: float = 0.0
    shown: tuple[float, float] = (1.0, 0.0)

    def value(self, x: Floats) -> float:
        """Return the value of a point; a share of nothing is 0."""
        top = float(self.cost @ x) + self.constant
        if self.whole is None:
            return top
        below = float(self.whole @ x) + self.whole_constant
        return top / below if below > 1e-9 else 0.0

    def show(self, value: float) -> float:
        """Return a value in the words of the term's name."""
        return self.shown[0] * value + self.shown[1]

    def at_most(self, most: float) -> tuple[Floats, float]:
        """Return the row ``cost @ x <= limit`` that says that the value is at most ``most``; a share is at most 1."""
        if self.whole is None:
            return self.cost, most - self.constant
        most = min(most, 1.0)
        return self.cost - most * self.whole, most * self.whole_constant - self.constant


def term_of(name: str, sides: Sides, program: Program, variables: Sequence[Any]) -> Term:
    """Return a term by name.

    Parameters
    ----------
    name
        ``cost`` (the case's own objective), ``emissions_kt``, ``rtt_ms``, ``domestic_share`` or ``domestic_share:PROGRAMME``, a cost term such as ``capex``, or
        several of them joined by ``+``. Cost terms are discounted M$.

    Raises
    ------
    OptionError
        If there is no such term, or nothing in the case has it.
    """
    case = sides.case
    if name == OWN:
        return Term(name, case.cost_unit, program.cost, program.offset)
    if name == LATENCY:
        return _latency(sides, program)
    if name.partition(":")[0] == DOMESTIC:
        return _foreign(name, sides, program, variables)
    parts = name.split("+")
    for part in parts:
        if part not in (*TERMS, EMISSIONS) or (part == EMISSIONS and len(parts) > 1):
            known = [OWN, EMISSIONS, LATENCY, DOMESTIC, *TERMS]
            raise OptionError(f"there is no term '{part}'{'' if part == name else f' in {name}'}. {did_you_mean(part, known)}")
    try:
        cost, constant = cost_of(sides, variables, Objective(name, dict.fromkeys(parts, 1.0)))
    except FormulationError:
        raise OptionError(f"term {name}: nothing in {case.name} costs that, so there is nothing to weigh") from None
    return Term(name, "kt" if name == EMISSIONS else case.cost_unit, cost, constant)


def _latency(sides: Sides, program: Program) -> Term:
    """Return the mean round-trip time of all demand, by tokens; what is not served counts as served just at its limit, so that dropping it is no gain."""
    case = sides.case
    asked = _asked(case)
    total = float(sum(m.sum() for m in asked))
    if not total:
        raise OptionError(f"term {LATENCY}: {case.name} has no demand of users")
    cost, constant = np.zeros(len(program.cost)), 0.0
    limit = _limits(case)
    for i, demand in enumerate(asked):
        constant += float((demand * limit[i][:, None]).sum()) / total
    for kind, at, frame in sides.columns.blocks():
        if kind == "inference" and "rtt_ms" in frame:
            i, m, t = (frame[c].to_numpy() for c in ("service", "metro", "period"))
            weight = np.array([asked[s][a, b] for s, a, b in zip(i, m, t, strict=True)]) / total
            over = frame["rtt_ms"].to_numpy(float) - np.array([limit[s][a] for s, a in zip(i, m, strict=True)])
            cost[program.n_supply + at :][: len(frame)] = weight * over
    return Term(LATENCY, "ms", cost, constant)


def _asked(case: Case) -> list[Floats]:
    """Return Mtok/day of each service by metro and period."""
    metros, out = pd.Index(case["metros"]["metro"]), []
    for service in case["services"]["service"]:
        rows = case["demand"][case["demand"]["service"] == service]
        mtok = np.zeros((len(metros), case.n_periods))
        np.add.at(mtok, (metros.get_indexer(pd.Index(rows["metro"])), rows["period"].to_numpy()), rows["mtok_per_day"].to_numpy(float))
        out.append(mtok)
    return out


def _limits(case: Case) -> list[Floats]:
    """Return the largest round-trip time of each service by metro, ms."""
    own = case["service_metros"].set_index(["service", "metro"])["slo_rtt_ms"].to_dict()
    metros = case["metros"]["metro"].tolist()
    return [np.array([float(own.get((s.service, m), s.slo_rtt_ms)) for m in metros]) for s in case["services"].itertuples()]


def _foreign(name: str, sides: Sides, program: Program, variables: Sequence[Any]) -> Term:
    """Return the share of the spend on chip orders that goes abroad, to be made small; shown as the domestic share."""
    case = sides.case
    programmes = {r.programme: r.origins for r in case["domestic_shares"].itertuples()}
    wanted = name.partition(":")[2] or next(iter(programmes), "")
    if wanted not in programmes:
        raise OptionError(f"term {name}: which chips are domestic is said by a programme of table domestic_shares. {did_you_mean(wanted, programmes)}")
    home = {o.strip() for o in programmes[wanted].split(";")}
    made_in = case["skus"].set_index("sku")["origin_country"].to_dict()
    sku = case["offers"].set_index("offer")["sku"].to_dict()
    spend = sides.supply.purchase_musd
    if not spend:
        raise OptionError(f"term {name}: no chips can be ordered in {case.name}")
    whole, whole_constant = linear(sum(spend.values()), variables)
    abroad, constant = linear(sum(musd for q, musd in spend.items() if made_in[sku[q]] not in home), variables)
    rest = np.zeros(len(program.cost) - len(variables))
    return Term(name, "share", np.concatenate([abroad, rest]), constant, np.concatenate([whole, rest]), whole_constant, (-1.0, 1.0))
