"""A killed workflow needs no expert.

Snakemake and all its jobs are killed at once (SIGKILL) at random moments of the smoke scale. What the next user sees is
one sentence with the command to run; after `make unlock` the workflow goes on, and ends with the artifacts, statistics
and figures of a workflow that was left alone.
"""

import os
import random
import signal
import subprocess

from prove import suites

KILLS = 10


def command(folder, *arguments):
    process = suites.start(folder, *arguments, log=folder / "command.log")
    return process.wait(), (folder / "command.log").read_text()


def test_smoke_scale(smoke_suite, tmp_path, show):
    killed = suites.copy(tmp_path / "killed")
    chance, kills, explained = random.Random(7), 0, 0
    while True:
        process = suites.workflow(killed, "smoke", os.cpu_count(), killed / "log")
        try:
            process.wait(chance.uniform(5, 5 + 2 * smoke_suite.seconds / KILLS) if kills < KILLS else None)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            code, said = command(killed, "verifig", "prepare", "--scale", "smoke")
            if code == 2:
                assert said.startswith("error: another run works in this folder, or one was killed")
                assert "run `make unlock`" in said
                explained += 1
                assert command(killed, "snakemake", "--unlock")[0] == 0
                code, said = command(killed, "verifig", "prepare", "--scale", "smoke")
            assert code == 0, said
            continue
        assert process.returncode == 0, (killed / "log").read_text()
        break
    strays = sorted(path.name for path in (killed / "results").rglob(".*") if not path.name.startswith(".snakemake"))
    expected, found = suites.outputs(smoke_suite.folder, "smoke"), suites.outputs(killed, "smoke")
    equal = sum(found.get(name) == contents for name, contents in expected.items())
    show(kills=kills, explained=explained, files=len(expected), **{"equal bytes": f"{equal} of {len(expected)}"})
    assert {name for name in expected | found if expected.get(name) != found.get(name)} == set()
    assert strays == []
