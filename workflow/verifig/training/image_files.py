"""Images of one's own: a folder with one folder a class."""

from pathlib import Path

import numpy as np

from verifig.ground.errors import InputError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".webp"}


def image_folder(folder: Path, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Images of a tree with one folder a class, in the order of names.

    Args:
        side: images of another size are resized (bilinear), grey ones become RGB.

    Returns:
        (images uint8 [n, side, side, 3], labels int64 [n]); classes are numbered by their sorted names.

    Raises:
        InputError: no folder, fewer than two classes with images, or a file that is not an image.
    """
    from PIL import Image, UnidentifiedImageError

    if not Path(folder).is_dir():
        raise InputError(f"{folder} is not a folder: it must hold one folder of images for each class")
    classes = sorted(entry for entry in Path(folder).iterdir() if entry.is_dir())
    files = [(file, label) for label, entry in enumerate(classes) for file in sorted(entry.rglob("*"))]
    files = [(file, label) for file, label in files if file.suffix.lower() in SUFFIXES]
    labels = np.array([label for _, label in files], np.int64)
    if len(set(labels.tolist())) < 2:
        raise InputError(f"{folder} must hold folders of images (png, jpg, ...) for at least two classes")
    images = np.empty((len(files), side, side, 3), np.uint8)
    for row, (file, _) in enumerate(files):
        try:
            with Image.open(file) as image:
                colour = image.convert("RGB")
                same = colour.size == (side, side)
                images[row] = np.asarray(colour if same else colour.resize((side, side), Image.Resampling.BILINEAR))
        except (UnidentifiedImageError, OSError):
            raise InputError(f"{file} is not a readable image") from None
    return images, labels
