"""The key of a job."""

import hashlib
import json
from collections.abc import Mapping


def key(job: Mapping) -> str:
    """sha256 of a job in canonical JSON: equal for equal contents, whatever their order."""
    return hashlib.sha256(json.dumps(job, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
