"""Image data sets as their publishers pack them: binary archives of CIFAR and STL-10."""

import gzip
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from verifig.ground.errors import InputError
from verifig.training import artifacts

SIDES = {"cifar10": 32, "cifar100": 32, "stl10": 96}
LABEL_BYTES = {"cifar10": 1, "cifar100": 2}  # before the pixels of a record; the last one is the (fine) label
MEMBERS = {
    # files of the training part and of the test part; stl10 keeps images and labels apart
    "cifar10": (
        [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)],
        ["cifar-10-batches-bin/test_batch.bin"],
    ),
    "cifar100": (["cifar-100-binary/train.bin"], ["cifar-100-binary/test.bin"]),
    "stl10": tuple([f"stl10_binary/{part}_{kind}.bin" for kind in "Xy"] for part in ("train", "test")),
}

Part = tuple[np.ndarray, np.ndarray]


def archive(path: Path, name: str) -> tuple[Part, Part]:
    """Training and test part of a data set, from the binary archive of its publisher, or made from a folder of images.

    Members are read by their fixed names, in memory: nothing is unpacked to disk.

    Args:
        path: the archive, tar compressed by gzip; or the .npz that `folders.sync` made.
        name: cifar10, cifar100 (with its fine labels) or stl10; of a folder any name.

    Returns:
        Twice (images uint8 [n, 3, side, side] as channel, row, column; labels int64 [n], from 0), in the order of the
        files; side is 96 for stl10's archive, else 32.

    Raises:
        InputError: the archive cannot be read, or a member is missing or has a wrong length.
    """
    if Path(path).suffix == ".npz":
        stored = artifacts.read(path)
        return (stored["train"], stored["train_labels"]), (stored["test"], stored["test_labels"])
    train, test = MEMBERS[name]
    contents = _contents(Path(path), {*train, *test})
    side = SIDES[name]

    def table(member: str, width: int) -> np.ndarray:
        size = len(contents[member])
        if size == 0 or size % width:
            raise InputError(f"{path}: {member} has {size} bytes, which is no multiple of {width}")
        return np.frombuffer(contents[member], np.uint8).reshape(-1, width)

    def cifar(*members: str) -> Part:
        before = LABEL_BYTES[name]
        records = np.concatenate([table(member, before + 3 * side**2) for member in members])
        return records[:, before:].reshape(-1, 3, side, side), records[:, before - 1].astype(np.int64)

    def stl(images: str, labels: str) -> Part:
        pixels, classes = table(images, 3 * side**2), table(labels, 1)[:, 0]
        if len(pixels) != len(classes):
            raise InputError(f"{path}: {images} has {len(pixels)} images, but {labels} has {len(classes)} labels")
        by_column = pixels.reshape(-1, 3, side, side)
        return np.ascontiguousarray(by_column.transpose(0, 1, 3, 2)), classes.astype(np.int64) - 1

    read = stl if name == "stl10" else cifar
    return read(*train), read(*test)


def _contents(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """Bytes of an archive's members by name, in one pass that ends with the last one wanted."""
    found: dict[str, bytes] = {}
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                if member.name in wanted and member.isfile():
                    found[member.name] = members.extractfile(member).read()
                if len(found) == len(wanted):
                    break
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a tar.gz archive: {error}") from None
    if missing := sorted(set(wanted) - set(found)):
        raise InputError(f"{path} has no member {missing[0]}")
    return found
