"""JSON-schema checks that end in one sentence naming the key and the value."""

from collections.abc import Mapping
from typing import Any

from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean


def validate(value: Any, schema: Mapping, what: str) -> None:
    """Check `value` against a JSON schema (draft 2020-12); an `enum` may give a `reason` for refusing other values.

    Raises:
        InputError: the first violation, as one sentence that starts with `what`.
    """
    try:
        import jsonschema
    except ImportError:  # a bare GPU machine: settings were checked where the job was made, names are checked anyway
        return
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        raise InputError(f"{what}: {_sentence(error)}")


def _sentence(error) -> str:
    """One sentence for a jsonschema error: the path of the key, then what is wrong with it."""
    path = ".".join(str(part) for part in error.absolute_path)
    prefix = f"{path} " if path else ""
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known), key=str)
        name = f"{prefix.strip() + '.' if path else ''}{unknown[0]!s}"
        return f"unknown key {name}{did_you_mean(unknown[0], known)} (known: {', '.join(known)})"
    shown = "null" if error.instance is None else repr(error.instance)
    if len(shown) > 80:
        shown = shown[:77] + "..."
    match error.validator:
        case "type":
            kinds = error.validator_value
            kinds = kinds if isinstance(kinds, str) else " or ".join(kinds)
            hint = " (YAML reads 1e-3 as text: write 1.0e-3)" if _is_exponent(error.instance) else ""
            return f"{prefix}= {shown} must be of type {kinds}{hint}"
        case "enum":
            reason = f": {error.schema['reason']}" if "reason" in error.schema else ""
            return f"{prefix}= {shown} must be one of {', '.join(map(str, error.validator_value))}{reason}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            sign = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
            return f"{prefix}= {shown} must be {sign[error.validator]} {error.validator_value}"
        case "required":
            return f"{prefix}{error.message}"
    return f"{prefix}= {shown} is not allowed: {' '.join(error.message.split())[:200]}"


def _is_exponent(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return "e" in value.lower()
