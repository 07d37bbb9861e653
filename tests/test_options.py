"""Options check themselves."""

from __future__ import annotations

import dataclasses
import json
import math
import os

import numpy as np
import pytest

from placement.errors import OptionError
from placement.options import ENOUGH_WORKERS, MAX_WORKERS, REL_GAP, SolveOptions, default_workers


def test_defaults_are_sound():
    """The defaults are inside their own ranges, and the command line has the same ones."""
    from placement.cli import _parser

    options = SolveOptions()
    args = _parser().parse_args(["solve", "case", "--out", "run"])
    assert (args.time_limit, args.seed) == (options.time_limit_s, options.seed)
    assert args.gap is None and options.rel_gap == REL_GAP  # the command line takes it where nothing was given


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("time_limit_s", [1e-9, 1, math.inf]),
        ("rel_gap", [0, 0.5, 1 - 1e-12]),
        ("seed", [0, 2**31 - 1]),
        ("workers", [1, MAX_WORKERS]),
        ("cluster", [None, "tcp://10.0.0.5:8786"]),
        ("work_limit", [None, 0.5, 1e6]),
    ],
)
def test_limits_of_the_ranges_are_inside(name, good):
    """The ends of each range are allowed."""
    for value in good:
        assert getattr(SolveOptions(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("time_limit_s", [0, -1, math.nan, None, "60", True, 1j]),
        ("rel_gap", [-1e-9, 1, 2, math.nan, None, "0.1", False]),
        ("seed", [-1, 2**31, 1.5, None, "0", True]),
        ("cluster", ["", " ", 8786]),
        ("work_limit", [0, -1, math.inf, math.nan, "60", True]),
        ("workers", [0, -2, MAX_WORKERS + 1, 1.5, None, "2", True]),
    ],
)
def test_what_is_outside_is_refused(name, bad):
    """The message names the option and the value, whatever kind of thing was given."""
    for value in bad:
        with pytest.raises(OptionError, match=name) as error:
            SolveOptions(**{name: value})
        assert repr(value) in str(error.value)


def test_all_broken_options_are_told_at_once():
    """Nobody wants to learn of them one by one."""
    with pytest.raises(OptionError) as error:
        SolveOptions(time_limit_s=0, rel_gap=2, seed=-1, workers=0, cluster="", work_limit=0)
    assert all(name in str(error.value) for name in ("time_limit_s", "rel_gap", "seed", "workers", "cluster", "work_limit"))


def test_numbers_of_numpy_become_plain():
    """What solver and JSON get is Python's own."""
    options = SolveOptions(time_limit_s=np.float32(2), rel_gap=np.float64(0.1), seed=np.int64(3), workers=np.uint8(1), work_limit=np.float32(4))
    assert json.loads(json.dumps(dataclasses.asdict(options))) == {
        "time_limit_s": 2.0,
        "rel_gap": 0.1,
        "seed": 3,
        "workers": 1,
        "cluster": None,
        "work_limit": 4.0,
    }


def test_options_do_not_change():
    """They are frozen, so a summary tells what was used."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        SolveOptions().seed = 1  # type: ignore[misc]


def test_workers_of_a_command():
    """As many as this process has cores, and not more than are of use; the library takes one unless it is told."""
    assert SolveOptions().workers == 1
    assert 1 <= default_workers() <= ENOUGH_WORKERS
    if hasattr(os, "sched_setaffinity"):
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(allowed)})
        try:
            assert default_workers() == 1
        finally:
            os.sched_setaffinity(0, allowed)
