"""``placement bench``: suites that hold together, files with checksums, records that say enough, alarms that go off, a table made from records."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import json
import math
import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from placement.bench import command, suites
from placement.bench.files import instance_file
from placement.bench.record import TOLERANCE, alarms, code_sha256, time_to_best
from placement.bench.suites import best_known, chosen, read_suite, suite_names, suites_folder
from placement.bench.table import read_records, table
from placement.cli import main
from placement.errors import DataError, ExitCode, FormulationError, OptionError, SolverError
from placement.instances import FORMATS
from tests.instances import writing as w

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "published"
HEAD = "instance,model,sites,workloads,capacity,value,bound,proven,file,source,note\n"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A suite of two made-up instances with their files: optima 52 (gap) and 91 (sscflp), by the enumeration in tests/instances."""
    folder, files = tmp_path / "suites", tmp_path / "files"
    (files / "made").mkdir(parents=True)
    folder.mkdir()
    rows = ["file,format,sha256,bytes,url,publisher"]
    for name in ("gap", "tbed"):
        data = w.text(name).encode()
        (files / "made" / f"{name}.gz").write_bytes(gzip.compress(data))
        rows.append(f"made/{name},{name},{hashlib.sha256(data).hexdigest()},{len(data)},http://localhost/{name},nobody")
    (folder / "files.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "tiny.toml").write_text('title = "tiny"\ntime_limit_s = 20\nseeds = [0]\n[instances]\ngap = ["a/gap"]\nsscflp = ["a/tbed"]\n', encoding="utf-8")

    def known(gap=(52, 52, 1), tbed=(91, 91, 1)) -> None:
        rows = [f"a/{name},{model},3,4,,{v},{b},{p},made/{name},here,\n" for name, model, (v, b, p) in (("gap", "gap", gap), ("tbed", "sscflp", tbed))]
        (folder / "best_known.csv").write_text(HEAD + "".join(rows), encoding="utf-8")

    known()
    monkeypatch.setattr(command, "suites_folder", lambda: folder)
    monkeypatch.setenv("PLACEMENT_INSTANCES", str(files))
    return SimpleNamespace(folder=folder, files=files, known=known, out=tmp_path / "out.jsonl")


def bench(out: Path, *options: str) -> int:
    """Run the tiny suite with one worker."""
    return main(["bench", "tiny", "--workers", "1", "--out", str(out), *options])


# -- the suites of the repository --------------------------------------------------------------------------------------------


def test_suites_hold_together():
    """Every instance of every suite has a known value, a file with a checksum, a format and a card that reads it."""
    assert suites_folder() == FOLDER
    names = suite_names(FOLDER)
    asked = {"gap-small", "gap-abce", "gap-d", "holmberg", "diaz", "yang", "tbed-i300", "tbed-i500", "cap", "cap-abc", "tbed-i300-multi", "tbed-i500-multi"}
    assert asked | {"joint", "smoke"} <= set(names)
    seen = set()
    for name in names:
        suite = read_suite(name, FOLDER)
        keys = [(e.instance, e.model) for e in suite.entries]
        assert suite.title and suite.time_limit_s > 0 and suite.seeds and len(keys) == len(set(keys)) > 0
        seen |= set(keys)
    known = best_known(FOLDER)
    assert seen == set(known)  # nothing is listed in vain
    for entry in known.values():
        assert entry.model in FORMATS[entry.file.format].models and re.fullmatch(r"[0-9a-f]{64}", entry.file.sha256)
        assert entry.file.url.startswith("https://") and entry.source and entry.sites > 0 and entry.workloads > 0
        assert -math.inf < entry.bound <= entry.value * (1 + 1e-9)
        assert (entry.capacity is not None) == entry.file.file.startswith(("cflp/orlib/capa", "cflp/orlib/capb"))


def test_single_source_values_are_not_below_those_of_split_demand():
    """A published list mixes the two; what may be split costs no more."""
    known = best_known(FOLDER)
    both = [(e, known[i, "cflp"]) for (i, model), e in known.items() if model == "sscflp" and (i, "cflp") in known]
    assert len(both) > 40
    for whole, split in both:
        assert whole.value >= split.value * (1 - TOLERANCE), whole.instance


def test_the_table_in_the_readme_is_made_from_the_records():
    """``python benchmarks/table.py`` has been run."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- published: written by table.py -->\n(.*?)\n<!-- end of published -->", text, re.DOTALL)
    assert shown is not None and shown[1] == table(read_records(ROOT / "benchmarks" / "results" / "published.jsonl"))


def test_suites_are_listed(capsys):
    """Without a name."""
    assert main(["bench"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(name in shown for name in suite_names(FOLDER))


# -- files -------------------------------------------------------------------------------------------------------------------


def test_only_the_published_bytes_are_run(published, capsys):
    """A damaged copy is recorded as an error and not solved."""
    (published.files / "made" / "gap.gz").write_bytes(gzip.compress(w.text("gap").replace("52", "53").replace("9 8 10", "9 8 11").encode()))
    assert bench(published.out, "--only", "gap") == ExitCode.BAD_INPUT
    assert "SHA-256" in " ".join(capsys.readouterr().err.split())
    (record,) = read_records(published.out)
    assert record["status"] == "error" and "SHA-256" in record["error"] and "value" not in record


def test_missing_files_are_told_first(published, capsys):
    """Before anything runs and anything is written."""
    (published.files / "made" / "tbed.gz").unlink()
    assert bench(published.out) == ExitCode.BAD_INPUT
    assert "has no file made/tbed" in " ".join(capsys.readouterr().err.split()) and not published.out.exists()
    assert bench(published.out, "--instances", str(published.folder), "--only", "gap") == ExitCode.BAD_INPUT


def test_download(published, tmp_path, monkeypatch, capsys):
    """From the address of the registry into a cache, checked by its SHA-256; then from the cache."""
    pytest.importorskip("pooch")
    served = tmp_path / "served"
    served.mkdir()
    (served / "gap").write_text(w.text("gap"), encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    monkeypatch.delenv("PLACEMENT_INSTANCES")
    monkeypatch.setenv("PLACEMENT_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        text = (published.folder / "files.csv").read_text(encoding="utf-8")
        (published.folder / "files.csv").write_text(text.replace("http://localhost", f"http://127.0.0.1:{server.server_port}"), encoding="utf-8")
        entries = {e.instance: e for e in best_known(published.folder).values()}
        path = instance_file(entries["a/gap"].file)
        assert path.read_text(encoding="utf-8") == w.text("gap") and path.parent == tmp_path / "cache"
        (served / "tbed").write_text(w.text("tbed") + " ", encoding="utf-8")
        with pytest.raises(DataError, match="hash"):
            instance_file(entries["a/tbed"].file)
        (served / "tbed").unlink()
        with pytest.raises(DataError, match="cannot be downloaded"):
            instance_file(entries["a/tbed"].file)
        server.shutdown()
    assert instance_file(entries["a/gap"].file) == path  # the server is gone


def test_without_pooch(published, monkeypatch):
    """What to install, or what to name instead."""
    import sys

    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.delenv("PLACEMENT_INSTANCES")
    with pytest.raises(OptionError, match=r"placement\[bench\].*--instances FOLDER"):
        instance_file(next(iter(best_known(published.folder).values())).file)


# -- runs --------------------------------------------------------------------------------------------------------------------


def test_runs_are_recorded(published, capsys):
    """One line per instance and seed with what a reader needs to believe it; the file only grows."""
    assert bench(published.out, "--seeds", "0", "1") == ExitCode.OK
    shown = capsys.readouterr()
    assert shown.out.count("optimal") == 4 and "WRONG" not in shown.err
    records = read_records(published.out)
    assert [(r["instance"], r["seed"]) for r in records] == [("a/gap", 0), ("a/gap", 1), ("a/tbed", 0), ("a/tbed", 1)]
    for r in records:
        assert r["status"] == "optimal" and r["checked"] and r["value"] == pytest.approx(r["best_known"]) and r["alarms"] == []
        assert r["gap"] == pytest.approx(0, abs=1e-6) and r["gap_to_best"] == pytest.approx(0, abs=1e-6) and r["verified_bound"] <= r["value"] + 1e-6
        assert 0 <= r["time_to_best_s"] <= r["seconds"] and r["time_limit_s"] == 20 and r["workers"] == 1 and r["cores"] >= 1
        assert {"placement", "python", "highspy"} <= set(r["versions"]) and r["code_sha256"] == code_sha256()[:12] and r["suite"] == "tiny"
    assert bench(published.out, "--only", "tbed", "--time-limit", "10") == ExitCode.OK
    assert len(read_records(published.out)) == 5 and read_records(published.out)[:4] == records


@pytest.mark.parametrize(("gap", "word"), [
    ((53, 53, 1), "better than the proven optimum"), ((60, 53, 0), "better than the known bound"), ((51, 50, 0), "above the known value"),
])  # fmt: skip
def test_what_cannot_be_true_is_shouted(gap, word, published, capsys):
    """On stderr, in the record, and by the exit code."""
    published.known(gap=gap)
    assert bench(published.out, "--only", "gap") == ExitCode.CHECK_FAILED
    assert "WRONG" in (err := capsys.readouterr().err) and word in err
    (record,) = read_records(published.out)
    assert word in record["alarms"][0]


def test_a_better_value_than_an_unproven_one_is_no_alarm(published):
    """It is news."""
    published.known(gap=(53, 40, 0))
    assert bench(published.out, "--only", "gap") == ExitCode.OK
    assert read_records(published.out)[0]["gap_to_best"] < 0


def test_rounding_of_published_values_is_no_alarm():
    """Values are printed with few decimals; the tolerance is relative."""
    entry = SimpleNamespace(value=796648.437, bound=796648.437, proven=True)
    assert not list(alarms(entry, 796648.4365, 796648.4375, True))
    assert list(alarms(entry, 796646.0, 796646.0, True)) and list(alarms(entry, 796650.0, 796649.5, True))
    assert list(alarms(entry, 796648.437, 0.0, False)) == ["the checker rejects the plan"]
    assert not list(alarms(entry, math.inf, -math.inf, False))  # no plan is no lie


def test_failures_are_recorded(published, monkeypatch, capsys):
    """A solver that gives up on one instance does not end the suite."""
    import placement.bench.record as module

    true_solve = module.solve

    def fail_on_gap(case, **options):
        if case.model == "gap":
            raise SolverError("no licence")
        return true_solve(case, **options)

    monkeypatch.setattr(module, "solve", fail_on_gap)
    assert bench(published.out) == ExitCode.BAD_INPUT
    assert [r["status"] for r in read_records(published.out)] == ["error", "optimal"]
    assert "no licence" in " ".join(capsys.readouterr().err.split())
    assert "2 (1 without a valid plan)" in table(read_records(published.out))


def test_an_interrupted_run_is_not_recorded(published, monkeypatch, capsys):
    """Ctrl-C ends the suite; what was finished stays."""
    import placement.bench.record as module

    true_solve, calls = module.solve, []

    def interrupted_second(case, progress, **options):
        calls.append(case.name)
        progress.interrupted = len(calls) == 2
        return true_solve(case, progress=progress, **options)

    monkeypatch.setattr(module, "solve", interrupted_second)
    assert bench(published.out) == ExitCode.INTERRUPTED
    assert len(read_records(published.out)) == 1 and "not recorded" in capsys.readouterr().err


def test_no_plan_in_time(published):
    """Recorded, and told by the exit code."""
    assert bench(published.out, "--only", "gap", "--time-limit", "1e-9") == ExitCode.NO_PLAN
    assert read_records(published.out)[0]["value"] is None


@pytest.mark.parametrize(("arguments", "word"), [
    (["bench", "tinny"], "Did you mean 'tiny'"), (["bench", "tiny", "--only", "gab"], "Did you mean 'gap'"),
    (["bench", "tiny", "--time-limit", "0"], "time_limit_s"), (["bench", "tiny", "--workers", "0"], "workers"),
    (["bench", "tiny", "--seeds", "-1"], "seed"), (["bench", "--time-limit", "5"], "name the SUITE"),
])  # fmt: skip
def test_usage(arguments, word, published, capsys):
    """Unknown names and options out of range end with 2 before anything runs."""
    try:
        code = main([*arguments, "--out", str(published.out)])
    except SystemExit as end:
        code = end.code
    assert code == ExitCode.USAGE and word in capsys.readouterr().err and not published.out.exists()


def test_an_output_that_cannot_be_written(published, tmp_path, capsys):
    """Told before anything runs."""
    assert bench(tmp_path / "no" / "such" / "out.jsonl") == ExitCode.BAD_INPUT
    assert "cannot be written" in " ".join(capsys.readouterr().err.split())


def test_inconsistent_suites(published):
    """An instance that nobody knows, a folder without suites."""
    (published.folder / "odd.toml").write_text('title = "odd"\ntime_limit_s = 1\nseeds = [0]\n[instances]\ngap = ["b"]\n', encoding="utf-8")
    with pytest.raises(FormulationError, match=r"not in best_known.csv: b \(gap\)"):
        read_suite("odd", published.folder)
    with pytest.raises(FormulationError, match="no benchmark suites"):
        suite_names(published.files)


def test_chosen_by_full_or_short_name(published):
    """Both are what one sees."""
    suite = read_suite("tiny", published.folder)
    assert [e.instance for e in chosen(suite, ["a/gap"])] == [e.instance for e in chosen(suite, ["gap"])] == ["a/gap"]
    assert chosen(suite, None) == suite.entries


def test_the_installed_suites_travel_with_the_package(tmp_path, monkeypatch):
    """Beside the package's modules if they are there, else in the checkout."""
    (tmp_path / "placement" / "bench").mkdir(parents=True)
    monkeypatch.setattr(suites, "__file__", str(tmp_path / "placement" / "bench" / "suites.py"))
    assert suites_folder() == tmp_path / "benchmarks" / "published"
    (tmp_path / "placement" / "suites").mkdir()
    assert suites_folder() == tmp_path / "placement" / "suites"


# -- table -------------------------------------------------------------------------------------------------------------------


def record(**changes: object) -> dict[str, object]:
    """Return a record as a run leaves it."""
    base = {
        "date": "2026-11-20", "suite": "s", "instance": "i", "model": "gap", "seed": 0, "workers": 2, "cores": 2, "time_limit_s": 60.0, "best_known": 100.0,
        "status": "feasible", "value": 101.0, "bound": 99.0, "gap_to_best": 0.01, "bound_below_best": 0.01, "time_to_best_s": 3.0, "alarms": [],
    }  # fmt: skip
    return base | changes


def cells(text: str, row: int = 0) -> list[str]:
    """Return the cells of a row of the table's body."""
    return [c.strip() for c in text.splitlines()[2 + row].strip("|").split("|")]


def test_the_latest_run_of_an_instance_counts():
    """Another seed is another run; another limit is another row."""
    lines = [record(), record(value=100.0, gap_to_best=0.0, status="optimal"), record(seed=1, gap_to_best=0.02), record(time_limit_s=600.0)]
    text = table(lines)
    assert len(text.splitlines()) == 4
    assert cells(text)[:8] == ["s", "60", "2", "2", "1", "1", "1.000%", "2.000%"]
    assert cells(text, 1)[1] == "600"


def test_alarms_and_failures_do_not_shine():
    """They are counted as runs without a valid plan and enter no mean."""
    text = table([record(gap_to_best=-0.5, alarms=["value better than the optimum"]), record(instance="j", status="error", value=None), record(instance="k")])
    assert cells(text)[3:8] == ["3 (2 without a valid plan)", "0", "0", "1.000%", "1.000%"]


def test_an_empty_table():
    """Head only, before anything was run."""
    assert len(table([]).splitlines()) == 2


def test_a_broken_results_file(tmp_path):
    """Told with its line."""
    file = tmp_path / "r.jsonl"
    file.write_text(json.dumps(record()) + "\nnot json\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        read_records(file)


def test_time_to_best():
    """The first moment at which the objective is what it is in the end."""
    events = [{"time_s": t, "objective": v} for t, v in ((0.0, None), (1.0, 12.0), (2.0, 10.0), (3.0, 10.0))]
    assert time_to_best(SimpleNamespace(progress=events, objective=10.0)) == 2.0
    assert math.isnan(time_to_best(SimpleNamespace(progress=events[:1], objective=math.inf)))
