"""Bad input through the real command: exit code 2, one sentence naming key and value, nothing written."""

import pytest
from conftest import command, snakemake

CASES = [
    (
        ["run", "grokking", "--out", "o"],
        "grokking is a theme, not a paper: choose from its papers doshi2024, instruments2026, kumar2024",
    ),
    (["run", "groking", "--out", "o"], "unknown paper 'groking'"),
    (["run", "prieto2025", "edge", "--out", "o"], "unknown experiment 'edge'"),
    (["run", "prieto2025", "edge113", "--scale", "huge", "--out", "o"], "unknown scale 'huge'"),
    (["run", "prieto2025", "edge113", "--set", "widht=3", "--out", "o"], "unknown setting 'widht'"),
    (["run", "prieto2025", "edge113", "--set", "width", "--out", "o"], "must have the form setting=value"),
    (["run", "prieto2025", "edge113", "--seeds", "0", "--out", "o"], "--seeds 0 must be at least 1"),
    (["run", "prieto2025", "edge113", "--seeds", "two", "--out", "o"], "invalid int value: 'two'"),
    (["run", "prieto2025", "edge113", "--device", "tpu", "--out", "o"], "unknown device 'tpu'"),
    (["run", "prieto2025", "edge113", "--out", "reports/x"], "lies in the published pages"),
    (["run", "prieto2025"], "--out"),
    (["frobnicate"], "invalid choice: 'frobnicate'"),
    (["explain", "XX-99"], "unknown claim 'XX-99'"),
    (["compare", "a.json", "b.json"], "a.json does not exist"),
]


def one_sentence(result) -> str:
    assert result.returncode == 2, result.stdout + result.stderr
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.parametrize(("arguments", "sentence"), CASES)
def test_the_command_line(tmp_path, suite, arguments, sentence):
    before = sorted(suite.rglob("*"))
    assert sentence in one_sentence(command(suite, "verifig", *arguments))
    assert sorted(path for path in suite.rglob("*") if "__pycache__" not in path.parts) == before


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scale: big\n", "scale = 'big' must be one of"),
        ("papers: [grok]\n", "unknown paper or theme 'grok', did you mean 'grokking'?"),
        ("seeds: 0\n", "seeds = 0 must be >= 1"),
        ("sedes: 3\n", "unknown key sedes"),
        ("device: gpu\n", "device = 'gpu' must be one of"),
        ("scale: [\n", "is not valid YAML"),
        ("- a\n", "must hold a mapping"),
    ],
)
def test_the_configuration(suite, text, sentence):
    (suite / "config" / "config.yaml").write_text(text)
    assert sentence in one_sentence(command(suite, "verifig", "prepare", "--scale", "smoke"))


def test_snakemake_refuses_like_the_command_line(suite):
    result = snakemake(suite, "-n", "all", "--config", "scale=big")
    assert result.returncode == 2
    assert "error: config: scale = 'big' must be one of smoke, laptop, paper" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("estimator: mean", "estimator: avarage", "estimator = 'avarage' must be one of"),
        ("id: EN-02", "id: EN-01", "the id EN-01 is used twice"),
        ("of: EN-04", "of: EN-99", "sabotages the unknown claim EN-99"),
        ("statement: ", "statment: ", "unknown key claims.0.statment"),
    ],
)
def test_claims(suite, before, after, sentence):
    path = suite / "replications" / "grokking" / "prieto2025" / "claims.yaml"
    path.write_text(path.read_text().replace(before, after, 1))
    assert sentence in one_sentence(command(suite, "verifig", "prepare", "--scale", "smoke"))


def test_a_mirror_that_does_not_exist(suite):
    result = command(suite, "verifig", "prepare", "--scale", "smoke", VERIFIG_DATA_MIRROR="/no/such/folder")
    assert "VERIFIG_DATA_MIRROR=/no/such/folder is not a folder" in one_sentence(result)


def test_cuda_without_a_gpu(suite, monkeypatch):
    import ctypes

    from verifig.ground.errors import InputError
    from verifig.planning import devices

    def absent(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert devices.resolve("auto") == "cpu"
    with pytest.raises(InputError, match="no NVIDIA driver"):
        devices.resolve("cuda")


def test_auto_is_the_device_on_which_an_experiment_is_done_first(monkeypatch):
    from verifig.planning import devices, jobs, rulesets

    monkeypatch.setattr(devices, "_cuda_problem", lambda: None)
    assert devices.resolve("auto") == devices.resolve("cuda", "cpu") == "cuda", "cuda forces"
    assert devices.resolve("auto", "cpu") == devices.resolve("cpu", "cuda") == "cpu"
    chosen = {
        (name, scale): jobs.train("prieto2025", name, scale)["device"]
        for name, scale in (("thresholds", "paper"), ("edge113", "paper"), ("edge113", "smoke"), ("edge113", "laptop"))
        if scale != "laptop" or name in rulesets.load("prieto2025").experiments("laptop")
    }
    assert chosen.pop(("edge113", "paper")) == "cuda"
    assert set(chosen.values()) == {"cpu"}, "formulas, and what is cut to a minute of one core"


def test_a_corrupted_download_names_file_sums_and_address(suite):
    """A rule set with a download whose file in data/ is not the expected one."""
    config = suite / "replications" / "grokking" / "prieto2025" / "experiments.yaml"
    entry = f"\ndata:\n  table: {{file: t.csv, sha256: {'a' * 64}, url: 'https://example.org/t.csv'}}\n"
    config.write_text(
        config.read_text().replace("\nscales:", entry + "\nscales:").replace("data: [mnist_5k]", "data: [table]")
    )
    (suite / "data").mkdir()
    (suite / "data" / "t.csv").write_text("x")
    message = one_sentence(command(suite, "verifig", "prepare", "--scale", "laptop"))
    for part in (
        "t.csv has sha256 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "expected aaaa",
        "example.org/t.csv",
    ):
        assert part in message


def test_only_the_downloads_of_the_scale_are_fetched(tmp_path, monkeypatch):
    from verifig.planning import downloads, rulesets

    asked = []
    monkeypatch.setattr(downloads, "_download", lambda url, expected, target: asked.append(url) or "downloaded")
    monkeypatch.delenv("VERIFIG_DATA_MIRROR", raising=False)
    ruleset = rulesets.load("simon2024")
    downloads.fetch(ruleset, "laptop", ruleset.experiments("laptop"), tmp_path)
    assert asked == []
    downloads.fetch(ruleset, "paper", ["ridge_cifar"], tmp_path)
    assert [url.rpartition("/")[2] for url in asked] == ["cifar-10-binary.tar.gz"]
