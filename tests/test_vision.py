"""Binary archives, image folders, and torchvision beside a CPU build of torch."""

import gzip
import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from verifig.ground.errors import InputError
from verifig.training import archives, image_files, vision


def tree(folder, sizes=((32, 32), (20, 24))):
    for label, (name, size) in enumerate(zip(("ants", "bees"), sizes, strict=True)):
        (folder / name).mkdir(parents=True)
        for k in range(2):
            Image.new("L", size, 40 * label + k).save(folder / name / f"{k}.png")
    (folder / "bees" / "notes.txt").write_text("not an image")
    return folder


def test_images_are_read_by_class_as_rgb_of_one_size(tmp_path):
    images, labels = image_files.image_folder(tree(tmp_path), 32)
    assert images.shape == (4, 32, 32, 3)
    assert labels.tolist() == [0, 0, 1, 1]
    assert np.unique(images[2]).tolist() == [40]


def test_wrong_folders_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        image_files.image_folder(tmp_path / "none")
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="at least two classes"):
        image_files.image_folder(tmp_path)
    folder = tree(tmp_path / "broken")
    (folder / "ants" / "1.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"1.png is not a readable image"):
        image_files.image_folder(folder)


def cifar(*records: tuple[list[int], int], size: int = 3072) -> bytes:
    """Records of label bytes and pixels that count up from a first value."""
    return b"".join(
        bytes(label) + ((first + np.arange(size)) % 256).astype(np.uint8).tobytes() for label, first in records
    )


def stl_image(number: int) -> np.ndarray:
    """A picture [3, 96, 96] whose value says channel, row and column apart."""
    channel, row, column = np.ogrid[:3, :96, :96]
    return (number + 80 * channel + row // 2 + 50 * (column > 70)).astype(np.uint8)


def stl_members() -> dict[str, bytes]:
    """Two training images and one test image, stored column by column as STL-10 does."""
    return {
        "stl10_binary/test_X.bin": stl_image(9).transpose(0, 2, 1).tobytes(),
        "stl10_binary/test_y.bin": bytes([4]),
        "stl10_binary/train_X.bin": b"".join(stl_image(n).transpose(0, 2, 1).tobytes() for n in (0, 1)),
        "stl10_binary/train_y.bin": bytes([10, 1]),
        "stl10_binary/unlabeled_X.bin": b"not read",
    }


def cifar10_members() -> dict[str, bytes]:
    """One record in each training file, numbered by it, stored in another order."""
    members = {f"cifar-10-batches-bin/data_batch_{n}.bin": cifar(([n], n)) for n in (3, 5, 1, 2, 4)}
    return {"cifar-10-batches-bin/test_batch.bin": cifar(([8], 0), ([9], 1)), "readme": b"text"} | members


def pack(path, members: dict[str, bytes]):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_cifar10_is_in_the_order_of_its_files(tmp_path):
    (images, labels), (test, test_labels) = archives.archive(pack(tmp_path / "a", cifar10_members()), "cifar10")
    assert labels.tolist() == [1, 2, 3, 4, 5]
    assert images.shape == (5, 3, 32, 32)
    assert images.dtype == np.uint8
    assert images[:, 0, 0, :3].tolist() == [[n, n + 1, n + 2] for n in range(1, 6)]
    assert images[0, 1, 2, 3] == (1 + 1024 + 2 * 32 + 3) % 256
    assert test_labels.tolist() == [8, 9]
    assert test_labels.dtype == np.int64
    assert test.shape == (2, 3, 32, 32)


def test_cifar100_has_its_fine_labels(tmp_path):
    members = {
        "cifar-100-binary/train.bin": cifar(([3, 99], 0), ([4, 7], 5)),
        "cifar-100-binary/test.bin": cifar(([1, 2], 9)),
    }
    (images, labels), (test, test_labels) = archives.archive(pack(tmp_path / "a", members), "cifar100")
    assert labels.tolist() == [99, 7]
    assert images[:, 0, 0, 0].tolist() == [0, 5]
    assert test_labels.tolist() == [2]
    assert test[0, 0, 0, :2].tolist() == [9, 10]


def test_stl10_has_rows_before_columns_and_labels_from_zero(tmp_path):
    (images, labels), (test, test_labels) = archives.archive(pack(tmp_path / "a", stl_members()), "stl10")
    np.testing.assert_array_equal(images, [stl_image(0), stl_image(1)])
    np.testing.assert_array_equal(test, [stl_image(9)])
    assert labels.tolist() == [9, 0]
    assert test_labels.tolist() == [3]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"stl10_binary/train_X.bin": None}, "a.tar.gz has no member stl10_binary/train_X.bin"),
        ({"stl10_binary/train_X.bin": b""}, "stl10_binary/train_X.bin has 0 bytes, which is no multiple of 27648"),
        ({"stl10_binary/test_X.bin": bytes(27647)}, "stl10_binary/test_X.bin has 27647 bytes"),
        ({"stl10_binary/test_y.bin": bytes(2)}, "test_X.bin has 1 images, but stl10_binary/test_y.bin has 2 labels"),
    ],
)
def test_wrong_members_are_one_sentence(tmp_path, change, sentence):
    members = {name: content for name, content in (stl_members() | change).items() if content is not None}
    with pytest.raises(InputError, match=sentence):
        archives.archive(pack(tmp_path / "a.tar.gz", members), "stl10")


