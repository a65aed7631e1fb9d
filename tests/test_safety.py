"""No way in: nothing that comes from a file, a setting or the network is ever executed, or written where it should not be."""

import ast
import functools
import hashlib
import http.server
import re
import threading

import pytest
from conftest import ROOT, command

from verifig.ground.errors import InputError
from verifig.ground.yaml_files import read_yaml
from verifig.planning import downloads, overrides, rulesets
from verifig.running import packing, packs

PRODUCT = [
    path
    for folder in ("workflow", "replications")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "tests" not in path.relative_to(ROOT).parts
]
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "subprocess", "pty"}
CALLS = {"eval", "exec", "__import__", "system", "popen", "extract", "extractall", "unsafe_load", "read_pickle"}
ALLOWED = {
    "workflow/verifig/pages/render.py": {"exec", "eval"},  # of the rule set's own report.py, a part of the checkout
    "workflow/verifig/benchmarking/benchmarks.py": {"subprocess"},  # git, with fixed arguments
    "workflow/verifig/ground/revision.py": {"subprocess"},  # likewise
    "workflow/verifig/ground/yaml_files.py": {"yaml.load"},  # by a safe loader: test_yaml_constructs_no_objects
}


def unsafe(tree: ast.AST) -> set[str]:
    """Names of imports and calls that could run what they read."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").partition(".")[0]} & MODULES
        elif isinstance(node, ast.Call):
            target = ast.unparse(node.func)
            name = target.rpartition(".")[2]
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if (
                (name in CALLS and not target.endswith("model.eval"))
                or target in ("torch.load", "yaml.load")
                or (target == "np.load" and options.get("allow_pickle") != "False")
                or options.get("shell") == "True"
            ):
                found.add(target)
    return found


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_code_executes_what_it_reads(path):
    allowed = ALLOWED.get(path.relative_to(ROOT).as_posix(), set())
    found = {name for name in unsafe(ast.parse(path.read_text(encoding="utf-8"))) if not name.endswith(".eval")}
    assert found - allowed == set()


def test_the_scan_finds_what_it_looks_for():
    source = "import pickle\nnp.load(f)\ntorch.load(f)\nos.system(c)\neval(x)\na.extractall()\nrun(c, shell=True)"
    assert len(unsafe(ast.parse(source))) == 7


def test_no_rule_goes_through_a_shell():
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk"), *ROOT.glob("replications/*/*/Snakefile")]
    for path in files:
        assert not re.search(r"^\s*(shell|run|shellcmd)\s*:", path.read_text(encoding="utf-8"), re.MULTILINE), path


EXPLOIT = "!!python/object/apply:os.system ['touch pwned']"


@pytest.mark.parametrize(
    "name",
    [
        "config/config.yaml",
        "replications/grokking/prieto2025/experiments.yaml",
        "replications/grokking/prieto2025/claims.yaml",
    ],
)
def test_yaml_constructs_no_objects(suite, name):
    path = suite / name
    path.write_text(path.read_text(encoding="utf-8") + f"\nextra: {EXPLOIT}\n", encoding="utf-8")
    result = command(suite, "verifig", "prepare", "--scale", "smoke")
    assert result.returncode == 2
    assert "is not valid YAML" in result.stderr
    assert not (suite / "pwned").exists()


@pytest.mark.parametrize("value", [EXPLOIT, "$(touch pwned)", "`touch pwned`", "; touch pwned", "__import__('os')"])
def test_a_setting_is_never_executed(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    ruleset = rulesets.load("dang2023")
    with pytest.raises(InputError):
        rulesets.settings(ruleset, "networks", "laptop", overrides.parse([f"dataset={value}"]))
    assert list(tmp_path.iterdir()) == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """Address of a web server over a folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [(b"table", "downloaded"), (b"tables", "wrong sha256"), (b"", "wrong sha256"), (None, "not reachable")],
)
def test_a_download_is_kept_only_if_it_is_the_pinned_one(server, tmp_path, sent, outcome):
    folder, address = server
    if sent is not None:
        (folder / "t.csv").write_bytes(sent)
    target = tmp_path / "data" / "t.csv"
    said = downloads._download(f"{address}/t.csv", hashlib.sha256(b"table").hexdigest(), target)
    assert outcome in said
    assert target.exists() == (outcome == "downloaded")
    assert [path.name for path in target.parent.iterdir()] == (["t.csv"] if target.exists() else [])


def test_every_download_of_every_rule_set_is_pinned():
    for path in ROOT.glob("replications/*/*/experiments.yaml"):
        for name, entry in read_yaml(path).get("data", {}).items():
            if "url" in entry:
                assert re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]), (path, name)
            assert not entry["file"].startswith("/")
            assert ".." not in entry["file"]


def test_a_pack_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    import zipfile

    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("smoke/prieto2025/edge113.npz", bytes(10_000))
    monkeypatch.setattr(packs, "LARGEST", 9_999)
    with pytest.raises(InputError, match="unpacks to more than"):
        packing.unpack(tmp_path / "bomb.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()
