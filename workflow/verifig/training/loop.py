"""The training loop: steps, records at log points, checkpoints, progress, and smaller chunks when memory runs out."""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import torch

from verifig.training.run import Run
from verifig.training.steps import Steps
from verifig.training.trainable import Trainable


def train(
    run: Run,
    members: Sequence[Mapping],
    make: Callable[[list[Mapping]], Trainable],
    steps: int,
    log_at: Sequence[int],
    signature: Callable[[Mapping], Hashable] = lambda member: None,
    chunk: int = 1,
    name: str = "train",
) -> dict[str, np.ndarray]:
    """Train all members; returns the records as arrays [members, log points, ...] in the members' order.

    Members with equal `signature` (shapes and kinds of computation) are trained together, `chunk` at a time on a CPU
    (so that a chunk stays in the cache) and all at once on a GPU; running out of GPU memory halves the chunk and
    `chunk` among the run's facts records what was used. Records are taken after the named numbers of steps (0 = before
    the first) and finished chunks are kept in the checkpoint. Records of other shapes than the largest are padded with
    NaN.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, member in enumerate(members):
        groups.setdefault(signature(member), []).append(index)
    points = sorted({point for point in log_at if 0 <= point <= steps})
    total, done = len(members) * steps, 0
    parts: dict[int, dict[str, np.ndarray]] = {}
    run.progress(0, total, "member steps")
    for indices in groups.values():
        size = len(indices) if run.device.type == "cuda" else chunk
        start = 0
        while start < len(indices):
            part = indices[start : start + size]
            group = f"{name} {part[0]}-{len(part)}"
            try:
                records = _train_part(run, group, [members[i] for i in part], make, steps, points, done, total)
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                torch.cuda.empty_cache()
                size = max(1, size // 2)
                run.log(f"out of GPU memory: continuing with {size} members at a time")
                continue
            for row, index in enumerate(part):
                parts[index] = {field: values[row] for field, values in records.items()}
            done += len(part) * steps
            start += size
        run.facts["chunk"] = min(size, run.facts.get("chunk", size))
    run.facts["steps"] = run.facts.get("steps", 0) + total
    return {field: _stacked([parts[i][field] for i in range(len(members))]) for field in parts[0]}


def _train_part(run, group, members, make, steps, points, done_before, total) -> dict[str, np.ndarray]:
    """Train one chunk, or take it from the checkpoint."""
    if group in run.checkpoint:
        return run.checkpoint[group]
    program = make(members)
    current = f"{group} in progress"
    records: list[dict[str, np.ndarray]] = []
    first = 0
    if current in run.checkpoint:
        stored = run.checkpoint[current]
        first = program.taken = int(stored["step"])
        program.load(stored)
        taken = sum(point <= first for point in points)
        fields = [field.removeprefix("record ") for field in stored if field.startswith("record ")]
        records = [{field: stored[f"record {field}"][:, k] for field in fields} for k in range(taken)]
    elif points and points[0] == 0:
        records.append(_record(program))
        run.recorded(members, 0, records[-1])
    taker = Steps(program, run.device, run.log)
    for step in range(first + 1, steps + 1):
        taker.take(step - 1)
        if len(records) < len(points) and step == points[len(records)]:
            records.append(_record(program))
            run.recorded(members, step, records[-1])
        run.progress(done_before + step * len(members), total, "member steps")
        if run.due:
            partial = {f"record {field}": values for field, values in _stack(records).items()}
            run.checkpoint.keep(current, program.state() | partial | {"step": np.array(step)})
            run.save()
    if run.device.type == "cuda":
        run.facts["captured"] = taker.captured and run.facts.get("captured", True)
    run.checkpoint.drop(current)
    run.checkpoint.keep(group, _stack(records))
    return run.checkpoint[group]


def _record(program: Trainable) -> dict[str, np.ndarray]:
    return {field: value.cpu().numpy().copy() for field, value in program.record().items()}


def _stack(records: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    if not records:
        return {}
    return {field: np.stack([record[field] for record in records], axis=1) for field in records[0]}


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    """Records of members as one array, the smaller ones padded with NaN at the end of each axis."""
    shape = np.max([row.shape for row in rows], axis=0)
    if all(row.shape == tuple(shape) for row in rows):
        return np.stack(rows)
    result = np.full((len(rows), *shape), np.nan)
    for target, row in zip(result, rows, strict=True):
        target[tuple(map(slice, row.shape))] = row
    return result


def log_points(steps: int, every: int) -> list[int]:
    """0, every, 2 every, ... and the last step."""
    return sorted({*range(0, steps + 1, every), steps})