def test_archives_of_another_data_set_or_with_an_incomplete_record_are_named(tmp_path):
    path = pack(tmp_path / "a.tar.gz", stl_members())
    with pytest.raises(InputError, match=r"a\.tar\.gz has no member cifar-10-batches-bin/data_batch_1\.bin"):
        archives.archive(path, "cifar10")
    broken = cifar10_members() | {"cifar-10-batches-bin/data_batch_4.bin": cifar(([4], 4))[:-1]}
    with pytest.raises(InputError, match=r"data_batch_4\.bin has 3072 bytes, which is no multiple of 3073"):
        archives.archive(pack(tmp_path / "b.tar.gz", broken), "cifar10")


def test_files_that_are_no_archives_are_one_sentence(tmp_path):
    whole = pack(tmp_path / "whole", cifar10_members()).read_bytes()
    plain = gzip.decompress(whole)
    for name, content in {
        "empty": b"",
        "text": b"<html>not found</html>",
        "header": whole[:3],
        "cut": whole[: len(whole) // 2],
        "garbled": whole[:200] + bytes(200) + whole[400:],
        "no_tar": gzip.compress(b"no tar" * 1000),
        "cut_tar": gzip.compress(plain[: len(plain) // 2]),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name} (cannot be read as a tar.gz archive|has no member)"):
            archives.archive(tmp_path / name, "cifar10")
    with pytest.raises(InputError, match="absent cannot be read"):
        archives.archive(tmp_path / "absent", "cifar10")


def test_nothing_is_unpacked(tmp_path, monkeypatch):
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    strange = {"../evil": b"x", f"{tmp_path}/evil": b"x", "cifar-10-batches-bin/../../evil": b"x"}
    path = pack(tmp_path / "a.tar.gz", strange | cifar10_members())
    assert len(archives.archive(path, "cifar10")[0][1]) == 5
    assert sorted(tmp_path.rglob("*")) == [path, inside]


def test_links_are_no_members(tmp_path):
    members = cifar10_members()
    path = pack(tmp_path / "a.tar", {name: content for name, content in members.items() if "test" not in name})
    plain = tmp_path / "b.tar"
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    with tarfile.open(plain, "a") as archive:
        link = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "data_batch_1.bin"
        archive.addfile(link)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    with pytest.raises(InputError, match=r"has no member cifar-10-batches-bin/test_batch\.bin"):
        archives.archive(path, "cifar10")


def test_torchvision_models_load():
    assert vision.torchvision().models.resnet18(weights=None).fc.out_features == 1000
