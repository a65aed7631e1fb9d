"""What a killed run leaves behind in a results folder."""

import shutil

from verifig.paths import Layout


def remove_checkpoint(layout: Layout, experiment: str) -> None:
    """Remove the checkpoint of a finished job that was killed before it could do so."""
    layout.artifact(experiment).with_suffix(".ckpt").unlink(missing_ok=True)


def sweep(layout: Layout) -> None:
    """Remove files that were only half written; for a folder that no run works in."""
    for path in layout.folder.glob(".*") if layout.folder.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
