"""Images with the channels last in memory, where convolutions are faster so."""

import pytest
import torch
from torch import nn

from verifig.training.channels import channels_last


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 1))


def layouts(device: str) -> list[bool]:
    """Whether the input of each convolution has its channels last."""
    model, seen = channels_last(network().to(device)), []
    for module in model:
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(
                lambda module, given: seen.append(given[0].is_contiguous(memory_format=torch.channels_last))
            )
    model(torch.zeros(2, 3, 8, 8, device=device))
    return seen


@pytest.mark.parametrize(
    ("tf32", "device", "expected"), [(True, "meta", True), (False, "meta", False), (True, "cpu", False)]
)
def test_it_is_so_on_a_gpu_with_tf32_and_nowhere_else(monkeypatch, tf32, device, expected):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", tf32)
    assert layouts(device)[0] == expected


def test_parameters_keep_their_names_and_outputs_their_values():
    torch.manual_seed(0)
    plain = network()
    laid = channels_last(network())
    laid.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(laid(images), plain(images), rtol=0, atol=0)
