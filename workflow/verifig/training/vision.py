"""torchvision, imported so that it loads beside every build of torch."""

from types import ModuleType


def torchvision() -> ModuleType:
    """torchvision, also beside a CPU build of torch.

    The wheel on the index has its operators compiled for CUDA. Beside a CPU build the import fails because the
    detection operators (unused here) have no schema; declaring the two schemas lets everything else load.
    """
    import torch

    try:
        import torchvision
    except RuntimeError:
        schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        for operator in ("nms", "qnms"):
            torch.library.define(f"torchvision::{operator}", schema)
        import torchvision
    return torchvision
