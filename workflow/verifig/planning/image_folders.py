"""Image data sets that the user gives as folders, decoded once into one file below data/.

The file takes the place of the publisher's archive wherever that is read, and its SHA-256 goes into the jobs.
"""

import hashlib
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.files import atomic
from verifig.planning import datasets
from verifig.training import artifacts

SIDE = 32
PARTS = ("train", "test")


def sync(name: str, folder: Path | None, data_dir: Path) -> str | None:
    """Make the file of a data set agree with the configuration: made from `folder`, or removed if there is none.

    Args:
        folder: holds train/CLASS/* and test/CLASS/* (png, jpg, ...); classes are numbered by their sorted names, images
            resized to 32x32 RGB.

    Returns:
        How it was had ("there" if nothing had to be done), None if no folder is given.

    Raises:
        InputError: the folder or a part of it is missing, holds no images, or a file is not an image.
    """
    target = datasets.packed(name, data_dir)
    made_from = target.with_suffix(".source")
    if folder is None:
        for file in (target, made_from):
            file.unlink(missing_ok=True)
        return None
    for part in PARTS:
        if not (folder / part).is_dir():
            raise InputError(
                f"data_folders.{name} = {folder} must hold train/CLASS and test/CLASS with images: {part}/ is not there"
            )
    state = fingerprint(folder)
    if target.exists() and made_from.exists() and made_from.read_text() == state:
        return "there"
    from verifig.training import image_files

    arrays = {}
    for part in PARTS:
        images, labels = image_files.image_folder(folder / part, SIDE)
        arrays |= {part: images.transpose(0, 3, 1, 2), f"{part}_labels": labels}
    artifacts.write(target, arrays, {"data": name})
    with atomic(made_from) as temporary:
        temporary.write_text(state)
    return f"{len(arrays['train']):,} training and {len(arrays['test']):,} test images from {folder}"


def fingerprint(folder: Path) -> str:
    """Names, sizes and times of the files in a folder, hashed: another one means that it must be read again."""
    lines = [str(folder.resolve())]
    for file in sorted(path for part in PARTS for path in (folder / part).rglob("*") if path.is_file()):
        facts = file.stat()
        lines.append(f"{file.relative_to(folder).as_posix()} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
