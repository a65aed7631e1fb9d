"""`verifig held-out-error checkpoints.csv`: how well small models of a family of one's own predict its largest (Choshen et al. 2025)."""

import argparse

from verifig.running import arguments

EPILOG = (
    "Sizes may be written 4.2B or 125m; rows with an empty cell are left out, and counted. The error is that on the last 30 % of "
    "the largest model's training. Example: verifig held-out-error checkpoints.csv --columns 'name,params,tokens,loss'"
)


def register(add) -> None:
    """Add this paper's command to the command line; `add(name, function, help)` returns an argparse parser."""
    what = "predict the largest model of a family from its smaller ones, and say how far off that is"
    command = add("held-out-error", _predict, what)
    command.epilog = EPILOG
    what = "CSV or TSV (also .gz) with a header; one row a checkpoint"
    command.add_argument("file", type=arguments.path, help=what)
    what = "columns with model, parameters, tokens and loss (default: model,N,D,L)"
    command.add_argument("--columns", default="model,N,D,L", metavar="MODEL,N,D,L", help=what)
    command.add_argument("--target", metavar="MODEL", help="the model to predict (default: the largest)")
    what = "leave out checkpoints with at most so many tokens, as 10B (the paper's choice for its tables)"
    command.add_argument("--after", default="0", metavar="TOKENS", help=what)


def _predict(options: argparse.Namespace) -> None:
    from replications.scaling_laws.choshen2025 import rules
    from replications.scaling_laws.science import runs
    from verifig.ground.errors import InputError

    cut = runs.size(options.after)
    if cut is None or cut < 0:
        raise InputError(f"--after {options.after!r} must be a number of tokens, as in 10B")
    family = runs.read_family(options.file.expanduser(), options.columns)
    for note in family.attrs["notes"]:
        print(note)
    models = rules.sizes(family)
    target = models[-1] if options.target is None else options.target
    if target not in models:
        raise InputError(f"no model {target!r}; the table has {', '.join(models)}")
    smaller = models[: models.index(target)]
    if not smaller:
        raise InputError(f"{target} is the smallest model: there is none to predict it from")
    print(f"error on the last 30 % of the training of {target}, predicted from its smaller models:")
    for count in range(1, len(smaller) + 1):
        chosen = smaller[:count]
        law = rules.extrapolate(family, chosen, target, cut=cut) if count > 1 else float("nan")
        lowest, held_out = rules.select(family, chosen, cut=cut)["L"].min(), rules.held_out(family, target)["L"]
        best = float((held_out - lowest).abs().div(held_out).mean())
        fitted = f"law {law:.2%}" if law == law else "law: too few models or rows"
        print(f"  {count} model{'s' * (count > 1)} up to {chosen[-1]}: {fitted}, lowest loss seen {best:.2%}")
