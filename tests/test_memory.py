"""Memory: a quarter of the budget gives the same result."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from conftest import ROOT, command

from verifig.ground.paths import Layout
from verifig.training import artifacts

SIZE = ["--set", "epochs=1", "--set", "log_every=1", "--seeds", "16", "--device", "cpu", "--stage", "train"]


def test_smaller_chunks_need_less_memory_and_give_the_same_records(tmp_path):
    """16 members at a time against 4 (a chunk is what has to be in memory at once); peak memory as on the pages."""

    def run(chunk: int) -> tuple[artifacts.Artifact, float]:
        out = tmp_path / str(chunk)
        line = ("verifig", "run", "prieto2025", "delay53", *SIZE, "--set", f"chunk={chunk}", "--out", str(out))
        result = command(ROOT, *line, fresh=True)
        assert result.returncode == 0, result.stderr
        layout = Layout(out, "laptop", "prieto2025")
        record = json.loads(layout.provenance("delay53").read_text(encoding="utf-8"))
        return artifacts.read(layout.artifact("delay53")), record["peak_memory_mb"]

    with ThreadPoolExecutor(2) as pool:
        (large, most), (small, least) = pool.map(run, (16, 4))
    assert set(large) == set(small)
    for name in large:
        np.testing.assert_allclose(small[name], large[name], rtol=2e-5, atol=1e-6, err_msg=name)
    assert most - least > 15, (most, least)
