"""Seeds that derive from names, so that no run depends on the order of execution or on another run."""

import hashlib


def derive(*names: object) -> int:
    """A 63-bit seed from names, for example `derive("grokking", "split", 53, seed)`.

    Two streams with the same names are the same draw: leave the condition out of the names to pair conditions.
    """
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
