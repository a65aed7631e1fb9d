"""The revision of this checkout, as git knows it."""

import subprocess

from verifig.ground.paths import ROOT

MADE = (":!replications/*/*/recorded", ":!reports", ":!README.md")  # written from results, not what makes them


def commit() -> str | None:
    """The commit that is checked out, with " and changes" where a tracked file differs from it; None without git."""
    head = _git("rev-parse", "HEAD")
    if head is None:
        return None
    return f"{head} and changes" if _git("status", "--porcelain", "--untracked-files=no", "--", ".", *MADE) else head


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()
