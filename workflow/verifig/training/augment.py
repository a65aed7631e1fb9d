"""Random crops and flips of images, as most papers train on CIFAR-10."""

import torch
from torch import Tensor
from torch.nn.functional import pad


class CropsAndFlips:
    """Horizontal flips with probability 1/2 and shifts by up to `padding` pixels, zeros moving in.

    `draw` draws for a batch, `__call__` applies what was drawn last: a captured step may only do the second.
    """

    def __init__(self, padding: int, device: torch.device):
        self.padding, self._device = padding, device
        self._drawn: dict[int, tuple[Tensor, Tensor]] = {}

    def draw(self, count: int, stream: torch.Generator) -> None:
        """Draw for the next `count` images from a CPU stream."""
        flip = torch.rand(count, generator=stream) < 0.5
        shifts = torch.randint(2 * self.padding + 1, (2, count, 1), generator=stream)
        if count not in self._drawn:
            self._drawn[count] = tuple(part.to(self._device) for part in (flip, shifts))
        for place, part in zip(self._drawn[count], (flip, shifts), strict=True):
            place.copy_(part)

    def __call__(self, images: Tensor) -> Tensor:
        """Images [n, channels, height, width], flipped and shifted."""
        flip, shifts = self._drawn[len(images)]
        images = torch.where(flip[:, None, None, None], images.flip(3), images)
        padded = pad(images, [self.padding] * 4)
        rows = shifts[0] + torch.arange(images.shape[2], device=images.device)
        columns = shifts[1] + torch.arange(images.shape[3], device=images.device)
        index = torch.arange(len(images), device=images.device)[:, None, None]
        return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
