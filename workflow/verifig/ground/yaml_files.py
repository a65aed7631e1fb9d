"""Reading YAML: configuration, claims, schemas. Training reads none, so that it needs no such package."""

from pathlib import Path

import yaml

from verifig.ground.errors import InputError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same values, several times sooner where libyaml is there


def read_yaml(path: Path) -> dict:
    """Read a YAML mapping.

    Raises:
        InputError: the file is missing, is not YAML, or is not a mapping.
    """
    try:
        value = yaml.load(Path(path).read_text(encoding="utf-8"), LOADER)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} must hold a mapping of keys to values")
    return value
