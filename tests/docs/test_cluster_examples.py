"""The scripts and the manifest of docs/howto/cluster.md: their own commands, against a scheduler on the loopback address."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.docs.running import DOCS, ROOT, shim

pytest.importorskip("distributed", reason="the examples of a cluster need placement[cluster]")
import yaml  # comes with distributed

CASE = ROOT / "data" / "three-sites"
EXAMPLES = DOCS / "examples" / "cluster"
ADDRESS = "tcp://placement-scheduler:8786"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment in which ``placement``, ``python`` and ``dask`` are those of the tests, and ``srun`` runs its arguments here."""
    shim(tmp_path)
    srun = tmp_path / ".bin" / "srun"
    srun.write_text('#!/bin/sh\nexec "$@"\n', encoding="utf-8")
    srun.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path / '.bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def documents() -> dict[tuple[str, str], dict[str, Any]]:
    """The manifest's objects by kind and name."""
    return {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text(encoding="utf-8"))}


def container(kind: str, name: str) -> dict[str, Any]:
    """The one container of an object."""
    (one,) = documents()[kind, name]["spec"]["template"]["spec"]["containers"]
    return dict(one)


@pytest.mark.parametrize("name", ["local.sh", "solve.sbatch", "sweep.sbatch"])
def test_scripts_are_sound_bash(name):
    """Bash reads each, and a scheduler's directives stand before the first command, where Slurm looks for them."""
    subprocess.run(["bash", "-n", str(EXAMPLES / name)], check=True)
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    assert not any(line.startswith("#SBATCH") for line in lines[first:])


def test_slurm_script_solves_on_its_workers(tmp_path, environment):
    """Its own scheduler and workers, the case solved and checked, everything put away."""
    slurm = {"SLURM_CPUS_PER_TASK": "2", "SLURM_NTASKS": "1"}
    command = ["bash", str(EXAMPLES / "solve.sbatch"), str(CASE), "--out", "run", "--quiet"]
    subprocess.run(command, cwd=tmp_path, env={**environment, **slurm}, check=True, timeout=240)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert summary["options"]["cluster"].startswith("tcp://") and summary["check"]["ok"]
    assert not list(tmp_path.glob(".dask.*"))


def test_slurm_script_passes_on_what_placement_says(tmp_path, environment):
    """Bad input ends the job with 1."""
    slurm = {"SLURM_CPUS_PER_TASK": "1", "SLURM_NTASKS": "1"}
    command = ["bash", str(EXAMPLES / "solve.sbatch"), "nowhere", "--out", "run"]
    assert subprocess.run(command, cwd=tmp_path, env={**environment, **slurm}, capture_output=True, check=False, timeout=240).returncode == 1


def test_manifest_fits_together():
    """The service finds the scheduler, workers and job find the service, ports and volumes agree, all run the same image."""
    service = documents()["Service", "placement-scheduler"]["spec"]
    scheduler = documents()["Deployment", "placement-scheduler"]["spec"]["template"]
    assert service["selector"].items() <= scheduler["metadata"]["labels"].items()
    port = container("Deployment", "placement-scheduler")["ports"][0]["containerPort"]
    assert service["ports"][0]["targetPort"] == port and str(port) in container("Deployment", "placement-scheduler")["command"]
    for name in ("placement-scheduler", "placement-worker"):
        spec = documents()["Deployment", name]["spec"]
        assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert ADDRESS in container("Deployment", "placement-worker")["command"]
    job = container("Job", "placement-solve")
    assert ADDRESS in job["command"]
    pod = documents()["Job", "placement-solve"]["spec"]["template"]["spec"]
    assert {m["name"] for m in job["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    assert len({container(*key)["image"] for key in documents() if key[0] != "Service"}) == 1


def test_commands_of_the_manifest_run(tmp_path, environment):
    """Scheduler, worker and job, with the loopback address in place of the service's."""
    with _started(container("Deployment", "placement-scheduler")["command"], environment, tmp_path) as address:
        worker = _with(container("Deployment", "placement-worker")["command"], {ADDRESS: address})
        job = _with(container("Job", "placement-solve")["command"], {ADDRESS: address, "/cases/my-case": str(CASE), "/runs/my-case": "run"})
        process = _begun(worker, environment, tmp_path)
        try:
            _wait_for_worker(address)
            subprocess.run(job, cwd=tmp_path, env=environment, check=True, timeout=240)
        finally:
            _ended(process)
    assert json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["check"]["ok"]


class _started:
    """The scheduler's command on a free port of the loopback address; gives its address."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.file = folder / "scheduler.json"
        here = _with(command, {"0.0.0.0": "127.0.0.1", "8786": "0"})
        self.process = _begun([*here, "--scheduler-file", str(self.file)], environment, folder)

    def __enter__(self) -> str:
        deadline = time.monotonic() + 60
        while not (self.file.exists() and self.file.stat().st_size):
            assert self.process.poll() is None and time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.1)
        return str(json.loads(self.file.read_text(encoding="utf-8"))["address"])

    def __exit__(self, *error: object) -> None:
        _ended(self.process)


def _with(command: list[str], other: dict[str, str]) -> list[str]:
    assert other.keys() <= set(command)
    return [other.get(part, part) for part in command]


def _begun(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    program = shutil.which(command[0], path=environment["PATH"])
    assert program
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([program, *command[1:]], cwd=folder, env=environment, start_new_session=True, **quiet)


def _ended(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait_for_worker(address: str) -> None:
    import distributed

    with distributed.Client(address, timeout=30, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
