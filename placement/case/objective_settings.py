"""``[[objectives]]`` of ``case.toml``: objectives that are minimised one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from placement.case.case import Objective
from placement.case.files import SETTINGS
from placement.case.findings import Findings, did_you_mean

_KEYS = ("name", "weights", "slack")
_EXAMPLE = 'Write [[objectives]] with name = "service", weights = { unmet = 1.0 } and slack = 0.01 for each objective.'
Fits = Callable[[Any], bool]


def read_objectives(raw: Any, known: tuple[str, ...], number: Callable[..., Fits], findings: Findings) -> tuple[Objective, ...]:
    """Return the objectives in order; the case's own objective is added at the end where none is without weights.

    Parameters
    ----------
    known
        Names that an objective may weigh.
    number
        ``number(lo, hi)`` returns the test for a number within limits.
    """
    if raw is None:
        return ()
    if not isinstance(raw, list) or not raw or not all(isinstance(s, dict) for s in raw):
        findings.add(SETTINGS, "objectives", "must be a list of tables", _EXAMPLE)
        return ()
    before = len(findings.problems)
    for one in raw:
        _check(one, known, number, findings)
    if len(findings.problems) > before:
        return ()
    given = tuple(Objective(s["name"], {k: float(v) for k, v in s.get("weights", {}).items()}, float(s.get("slack", 0.0))) for s in raw)
    return _with_own(given, findings)


def _with_own(given: tuple[Objective, ...], findings: Findings) -> tuple[Objective, ...]:
    """Return the objectives with the case's own objective among them."""
    names = [s.name for s in given]
    own = [s for s in given if not s.weights]
    if len(set(names)) < len(names):
        findings.add(SETTINGS, "objectives.name", "must differ between objectives", "Rename one of them.")
    if len(own) > 1:
        rule = "may be left out in one objective only, which minimises the case's own objective"
        findings.add(SETTINGS, "objectives.weights", rule, "Give the others weights.")
    if not own and "cost" in names:
        findings.add(
            SETTINGS, "objectives.name", "'cost' is the name of the case's own objective, which comes last where none is without weights", "Rename it."
        )
    whole = given if own else (*given, Objective("cost"))
    if whole[-1].slack:
        findings.add(SETTINGS, "objectives.slack", f"has no effect in the last objective, '{whole[-1].name}'", "Leave it out.")
    return whole


def _check(one: Mapping[str, Any], known: tuple[str, ...], number: Callable[..., Fits], findings: Findings) -> None:
    for key in one:
        if key not in _KEYS:
            findings.add(SETTINGS, f"objectives.{key}", "is not a known key", did_you_mean(key, _KEYS))
    name = one.get("name")
    if not (isinstance(name, str) and name.strip() == name and name and name.isprintable()) or set(name) & set(",;[]"):
        findings.add(SETTINGS, "objectives.name", "must be a text without commas, semicolons and brackets in every objective", _EXAMPLE)
    if not number(0, 1)(one.get("slack", 0.0)):
        findings.add(SETTINGS, "objectives.slack", f"must be a share from 0 to 1, not {one['slack']!r}", "0.01 lets later ones give up one per cent of it.")
    weights = one.get("weights", {})
    if not isinstance(weights, dict) or ("weights" in one and not weights):
        findings.add(SETTINGS, "objectives.weights", "must be a table of cost terms", _EXAMPLE)
        return
    for term, weight in weights.items():
        if term not in known:
            findings.add(SETTINGS, f"objectives.weights.{term}", "is not a known term", did_you_mean(term, known))
        elif not (number(0)(weight) and weight > 0):
            findings.add(SETTINGS, f"objectives.weights.{term}", f"must be a number above 0, not {weight!r}", "Leave the term out, or correct the weight.")
