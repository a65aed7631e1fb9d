"""Instruments called from a training loop: a plain one, Lightning's or that of transformers, none of which is imported."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from verifig.ground.errors import InputError

Instrument = Callable[..., float | Mapping[str, float]]


class Watch:
    """Calls instruments every so many steps and keeps what they say.

    In a loop of one's own:

        watch = Watch({"collapsed": lambda: collapsed_share(model(images))}, every=100)
        for step in range(steps):
            watch(step)
            ...

    In Lightning or transformers, as a callback of theirs, whose hooks it has; an instrument that takes an argument is
    given the model:

        class Watching(Watch, lightning.Callback): pass        # or transformers.TrainerCallback
        trainer = Trainer(callbacks=[Watching({"nc": lambda model: neural_collapse.measure(model, model.fc, loader)}, 100)])

    Args:
        instruments: by name, functions of nothing or of the model -> a number or numbers by name.
        every: steps between two calls; the first is at step 0 or at the first step that is heard of.
        path: a file that gets every row as a line of JSON at once, so that nothing is lost.

    Attributes:
        rows: what was measured, one mapping a call, with its `step`; `pandas.DataFrame(watch.rows)` is a table.
    """

    def __init__(self, instruments: Mapping[str, Instrument], every: int = 1, path: Path | str | None = None):
        super().__init__()  # of the callback that is mixed in
        if not instruments or every < 1:
            raise InputError("Watch needs at least one instrument and every at least 1")
        self.instruments, self.every, self.rows = dict(instruments), every, []
        self.path = None if path is None else Path(path)
        self._with_model = {name: bool(inspect.signature(f).parameters) for name, f in self.instruments.items()}

    def __call__(self, step: int, model: object = None) -> Mapping[str, float] | None:
        """Measure if it is time; the new row, or None."""
        if step % self.every or (self.rows and self.rows[-1]["step"] == step):
            return None
        row: dict[str, float] = {"step": step}
        for name, instrument in self.instruments.items():
            if self._with_model[name] and model is None:
                raise InputError(f"the instrument {name!r} takes the model: call watch(step, model)")
            found = instrument(model) if self._with_model[name] else instrument()
            several = isinstance(found, Mapping)
            row |= {f"{name} {part}": float(v) for part, v in found.items()} if several else {name: float(found)}
        self.rows.append(row)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        return row

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_index, *more) -> None:
        """Lightning's hook after a batch; steps are those of the optimizer."""
        self(trainer.global_step, module)

    def on_step_end(self, args, state, control, model=None, **more):
        """The hook of transformers after a step of the optimizer."""
        self(state.global_step, model)
        return control
