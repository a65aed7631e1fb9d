"""Commands that look at runs: `verifig watch` while they train, `verifig compare` when two are there, `verifig runs`."""

import argparse
from collections.abc import Callable

from verifig.running import arguments

WATCHED = """examples:
  python -m verifig watch prieto2025 delay53                   the job of make or snakemake, until it ends
  python -m verifig watch results/laptop                       all jobs of a scale
  python -m verifig watch /tmp/wd2 --once --plot curves.svg    a run of verifig run --out /tmp/wd2, as it is now
"""
COMPARED = """examples:
  python -m verifig compare /tmp/wd1 /tmp/wd2                  folders of verifig run --out
  python -m verifig compare results /tmp/wd2 --plot wd2.svg    the suite's own run in grey behind one of yours
"""


def register(add: Callable) -> None:
    """Add the commands; `add(name, function, help)` returns an argparse parser."""
    command = add("watch", _watch, "show losses and accuracies of jobs as they train, or of finished ones")
    _examples(command, WATCHED)
    command.add_argument("target", metavar="PATH|paper", help="a paper, a results folder or a file in one")
    command.add_argument("experiment", nargs="?", help="only this experiment")
    arguments.scale_option(command)
    arguments.results_option(command)
    command.add_argument("--once", action="store_true", help="show what there is now, do not follow")
    _fields(command)
    command.add_argument("--plot", type=arguments.figure, metavar="FILE.svg|png", help="draw the curves, at the end")
    command = add("compare", _compare, "what changed between two runs, with intervals; exit 1 if a verdict did")
    _examples(command, COMPARED)
    what = "results folder, or a verdicts.json"
    command.add_argument("before", type=arguments.path, help=what)
    command.add_argument("after", type=arguments.path, help=what)
    _fields(command)
    what = "draw the curves of both, those of the first in grey behind"
    command.add_argument("--plot", type=arguments.figure, metavar="FILE.svg|png", help=what)
    command = add("runs", _runs, "the runs below a folder: what was changed, what is finished, how much room they take")
    command.add_argument("folder", type=arguments.path, help="what verifig run was given as --out, or a folder of such")
    command.add_argument("--prune", action="store_true", help="remove them")


def _examples(command: argparse.ArgumentParser, text: str) -> None:
    command.formatter_class, command.epilog = argparse.RawDescriptionHelpFormatter, text


def _fields(command: argparse.ArgumentParser) -> None:
    what = "what to show, with commas between: test_loss,test_accuracy (default: losses, accuracies, errors)"
    command.add_argument("--fields", type=arguments.names, metavar="NAME,…", help=what)


def _watch(options: argparse.Namespace) -> int:
    from verifig.running import alone, watching

    alone.require_packages("judge")
    scale = arguments.checked_scale(options)
    return watching.watch(
        options.target, options.experiment, scale, options.results, options.once, options.fields, options.plot
    )


def _compare(options: argparse.Namespace) -> int:
    from verifig.pages import comparing

    return comparing.compare(options.before, options.after, options.plot, options.fields)


def _runs(options: argparse.Namespace) -> None:
    from verifig.running import alone, runs

    alone.require_packages("judge")
    runs.show(options.folder, options.prune)
