"""The seam for parallel work: order, exceptions, lost workers, stopping, and callers of every kind; a cluster on loopback."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from placement.errors import OptionError, SolverError
from placement.parallel import Pool, stopped
from tests import parallel_tasks as tasks
from tests.conftest import ENV, ROOT

NO_CLUSTER = importlib.util.find_spec("distributed") is None
if NO_CLUSTER:
    warnings.warn("distributed is not installed: THE CLUSTER TESTS ARE SKIPPED (pip install 'placement[test]')", stacklevel=1)
on_cluster = pytest.mark.skipif(NO_CLUSTER, reason="distributed is not installed: pip install 'placement[test]'")


def await_(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


def gone(process_id: int) -> bool:
    """Whether a process has ended (a zombie that nobody has reaped counts)."""
    try:
        return " Z " in Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8") if Path("/proc/self").exists() else bool(os.kill(process_id, 0))
    except OSError:
        return True


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    """Serial and parallel give the same list."""
    with Pool(workers) as pool:
        assert pool.workers == workers
        assert pool.run(tasks.square, [(x,) for x in range(9)]) == [x * x for x in range(9)]
        assert pool.run(tasks.square, []) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_exceptions_reach_the_caller(workers):
    """With type and message, and the pool works on; a task's own TimeoutError or BrokenPipeError is an exception like others."""
    with Pool(workers) as pool:
        with pytest.raises(LookupError, match="no such row"):
            pool.run(tasks.fail, [("no such row",)])
        task = pool.start(tasks.fail, "again")
        with pytest.raises(LookupError, match="again"):
            task.result()
        assert pool.run(tasks.square, [(3,)]) == [9]


def test_processes_start_when_first_used_and_end_with_the_pool():
    """Nothing is started for nothing; one worker is this process."""
    with Pool(1) as pool:
        assert pool.run(tasks.pid, [()]) == [os.getpid()]
    with Pool(2) as pool:
        assert pool._backend is None
        [child] = pool.run(tasks.pid, [()])
        assert child != os.getpid()
        assert pool.run(tasks.environment, [()]) == [("1", True)]
    assert gone(child)
    assert "OMP_NUM_THREADS" not in os.environ or os.environ["OMP_NUM_THREADS"] == ENV["OMP_NUM_THREADS"]
    with pytest.raises(ValueError, match="closed"):
        pool.start(tasks.pid)


def test_start_runs_beside_the_caller(tmp_path):
    """done() is False while it runs; with one worker the call is over when start() returns."""
    with Pool(2) as pool:
        task = pool.start(tasks.listen, str(tmp_path), 60.0)
        await_(lambda: list(tmp_path.iterdir()))
        assert not task.done()
        pool.stop()
        assert task.result() == "stopped" and task.done()
        assert pool.start(tasks.listen, str(tmp_path), 60.0).result() == "stopped"
    with Pool(1) as pool:
        assert pool.start(tasks.square, 4).done()
        pool.stop()
        assert pool.start(tasks.listen, str(tmp_path), 60.0).result() == "stopped"
    assert not stopped()
    with Pool(1) as pool:  # another pool is not concerned
        assert pool.start(tasks.listen, str(tmp_path), 0.01).result() == "time"


def test_cancelled_tasks_have_no_result(tmp_path):
    """Waiting ones never run; a pool with one that was cancelled closes at once."""
    with Pool(2) as pool:
        begun = [pool.start(tasks.listen, str(tmp_path), 60.0) for _ in range(8)]
        await_(lambda: len(list(tmp_path.iterdir())) == 2)
        for task in begun:
            task.cancel()
        with pytest.raises(CancelledError):
            begun[-1].result()
        assert begun[0].done()
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert len(list(tmp_path.iterdir())) <= 4  # two were running, up to three on their way


def test_close_kills_those_that_do_not_listen(tmp_path):
    """After a second, and leaves no process."""
    with Pool(2) as pool:
        pool.start(tasks.deaf, str(tmp_path), 60.0)
        await_(lambda: list(tmp_path.iterdir()))
        child = int(next(tmp_path.iterdir()).name.split("-")[1])
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert gone(child)


def test_lost_worker_is_replaced_and_nothing_counted_twice(tmp_path):
    """Each task kills its first worker; one result each, in order; a result that had come is kept."""
    with Pool(2) as pool:
        before = pool.start(tasks.die_once, str(tmp_path), 7)
        assert before.result() == 7
        assert pool.run(tasks.die_once, [(str(tmp_path), 1), (str(tmp_path), 2)]) == [1, 2]
        assert before.result() == 7
    runs = sorted(p.name.split("-")[0] for p in tmp_path.iterdir())
    assert runs.count("7") == 2
    assert 2 <= runs.count("1") <= 3 and 2 <= runs.count("2") <= 3


