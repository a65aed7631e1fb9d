"""What lies between the tensors of a flat one."""

from collections.abc import Iterable

import torch
from torch import Tensor


def gaps(flat: Tensor, views: Iterable[Tensor]) -> Tensor:
    """The columns [K, ...] of a flat tensor [K, P] that none of its views [K, *shape] holds."""
    between = torch.ones(flat.shape[1], dtype=torch.bool)
    for view in views:
        first, odd = divmod(view.data_ptr() - flat.data_ptr(), flat.element_size())
        assert not odd
        between[first : first + view[0].numel()] = False
    return flat[:, between]
