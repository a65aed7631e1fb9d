"""Entry of `python -m verifig`."""

import os

# one thread for numpy's matrix products too, as in a workflow's jobs: it must be said before numpy is loaded
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from verifig.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