def test_done_starts_a_lost_task_again(tmp_path):
    """Who only looks, and never waits, gets there too."""
    with Pool(2) as pool:
        task = pool.start(tasks.die_once, str(tmp_path), 1)
        await_(task.done)
        assert task.result() == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the executor's thread dies of it
def test_cancelled_task_does_not_hide_a_lost_worker(tmp_path):
    """Python 3.11's executor forgets all its futures when a process dies while one of them is cancelled."""
    with Pool(2) as pool:
        idle = [pool.start(tasks.deaf, str(tmp_path), 60.0) for _ in range(2)]
        queued = [pool.start(tasks.square, x) for x in range(6)]
        await_(lambda: len(list(tmp_path.glob("deaf-*"))) == 2)
        queued[-1].cancel()
        for task in idle:
            task.cancel()
        os.kill(int(next(tmp_path.iterdir()).name.split("-")[1]), signal.SIGKILL)
        assert [task.result() for task in queued[:-1]] == [0, 1, 4, 9, 16]


def test_worker_lost_again_and_again_is_an_error(tmp_path):
    """Three times, then it is told by name."""
    with Pool(2) as pool, pytest.raises(SolverError, match=r"parallel_tasks\.die lost its worker .* fewer workers"):
        pool.run(tasks.die, [(str(tmp_path),)])
    assert len(list(tmp_path.iterdir())) == 3


def test_tasks_must_be_importable():
    """A lambda, or a function of the main module, is refused before anything starts, also with one worker."""
    main = type(tasks.pid)(tasks.pid.__code__, {"__name__": "__main__"}, "pid")
    for workers in (1, 2):
        with Pool(workers) as pool:
            for function in (lambda: 1, main):
                with pytest.raises(ValueError, match="module-level function"):
                    pool.start(function)


SCRIPT = "from placement.parallel import Pool\nfrom tests.parallel_tasks import square\nwith Pool(2) as pool:\n    print(pool.run(square, [(2,), (3,)]))\n"
DEAF = "from placement.parallel import Pool\nfrom tests.parallel_tasks import deaf\nwith Pool(2) as pool:\n    pool.run(deaf, [({folder!r}, 60.0)] * 2)\n"


@pytest.mark.parametrize("how", ["script", "-c", "stdin", "-m", "thread"])
def test_callers_without_a_guard(tmp_path, how):
    """No ``if __name__ == "__main__"`` anywhere: the work is done once, and no child runs the script again."""
    script = tmp_path / "unguarded.py"
    body = SCRIPT if how != "thread" else f"import threading\ndef work():\n    exec({SCRIPT!r}, {{}})\nt = threading.Thread(target=work)\nt.start()\nt.join()\n"
    script.write_text(body, encoding="utf-8")
    call = {"script": [str(script)], "thread": [str(script)], "-c": ["-c", SCRIPT], "stdin": ["-"], "-m": ["-m", "unguarded"]}[how]
    environment = ENV | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run([sys.executable, *call], input=SCRIPT, capture_output=True, env=environment, timeout=60, encoding="utf-8")
    assert (done.stdout, done.stderr, done.returncode) == ("[4, 9]\n", "", 0)


def test_interrupt_ends_cleanly(tmp_path):
    """Ctrl-C reaches the whole process group: the caller alone answers, no child prints a traceback, none is left."""
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests themselves run in the background of a shell
    code = hear + DEAF.format(folder=str(tmp_path))
    caller = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=ENV, start_new_session=True, encoding="utf-8")
    await_(lambda: len(list(tmp_path.iterdir())) == 2)
    os.killpg(caller.pid, signal.SIGINT)
    _, error = caller.communicate(timeout=60)
    assert error.count("Traceback") == 1 and error.rstrip().endswith("KeyboardInterrupt")
    assert all(gone(int(p.name.split("-")[1])) for p in tmp_path.iterdir())


def test_children_end_with_a_parent_that_was_killed(tmp_path):
    """No orphan goes on working."""
    code = DEAF.format(folder=str(tmp_path))
    caller = subprocess.Popen([sys.executable, "-c", code], env=ENV)
    await_(lambda: len(list(tmp_path.iterdir())) == 2)
    caller.kill()
    caller.wait()
    await_(lambda: all(gone(int(p.name.split("-")[1])) for p in tmp_path.iterdir()), 5)


