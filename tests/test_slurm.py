"""What a cluster run asks for, as far as it shows without Slurm; tests/slurm/run.sh runs the smoke scale through one."""

import re
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT, snakemake

SLURM = ROOT / "profiles" / "slurm"


def profile(name: str) -> dict:
    return yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text(encoding="utf-8"))


def test_cluster_and_local_runs_agree_on_what_is_up_to_date():
    of_one_machine = {"cores", "resources", "printshellcmds"}
    shared = {key: value for key, value in profile("default").items() if key not in of_one_machine}
    assert {"rerun-incomplete", "rerun-triggers", "max-checksum-file-size"} <= set(shared)
    assert {key: profile("slurm").get(key) for key in shared} == shared


def test_the_cluster_test_installs_the_plugins_that_the_profile_names():
    pattern = re.search(r"grep -o '(.*)' (profiles/slurm/profile.yaml)", (ROOT / "tests/slurm/run.sh").read_text())
    pins = re.findall(pattern[1], (ROOT / pattern[2]).read_text(encoding="utf-8"))
    assert [re.sub(r"==\d+\.\d+\.\d+$", "", pin) for pin in pins] == [
        "snakemake-executor-plugin-slurm",
        "snakemake-executor-plugin-slurm-jobstep",
    ]


def test_jobs_without_a_gpu_have_a_partition_of_their_own():
    partitions = yaml.safe_load((SLURM / profile("slurm")["slurm-partition-config"]).read_text(encoding="utf-8"))
    assert {bool(limits.get("max_gpu")) for limits in partitions["partitions"].values()} == {True, False}
    # a partition named here would hold for every job
    assert "slurm_partition" not in profile("slurm")["default-resources"]


@pytest.mark.parametrize(("device", "gpu"), [("cuda", 1), ("cpu", 0)])
def test_what_training_jobs_ask_for(suite, device, gpu):
    """Planned on any machine: the GPU need not be in this one."""
    config = ("scale=paper", f"device={device}", 'papers=["simon2024"]')
    result = snakemake(suite, "-n", "--default-resources", "mem_mb=5000", "--config", *config)
    assert result.returncode == 0, result.stderr
    rules = re.findall(r"^rule simon2024_(\w+):$.*?resources: (.*?)$", result.stdout + result.stderr, re.M | re.S)
    asked = {name: dict(re.findall(r"\b(gpu|mem_mb)=(\d+)", line)) for name, line in rules}
    assert asked["train_ridge"] == {"gpu": str(gpu), "mem_mb": "5000"}
    assert asked["train_ridge_gaussian"] == {"gpu": str(gpu), "mem_mb": "8000"}  # memory_mb in the configuration
    assert asked["judge"] == {"mem_mb": "5000"}


def test_only_a_cluster_is_prepared_for_a_gpu_that_is_not_here(monkeypatch, tmp_path):
    """Elsewhere results made on the CPU would be removed for jobs that cannot run."""
    from verifig.ground.errors import InputError
    from verifig.planning import devices, userconfig
    from verifig.running import prepare

    monkeypatch.setattr(devices, "_cuda_problem", lambda: "this machine has no NVIDIA driver")
    user = userconfig.load({"device": "cuda", "papers": ["prieto2025"]})
    monkeypatch.setattr(userconfig, "load", lambda: user)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="device 'cuda' was asked for"):
        prepare.prepare("smoke")
    prepare.prepare("smoke", cluster=True)


def test_a_training_job_without_its_gpu_says_so(tmp_path, monkeypatch):
    from verifig.planning import devices, jobs
    from verifig.running import snakemake as adapter

    monkeypatch.setattr(devices, "_cuda_problem", lambda: "this machine has no NVIDIA driver")
    job = jobs.train("prieto2025", "edge113", "smoke", "cuda")
    log = tmp_path / "log"
    output = SimpleNamespace(artifact=tmp_path / "a.npz", record=tmp_path / "a.json")
    params = SimpleNamespace(job=job, checkpoint=tmp_path / "a.ckpt", data=tmp_path)
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    with pytest.raises(SystemExit):
        adapter.run(SimpleNamespace(output=output, params=params, log=[log]))
    assert log.read_text() == "error: device 'cuda' was asked for, but this machine has no NVIDIA driver\n"


def test_a_job_on_a_cluster_refuses_to_guess_the_device(suite):
    result = snakemake(suite, "-n", "--mode", "remote", "--config", "scale=smoke", "device=auto")
    assert result.returncode == 2
    assert "on a cluster device must be cuda or cpu" in result.stderr
