"""Crops and flips against a loop over single images."""

import itertools
from collections.abc import Iterator

import pytest
import torch
from scipy import stats
from tape import Tape, Watch

from verifig.training.augment import CropsAndFlips
from verifig.training.ensemble import generator

CPU = torch.device("cpu")


def images(count: int, height: int = 4, width: int = 5) -> torch.Tensor:
    """Images of two channels whose pixels all differ."""
    return 1 + torch.randperm(count * 2 * height * width, generator=generator("images")).view(count, 2, height, width)


def outcomes(images: torch.Tensor, padding: int) -> Iterator[tuple[tuple[bool, int, int], torch.Tensor]]:
    """All that may become of images [n, channels, height, width]: (flipped, down, right) -> pixel by pixel."""
    height, width = images.shape[2:]
    moves = range(-padding, padding + 1)
    for flipped, down, right in itertools.product((False, True), moves, moves):
        result = torch.zeros_like(images)
        for row, column in itertools.product(range(height), range(width)):
            above, left = row - down, column - right
            if 0 <= above < height and 0 <= left < width:
                result[:, :, row, column] = images[:, :, above, width - 1 - left if flipped else left]
        yield (flipped, down, right), result


def became(before: torch.Tensor, after: torch.Tensor, padding: int) -> list[tuple[bool, int, int]]:
    """What was done to each image."""
    found: list[list] = [[] for _ in before]
    for how, outcome in outcomes(before, padding):
        for number in (outcome == after).flatten(1).all(1).nonzero().flatten().tolist():
            found[number].append(how)
    assert {len(ways) for ways in found} == {1}
    return [ways[0] for ways in found]


def test_every_image_is_flipped_and_shifted_by_itself():
    """And all flips and shifts are as likely: 2 * 3 * 3 of them."""
    crops, before, stream = CropsAndFlips(1, CPU), images(600), generator("crops")
    crops.draw(600, stream)
    after = crops(before)
    assert (after.shape, after.dtype) == (before.shape, before.dtype)
    found = became(before, after, 1)
    counts = [found.count(how) for how in itertools.product((False, True), (-1, 0, 1), (-1, 0, 1))]
    assert sum(counts) == 600
    assert stats.chisquare(counts).pvalue > 0.01
    assert torch.equal(after[found.index((False, 0, 0))], before[found.index((False, 0, 0))]), "not moved"


def test_shifts_reach_as_far_as_the_padding():
    crops, before = CropsAndFlips(3, CPU), images(150)
    crops.draw(150, generator("crops"))
    found = became(before, crops(before), 3)
    for axis in (1, 2):
        assert {how[axis] for how in found} == set(range(-3, 4))


def test_without_padding_images_are_only_flipped():
    crops, before = CropsAndFlips(0, CPU), images(400)
    crops.draw(400, generator("crops"))
    after = crops(before)
    flipped = (after != before).flatten(1).any(1)
    assert torch.equal(after[flipped], before[flipped].flip(3))
    assert 160 < int(flipped.sum()) < 240


def test_a_draw_holds_until_the_next_of_its_number_of_images():
    crops, large, small, stream = CropsAndFlips(2, CPU), images(8), images(3), generator("crops")
    crops.draw(8, stream)
    first = crops(large)
    crops.draw(3, stream)
    other = crops(small)
    assert torch.equal(crops(large), first)
    crops.draw(8, stream)
    assert not torch.equal(crops(large), first)
    assert torch.equal(crops(small), other)
    again = CropsAndFlips(2, CPU)
    again.draw(8, generator("crops"))
    assert torch.equal(again(large), first), "the stream decides"
    with pytest.raises(KeyError):
        crops(images(5))


def test_a_captured_step_applies_the_newest_draw():
    crops, before, stream = CropsAndFlips(2, CPU), images(6), generator("crops")
    crops.draw(6, stream)
    place = torch.zeros_like(before)
    tape = Tape(lambda: place.copy_(crops(before)), {})
    for _ in range(3):
        crops.draw(6, stream)
        tape.replay()
        assert torch.equal(place, crops(before))


def test_applying_a_draw_stays_on_the_device():
    meta = torch.device("meta")
    crops, before = CropsAndFlips(2, meta), images(6).to(meta)
    for _ in range(2):
        crops.draw(6, generator("crops"))
    with Watch():
        assert crops(before).shape == (6, 2, 4, 5)
