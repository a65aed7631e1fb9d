"""`verifig fit-scaling-law runs.csv`: fit L(N, D) to a table of one's own, and say what the table does not determine."""

import argparse
import math
import sys
import time
from collections.abc import Callable

import numpy as np

from verifig.running import arguments

COLUMNS = (
    "columns with parameters, training tokens and loss in nats (default: N,D,L; with --flops: N,L). A name may be an "
    "expression, for example '10**num_token' or 'log(ppl)'; backticks enclose names with blanks"
)
EPILOG = (
    "Sizes may be written 4.2B or 125m. Rows with an empty cell are left out, and counted. "
    "Example: verifig fit-scaling-law chinchilla.csv --columns 'Model Size,loss' --flops 'Training FLOP'"
)
LARGEST_POLICY = 10  # default budget, in units of the largest run
SPOKEN_SECONDS = 5
FEWEST_RESAMPLES = 20  # for an interval


def register(add) -> None:
    """Add this rule set's command to the command line; `add(name, function, help)` returns an argparse parser."""
    command = add(
        "fit-scaling-law", _fit, "fit L(N, D) = E + A/N^alpha + B/D^beta to a table of runs, with errors and a policy"
    )
    command.epilog = EPILOG
    command.add_argument(
        "file", type=arguments.path, help="CSV or TSV (also .gz) with a header; one row a training run"
    )
    command.add_argument("--columns", metavar="N,D,L", help=COLUMNS)
    command.add_argument("--flops", metavar="COLUMN", help="training compute C in FLOP in place of tokens: D = C / 6N")
    command.add_argument("--delta", type=float, default=1e-3, help="width of Huber's quadratic part (default: 1e-3)")
    command.add_argument("--drop-highest", type=int, default=0, metavar="K", help="leave out the K highest losses")
    command.add_argument("--bootstraps", type=int, default=1000, help="resamples for standard errors (default: 1000)")
    command.add_argument("--compute", type=float, action="append", metavar="FLOP", help="budget to spend (repeatable)")
    what = "loss of a further run of N parameters and D tokens, with its 95 %% prediction interval (repeatable)"
    command.add_argument("--predict", action="append", default=[], metavar="N,D", help=what)
    what = "how many runs like these give a coefficient a 95 %% interval of this width: alpha=0.02 (repeatable)"
    command.add_argument("--runs-for", action="append", default=[], metavar="NAME=WIDTH", help=what)
    command.add_argument("--plot", type=arguments.path, metavar="FILE.svg", help="draw runs, fit and policy")
    what = "write all that is said, with the figure, as one page"
    command.add_argument("--page", type=arguments.path, metavar="FILE.html", help=what)


def _fit(options: argparse.Namespace) -> None:
    from replications.scaling_laws.besiroglu2024.fitting import own
    from replications.scaling_laws.science import runs

    _check(options)
    points, widths = [_point(text) for text in options.predict], dict(_width(text) for text in options.runs_for)
    table, said = runs.read(options.file.expanduser(), options.columns, options.flops), []

    def say(line: str) -> None:
        print(line)
        said.append(line)

    for note in table.notes:
        say(note)
    with _Progress() as progress:
        found = own.fit_scaling_law(
            table, options.delta, options.drop_highest, options.bootstraps, on_progress=progress.advance
        )
    _tell_fit(found, say)
    _tell_policy(found, options.compute, say)
    _tell_next(found, points, widths, say)
    if options.plot is not None:
        from replications.scaling_laws.besiroglu2024.plotting.own_runs import own_fit
        from verifig.pages import figures

        figures.save(own_fit(found), options.plot.expanduser(), "runs, fitted law and optimal policy")
        print(f"wrote {options.plot}")
    if options.page is not None:
        from replications.scaling_laws.besiroglu2024.plotting.own_page import page
        from verifig.ground.files import write_text

        write_text(options.page.expanduser(), page(found, options.file.name, said))
        print(f"wrote {options.page}")


def _check(options: argparse.Namespace) -> None:
    from verifig.ground.errors import InputError

    if not (math.isfinite(options.delta) and options.delta > 0):
        raise InputError(f"--delta {options.delta:g} must be a number above 0")
    if options.bootstraps < 0 or options.drop_highest < 0:
        raise InputError("--bootstraps and --drop-highest must not be negative")
    if any(not (math.isfinite(compute) and compute > 0) for compute in options.compute or []):
        raise InputError("--compute must be a number above 0")
    if options.plot is not None and options.plot.suffix != ".svg":
        raise InputError(f"--plot {options.plot} must end in .svg")
    if (options.predict or options.runs_for) and options.bootstraps < FEWEST_RESAMPLES:
        raise InputError(f"--predict and --runs-for need --bootstraps of at least {FEWEST_RESAMPLES}")
    if options.page is not None and options.page.suffix != ".html":
        raise InputError(f"--page {options.page} must end in .html")


