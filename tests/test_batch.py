"""``placement solve`` around the engine: interrupts, progress for people and for machines."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import placement.batch as batch
from placement.cli import main
from placement.engine import Event, Progress
from placement.errors import ExitCode
from placement.interrupt import stop_on_signal
from placement.live import Log, live_line

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")


def worked_s(process: int) -> float:
    """Return the time that a process has had a core, s; the clock where the system does not tell."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return time.monotonic()
    user, system = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def interrupt_when(sign: str, out: Path) -> tuple[int, float, str]:
    """Solve the large case, send Ctrl-C when a line that matches ``sign`` appears; return exit code, seconds of work to the end, stderr."""
    command = [
        sys.executable,
        "-m",
        "placement",
        "solve",
        str(ROOT / "data" / "frontier"),
        "--out",
        str(out),
        "--time-limit",
        "300",
        "--workers",
        "1",
        "--progress",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stderr is not None
    seen, sent = [], math.nan
    try:
        for line in process.stderr:
            seen.append(line)
            if math.isnan(sent) and re.search(sign, line):
                process.send_signal(signal.SIGINT)
                sent = worked_s(process.pid)
        seconds = worked_s(process.pid) - sent  # before it is waited for, and gone
        return process.wait(60), seconds, "".join(seen)
    finally:
        process.kill()


@posix
def test_ctrl_c_saves_the_best_plan(tmp_path):
    """Once a plan is known, Ctrl-C ends soon with a run that holds."""
    run = tmp_path / "run"
    code, seconds, err = interrupt_when(r"objective +-?[\d,]+\.\d", run)
    assert code == ExitCode.INTERRUPTED, err
    assert seconds < 15
    assert "interrupted; the best plan so far is in" in err and "Traceback" not in err
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["interrupted"] is True and summary["status"] == "feasible"
    assert main(["check", str(ROOT / "data" / "frontier"), str(run)]) == ExitCode.OK
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


@posix
def test_ctrl_c_before_a_plan(three_sites, tmp_path, monkeypatch, capsys):
    """Nothing is written when there is nothing to save."""
    true_solve = batch.solve

    def solve_interrupted(*args: object, **options: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return true_solve(*args, **options)

    monkeypatch.setattr(batch, "solve", solve_interrupted)
    assert main(["solve", str(three_sites), "--out", str(tmp_path / "run")]) == ExitCode.INTERRUPTED
    assert "interrupted before there was a plan; nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_late_signal_does_not_lose_the_plan(number, three_sites, tmp_path, monkeypatch):
    """A signal while the run is written lets the writing end; the second one stops it, and leaves the old run."""
    true_write = batch.write_plan

    def write_interrupted(*args: object) -> object:
        for _ in range(times):
            signal.raise_signal(number)
        return true_write(*args)

    monkeypatch.setattr(batch, "write_plan", write_interrupted)
    command = ["solve", str(three_sites), "--out", str(tmp_path / "run"), "--quiet"]
    times = 1
    assert main(command) == ExitCode.INTERRUPTED
    before = (tmp_path / "run" / "summary.json").read_bytes()
    assert main(["check", str(three_sites), str(tmp_path / "run")]) == ExitCode.OK
    times = 2
    assert main(command) == ExitCode.INTERRUPTED
    assert (tmp_path / "run" / "summary.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_ctrl_c_while_reading(three_sites, tmp_path, monkeypatch, capsys):
    """Before the search Ctrl-C simply ends it."""

    def stopped(folder: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "read_case", stopped)
    assert main(["solve", str(three_sites), "--out", str(tmp_path / "run")]) == ExitCode.INTERRUPTED
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@posix
def test_signal_handlers_are_put_back():
    """The library leaves signals as it found them, also after an error; other threads have none to handle."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    progress = Progress(1.0)
    inside = []

    def fail() -> None:
        with stop_on_signal(progress):
            inside.append(signal.getsignal(signal.SIGINT))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert inside[0] is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    entered = []

    def elsewhere() -> None:
        with stop_on_signal(progress):
            entered.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert entered == [True]


# -- progress ----------------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def event(time_s: float, phase: str = "root", objective: float = math.inf, bound: float = -math.inf) -> Event:
    """Return an event with its gap."""
    gap = abs(objective - bound) / abs(objective) if math.isfinite(objective - bound) else math.inf
    return Event(time_s, phase, objective, bound, gap)


def events(log: Log) -> None:
    """Tell a log of a short search."""
    log(event(0.0))
    log(event(0.5, objective=-10.0))  # same phase, soon after: not worth a line
    log(event(1.5, objective=-10.0, bound=-11.0))
    log.end()


def screen(written: str) -> list[str]:
    """Return what stands on the lines of a terminal after that, carriage returns obeyed."""
    lines = []
    for line in written.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def test_a_file_gets_nothing_unless_asked():
    """Where stderr is no terminal nothing is written, or plain lines on request; ``log.txt`` has them in any case."""
    silent, plain = io.StringIO(), io.StringIO()
    for log in (Log(silent), Log(plain, lines=True)):
        events(log)
        assert len(log.lines) == 2
    assert silent.getvalue() == ""
    assert plain.getvalue() == "".join(f"{line}\n" for line in log.lines)
    assert "-10.000" in log.lines[1] and "10.000%" in log.lines[1] and "inf" not in "".join(log.lines)


@pytest.mark.parametrize("lines", [False, True])
def test_a_terminal_gets_one_live_line(monkeypatch, lines):
    """It is written over without escape codes, never wraps, and leaves the terminal blank for the summary."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    log = Log(stream, lines=lines)
    log(event(0.0))
    log(event(1.5, objective=-10.0, bound=-11.0))
    assert screen(stream.getvalue()) == ["   2 s  objective -10.0  bound -11.0  gap 10.000%"]
    log.say("placement: note: something else")
    log(event(3.0, objective=-10.0, bound=-10.5))
    assert screen(stream.getvalue()) == ["placement: note: something else", "   3 s  objective -10.0  bound -10.5  gap 5.000%"]
    log.end()
    assert screen(stream.getvalue())[-1] == ""
    assert "\x1b" not in stream.getvalue() and max(len(part) for part in re.split("[\r\n]", stream.getvalue())) <= 59


@pytest.mark.parametrize("width", [80, 100, 60, 45, 30, 21, 12, 1])
@pytest.mark.parametrize(("objective", "bound"), [(math.inf, -math.inf), (-273784.123, -283841.9), (1.5, -1e9), (12345678.9, 12345678.8)])
def test_a_live_line_fits(width, objective, bound):
    """At 80 columns it has clock, objective, bound and gap; where there is less room, what counts least goes first and nothing is cut in two."""
    line = live_line(event(1234.5, "branch and bound", objective, bound), width - 1)
    assert len(line) < width or not line
    if width >= 80:
        assert all(word in line for word in ("1234 s", "objective", "bound", "gap"))
    if width >= 30:
        assert line.startswith("1234 s") and line.rpartition("gap ")[2] in ("-", ">100%", "3.674%", "0.000%")


def test_the_clock_goes_on_where_the_search_is_silent(monkeypatch):
    """The live line ticks between two events."""
    monkeypatch.setattr("placement.live._EVERY_S", 0.02)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    log = Log(stream)
    log(event(7.0))
    for _ in range(500):
        if stream.getvalue().count("\r") > 3:
            break
        time.sleep(0.01)
    log.end()
    assert stream.getvalue().count("\r") > 3
    before = stream.getvalue()
    time.sleep(0.1)
    assert stream.getvalue() == before


def test_a_gap_above_all_is_not_a_figure():
    """A bound on the other side of zero gives a gap of more than 100 %, which says nothing: no figure is printed."""
    log = Log(None)
    log(event(0.0, objective=1267.189, bound=-354.0))
    assert log.lines[0].split("gap")[1].split()[0] == ">100%"


def test_a_dumb_terminal_gets_lines(monkeypatch):
    """No escape codes where they would be shown as such."""
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    Log(stream, lines=True)(event(0.0))
    assert "\r" not in stream.getvalue() and stream.getvalue().endswith("\n")


def test_a_closed_stream_does_not_stop_the_search():
    """``2>&1 | head -1`` closes the pipe; the search goes on and the lines are kept."""
    stream = io.StringIO()
    log = Log(stream, lines=True)
    log(event(0.0))
    stream.close()
    log(event(2.0))
    log.end()
    assert len(log.lines) == 2


def test_progress_file(solved):
    """One line per event: time and bound never fall, the objective never rises, and the last line is what the summary says."""
    lines = [json.loads(line) for line in (solved.run / "progress.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(list(line) == ["time_s", "phase", "objective", "bound", "gap", "columns"] for line in lines)
    for name, sign in (("time_s", 1), ("bound", 1), ("objective", -1)):
        values = [sign * line[name] for line in lines if line[name] is not None]
        assert values == sorted(values) and values
        assert [line[name] is not None for line in lines] == sorted(line[name] is not None for line in lines)  # known once, known ever
    summary = json.loads((solved.run / "summary.json").read_text(encoding="utf-8"))
    assert {k: lines[-1][k] for k in ("objective", "bound", "gap")} == {k: summary[k] for k in ("objective", "bound", "gap")}
    assert [p["phase"] for p in summary["phases"]] == list(dict.fromkeys(line["phase"] for line in lines))