# ---- a cluster


@contextlib.contextmanager
def dask(*args: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of a cluster in a process group of its own."""
    process = subprocess.Popen([sys.executable, "-m", "dask", *args], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Address of a scheduler on loopback without workers."""
    file = tmp_path / "scheduler.json"
    with dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)):
        await_(lambda: file.exists() and file.stat().st_size > 0)
        yield str(json.loads(file.read_text(encoding="utf-8"))["address"])


@pytest.fixture
def cluster(scheduler: str, tmp_path: Path) -> Iterator[str]:
    """Address of a scheduler with two workers of one thread each; they are not started again when they die."""
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(tmp_path))
    with dask("worker", scheduler, *options), dask("worker", scheduler, *options):
        import distributed

        with distributed.Client(scheduler, timeout=30, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=30)
        yield scheduler


@on_cluster
def test_cluster_gives_what_this_process_gives(cluster, tmp_path):
    """Order, exceptions, a worker killed in the middle of a task, stopping."""
    with Pool(1, cluster) as pool:
        assert pool.workers == 2
        assert pool.run(tasks.square, [(x,) for x in range(9)]) == [x * x for x in range(9)]
        with pytest.raises(LookupError, match="no such row"):
            pool.run(tasks.fail, [("no such row",)])
        folder = tmp_path / "runs"
        folder.mkdir()
        begun = [pool.start(tasks.slow_square, str(folder), x, 1.0) for x in range(4)]
        await_(lambda: len(list(folder.iterdir())) == 2)
        victim = int(min(folder.iterdir()).name.split("-")[2])
        os.kill(victim, signal.SIGKILL)
        assert [task.result() for task in begun] == [0, 1, 4, 9]
        runs = [p.name.split("-")[1] for p in folder.iterdir()]
        assert len(runs) == 5 and set(runs) == set("0123")  # the lost one ran twice, its result came once
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert pool.run(len, [(bytes(12_000_000),)]) == [12_000_000]
        task = pool.start(tasks.listen, str(tmp_path), 60.0)
        await_(lambda: list(tmp_path.glob("listening-*")))
        pool.stop()
        assert task.result() == "stopped"
    with Pool(1, cluster) as pool:
        assert pool.run(tasks.listen, [(str(tmp_path), 0.01)]) == ["time"]  # another pool was stopped, not this one


@on_cluster
def test_cluster_that_is_not_there_is_told_soon(scheduler):
    """Nobody answers, nonsense, no workers: within seconds, with the way out."""
    import distributed

    for address, reason in (
        ("tcp://127.0.0.1:9", "no scheduler answers there"),
        ("nonsense://127.0.0.1:9", "no scheduler answers there"),
        ("tcp://127.0.0.1:port", "no scheduler answers there"),
        (scheduler, "has no worker; start some"),
    ):
        started = time.monotonic()
        with pytest.raises(OptionError, match=reason):
            Pool(1, address)
        assert time.monotonic() - started < 10
        left = {thing.status for thing in gc.get_objects() if isinstance(thing, distributed.Client)}
        assert left <= {"closed", "newly-created"}  # an open one would be closed by the garbage collector, at the wrong moment for ever


@on_cluster
def test_scheduler_that_dies_is_an_error_and_no_wait(tmp_path):
    """Its tasks are lost, and it cannot be reached again."""
    file = tmp_path / "scheduler.json"
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(tmp_path))
    with dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)) as head:
        await_(lambda: file.exists() and file.stat().st_size > 0)
        address = str(json.loads(file.read_text(encoding="utf-8"))["address"])
        with dask("worker", address, *options), Pool(1, address) as pool:
            task = pool.start(tasks.deaf, str(tmp_path), 60.0)
            await_(lambda: list(tmp_path.glob("deaf-*")))
            os.killpg(head.pid, signal.SIGKILL)
            started = time.monotonic()
            with pytest.raises((OptionError, SolverError)):
                task.result()
            assert time.monotonic() - started < 20


def test_cluster_without_its_library_is_told(python):
    """With the command that installs it."""
    done = python("-c", "import sys\nsys.modules['distributed'] = None\nfrom placement.parallel import Pool\nPool(1, 'tcp://127.0.0.1:8786')")
    assert "OptionError" in done.stderr and "pip install 'placement[cluster]'" in done.stderr