def _tell_fit(found, say: Callable[[str], None]) -> None:
    """Parameters with errors, the quality of the fit, and what the runs cover."""
    N, D = found.runs.N, found.runs.D
    say(f"L(N, D) = E + A/N^alpha + B/D^beta, fitted to {found.rows} runs, objective {found.objective:.6g}")
    lost = found.undetermined
    for name, value in found.coefficients.items():
        meaning = "   (optimal N grows as C^a)" if name == "a" else ""
        if name in lost:
            say(f"  {name:<6} not determined by these runs{meaning}")
            continue
        error = found.standard_errors[name]
        say(f"  {name:<6} {value:.6g}" + (f" ± {error:.3g}" if math.isfinite(error) else "") + meaning)
    worst = int(abs(found.residuals).argmax())
    say(
        f"residuals of ln L: spread {found.spread:.3g}, largest {found.residuals[worst]:+.3g} (line {found.runs.line[worst]}); "
        f"the law explains {found.explained:.1%} of the variation"
    )
    say(
        f"runs cover N {N.min():.3g} to {N.max():.3g}, D {D.min():.3g} to {D.max():.3g}, {(6 * N * D).min():.3g} to "
        f"{(6 * N * D).max():.3g} FLOP; correlation of ln N and ln D {found.correlation:.3f}, "
        f"condition of the Hessian {found.condition:.2g}"
    )


def _tell_policy(found, budgets: list[float] | None, say: Callable[[str], None]) -> None:
    """The optimal policy, or why there is none and the loss along the runs instead."""
    N, D = found.runs.N, found.runs.D
    compute = 6 * N * D
    if found.no_policy:
        say(f"no optimal policy: {found.no_policy}")
        say("what the runs do determine is the loss among them:")
        for k in (compute.argmin(), compute.argsort()[len(compute) // 2], compute.argmax()):
            say(f"  N {N[k]:.3g}, D {D[k]:.3g}: fitted loss {float(found.predict(N[k : k + 1], D[k : k + 1])[0]):.4g}")
        return
    for budget in budgets or [LARGEST_POLICY * float(compute.max())]:
        best_N, best_D = found.policy(budget)
        line = f"  {budget:.3g} FLOP: N {best_N:.3g}, D {best_D:.3g}, {best_D / best_N:.3g} tokens per parameter"
        if len(found.bootstrap) >= FEWEST_RESAMPLES:
            low, high = found.policy_interval(budget)
            line += f" (80 %: N {low[0]:.3g} to {high[0]:.3g}, D {low[1]:.3g} to {high[1]:.3g})"
        if not compute.min() <= budget <= compute.max():
            far = budget / compute.max() if budget > compute.max() else budget / compute.min()
            line += f"; extrapolated, {far:.3g} times the {'largest' if far > 1 else 'smallest'} run"
        say(line)


def _point(text: str) -> tuple[float, float]:
    """N and D of --predict, sizes as in tables: 7B,140B."""
    from replications.scaling_laws.science import runs
    from verifig.ground.errors import InputError

    sizes = [runs.size(part) for part in text.split(",")]
    if len(sizes) != 2 or not all(size is not None and size > 0 for size in sizes):
        raise InputError(f"--predict {text!r} must be two sizes, as in 7B,140B")
    return sizes[0], sizes[1]


def _width(text: str) -> tuple[str, float]:
    from verifig.ground.errors import InputError

    name, _, width = text.partition("=")
    try:
        return name, float(width)
    except ValueError:
        raise InputError(f"--runs-for {text!r} must be a coefficient and a width, as in alpha=0.02") from None


def _tell_next(found, points: list[tuple[float, float]], widths: dict[str, float], say: Callable[[str], None]) -> None:
    """Runs still to come: where they would lie, and how many are needed."""
    from replications.scaling_laws.besiroglu2024.fitting import prediction
    from verifig.ground.errors import InputError

    for N, D in points:
        (low,), (high,) = prediction.prediction_interval(found, N, D)
        (middle,) = found.predict(np.array([N]), np.array([D]))
        say(f"  a run of N {N:.3g}, D {D:.3g}: loss {middle:.4g}, 95 % between {low:.4g} and {high:.4g}")
    for name, width in widths.items():
        try:
            count = prediction.runs_needed(found, name, width)
        except InputError as error:
            say(f"  {name}: {error}")
            continue
        say(f"  {name}: a 95 % interval {width:g} wide takes about {count:,} runs like these {found.rows}")


class _Progress:
    """A bar on a terminal, elsewhere a line every few seconds; the time taken at the end of long work."""

    def __enter__(self):
        from rich.console import Console
        from rich.progress import Progress

        self._started = self._spoke = time.monotonic()
        self._bar = Progress(console=Console(stderr=True), transient=True) if sys.stderr.isatty() else None
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task("bootstrap", total=None)
        return self

    def advance(self, done: int, total: int) -> None:
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._spoke >= SPOKEN_SECONDS:
            self._spoke = time.monotonic()
            left = (self._spoke - self._started) / done * (total - done)
            print(f"bootstrap: {done:,} of {total:,} fits, {left:.0f} s left", file=sys.stderr, flush=True)

    def __exit__(self, *exception) -> None:
        if self._bar:
            self._bar.stop()
        taken = time.monotonic() - self._started
        if taken >= SPOKEN_SECONDS and exception[0] is None:
            print(f"fitted in {taken:.0f} s", file=sys.stderr)
