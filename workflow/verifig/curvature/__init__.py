"""What the loss looks like around trained networks: Hessians and Gauss-Newton matrices, exact and matrix-free.

Automatic differentiation is torch.func's, the eigenvalues of large matrices are SciPy's (ARPACK). The package
curvlinops offers operators of the same kind; it was tried (3.0.1) and not taken: seven more packages, random numbers
from torch's global state, traces without their error, a Lanczos iteration that repeats eigenvalues it has found, and
losses of torch.nn alone.
"""
