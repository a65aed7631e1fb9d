"""The runs below a folder, listed and removed."""

import pytest

from verifig import cli
from verifig.ground.errors import InputError
from verifig.ground.files import write_json
from verifig.ground.paths import Layout
from verifig.planning import rulesets
from verifig.running import folders, runs


@pytest.fixture
def kept(tmp_path):
    """A folder with a finished what-if and unfinished work, and files of somebody else's."""
    settings = rulesets.settings(rulesets.load("prieto2025"), "delay53", "laptop", seeds=3)
    record = {"job": {"stage": "train", "settings": settings}, "finished": "2026-11-28T07:11:23+00:00"}
    first, second = (Layout(tmp_path / "runs" / name, "laptop", "prieto2025") for name in ("a", "b/c"))
    write_json(first.provenance("delay53"), record)
    first.artifact("delay53").write_bytes(b"x" * 2_000_000)
    second.folder.mkdir(parents=True)
    second.checkpoint("edge113").write_bytes(b"x")
    (tmp_path / "runs" / "b" / "notes.txt").write_text("mine")
    return tmp_path / "runs"


def test_runs_are_found_with_what_was_changed_and_how_far_they_are(kept):
    first, second = runs.below(kept)
    assert (first.layout.results, second.layout.results) == (kept / "a", kept / "b" / "c")
    assert (list(first.finished), list(first.unfinished), first.ended) == (["delay53"], [], "2026-11-28 07:11")
    assert list(first.changed) == ["delay53: seeds 5 -> 3"]
    assert first.size > 2e6
    assert (list(second.finished), list(second.unfinished), second.ended) == ([], ["edge113"], "")


def test_a_folder_of_a_paper_s_name_elsewhere_is_no_run(kept):
    write_json(kept / "notes" / "prieto2025" / "mine.provenance.json", {})
    assert len(runs.below(kept)) == 2


def test_the_command_lists_them_and_removes_nothing(kept, capsys):
    with pytest.raises(SystemExit):
        cli.main(["runs", str(kept)])
    printed = capsys.readouterr().out
    assert "edge113 (unfinished)" in printed
    assert "2 runs, 2.0 MB" in printed
    assert len(runs.below(kept)) == 2


def test_pruning_removes_runs_and_what_is_empty_then_and_nothing_else(kept):
    runs.show(kept, prune=True)
    assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*")) == ["b", "b/notes.txt"]


def test_the_workflow_s_results_are_not_removed(kept, monkeypatch):
    monkeypatch.setattr(folders, "ROOT", kept.parent)
    (kept / "a").rename(kept.parent / "results")
    with pytest.raises(InputError, match=r"results is where the workflow keeps its results: nothing was removed"):
        runs.show(kept.parent, prune=True)
    assert len(runs.below(kept.parent)) == 2


def test_a_folder_without_runs_or_none_is_one_sentence(tmp_path, capsys):
    runs.show(tmp_path)
    assert "no runs below" in capsys.readouterr().out
    with pytest.raises(InputError, match="is not a folder"):
        runs.show(tmp_path / "none")
