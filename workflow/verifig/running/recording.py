"""`verifig record`: verdicts recorded on purpose in replications/<theme>/<paper>/recorded/, which `check` compares with.

At paper scale what is there is merged with what was recorded before, and the tables that figures draw are kept small
beside it, so that pages can show both without a GPU. How verdicts and measurements moved is kept in history.json.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import atomic, write_text
from verifig.ground.paths import Layout, slugs
from verifig.judging import check, history, recorded
from verifig.judging.record import bases, made, merged
from verifig.judging.recorded import Record
from verifig.measuring import tables
from verifig.pages import keeping, redrawn
from verifig.pages.site import in_lines
from verifig.planning import standing


def record(results: Path, scale: str, names: Sequence[str]) -> None:
    """Write the verdicts of finished runs to replications/<theme>/<slug>/recorded/<scale>.json.

    Args:
        names: papers. None: all of them; at paper scale, those of which there are results.

    Raises:
        InputError: there are no verdicts, they are not the suite's (see `standing.problem`; at paper scale some of the
            experiments are enough), claims recorded as judged lack their data now, or the history is damaged; then
            nothing is written.
    """
    layouts = [Layout(results, scale, slug) for slug in names or slugs()]
    if scale == "paper" and not names:
        layouts = [layout for layout in layouts if layout.verdicts.exists()]
        if not layouts:
            raise InputError(f"there are no verdicts at {Path(results) / scale}: nothing is recorded")
    for layout in layouts:
        standing.require(layout, "is not recorded", part=scale == "paper")
        past = check.recorded(layout.slug, scale)
        rows = check.differences(standing.load(layout.verdicts)["claims"], past)
        if scale != "paper" and (lost := [row for row in rows if row["without_data"]]):
            raise InputError(f"{layout.slug} is not recorded: {lost[0]['sentence']}")
        history.load(layout.slug)
    for layout in layouts:
        (_record_paper if scale == "paper" else _record)(layout)


def _record(layout: Layout) -> None:
    """Put the verdicts of a run in place of those recorded before."""
    before, contents = check.recorded(layout.slug, layout.scale), made(layout)
    changed = check.differences(contents["claims"], before)
    _write(layout, contents)
    _remember(layout, contents, standing.load(layout.verdicts)["claims"])
    said = f"{len(contents['claims'])} claims, {len(changed)} not as recorded before"
    print(f"recorded {layout.slug} at {layout.scale} scale: {said}")
    for row in changed:
        print(f"  {row['id']}: {row['recorded'] or 'new'} -> {row['here'] or 'gone'}")


def _record_paper(layout: Layout) -> None:
    """Merge the verdicts of a run with those recorded before, and keep what its figures draw."""
    slug = layout.slug
    old = recorded.load(slug, "paper")
    before = old.verdicts if old else {}
    new = made(layout)
    contents, lost = merged(new, old, slug)
    now = Record(slug, "paper", contents)
    files, left_out = _kept(now, layout, old, new["runs"])
    contents["tables"] = keeping.digests(files)
    folder = recorded.path(slug, "paper").with_suffix("")
    for name, content in files.items():
        with atomic(folder / name) as temporary:
            temporary.write_bytes(content)
    _write(layout, contents)
    _remember(layout, contents, contents["claims"])
    for path in folder.rglob("*.parquet"):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
    judged, size = recorded.judged(contents["claims"]), sum(map(len, files.values()))
    covered = f"{len(now.runs)} of {len(now.runs) + len(now.not_covered)} experiments"
    print(f"recorded {slug} at paper scale: {len(judged)} claims judged on {covered}, {size / 1000:.0f} kB of tables")
    for claim in contents["claims"]:
        past = before.get(claim["id"], recorded.NOT_TESTED)
        if claim["verdict"] != past:
            why = f" ({lost[claim['id']]})" if claim["id"] in lost else ""
            print(f"  {claim['id']}: {past} -> {claim['verdict']}{why}")
    if left_out:
        print(f"  tables left out, too large to be kept: {', '.join(left_out)}")


def _kept(
    now: Record, layout: Layout, old: Record | None, fresh: Mapping[str, Mapping]
) -> tuple[dict[str, bytes], list[str]]:
    """Tables to be kept by their names below recorded/paper/, as files; and those that are too large."""
    files = [layout.statistics, *sorted(layout.curves.glob("*.parquet"))]
    frames = {file.relative_to(layout.folder).as_posix(): tables.read(file) for file in files}
    if old:
        frames = keeping.merged(frames, old.frames(), old, fresh)
    with tempfile.TemporaryDirectory(prefix="verifig-") as temporary:
        drawn, failed = redrawn.pictures(redrawn.lay_out(now, frames, Path(temporary)))
        for sentence in failed:
            print(f"  could not be drawn: {sentence}")
        worth = redrawn.worth_drawing(layout.slug)
        return keeping.small(frames, [picture for name, picture in drawn.items() if worth.get(name)])


def _write(layout: Layout, contents: Mapping) -> None:
    write_text(recorded.path(layout.slug, layout.scale), in_lines(contents))


def _remember(layout: Layout, contents: Mapping, claims: Sequence[Mapping]) -> None:
    """Add what was recorded to the paper's history; `claims` are those of the record, in full."""
    if layout.scale in history.SCALES:
        judged = recorded.judged(claims)
        past = history.without_gone(history.load(layout.slug), {claim["id"] for claim in claims})
        history.save(layout.slug, history.added(past, judged, bases(contents, judged)))
