"""Label noise: how many labels change, and to what."""

import pytest
import torch
from scipy import stats

from verifig.training.ensemble import generator
from verifig.training.labels import corrupt

COUNT, CLASSES = 20000, 5
LABELS = torch.randint(CLASSES, (COUNT,), generator=generator("test", "labels"))


def corrupted(share: float, classes: int = CLASSES, name: object = 0) -> torch.Tensor:
    return corrupt(LABELS % classes, classes, share, generator("test", "noise", name))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.9, 1.0])
def test_the_share_of_changed_labels_is_the_one_asked_for(share):
    before = LABELS.clone()
    found = corrupted(share)
    assert torch.equal(LABELS, before)
    assert (found.dtype, found.shape) == (torch.int64, (COUNT,))
    changed = int((found != LABELS).sum())
    assert abs(changed - share * COUNT) <= 3 * (COUNT * share * (1 - share)) ** 0.5


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_changed_label_is_any_other_class(classes):
    found, before = corrupted(1.0, classes), LABELS % classes
    assert not (found == before).any()
    assert 0 <= found.min() <= found.max() < classes
    for label in range(classes):
        counts = torch.bincount(found[before == label], minlength=classes).tolist()
        assert counts.pop(label) == 0
        assert len(counts) == 1 or stats.chisquare(counts).pvalue > 0.01, (label, counts)


def test_noise_of_one_stream_is_paired():
    """A larger share changes what the smaller one does, to the same classes, and more; and draws as much."""
    small, large = corrupted(0.1), corrupted(0.3)
    changed = small != LABELS
    assert torch.equal(large[changed], small[changed])
    assert int((large != LABELS).sum()) > 2.5 * int(changed.sum())
    streams = [generator("test", "after") for _ in range(2)]
    for share, stream in zip((0.0, 1.0), streams, strict=True):
        corrupt(LABELS, CLASSES, share, stream)
    assert torch.equal(*(torch.rand(5, generator=stream) for stream in streams))
    assert torch.equal(corrupted(0.1), small)
    assert not torch.equal(corrupted(0.1, name=1), small)


def test_noise_is_drawn_on_the_host_wherever_the_labels_lie():
    found = corrupt(LABELS.to("meta"), CLASSES, 0.5, generator("test", "noise"))
    assert (found.device.type, found.shape) == ("meta", (COUNT,))
