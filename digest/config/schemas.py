"""Says how settings are checked, in the words of pydantic's core: texts, secrets, folders, our own checks."""

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic_core import CoreSchema, core_schema

from digest.config.secret import Secret

TEXT = core_schema.str_schema()
ADDRESS_OR_NONE = core_schema.str_schema(pattern=r"^([^\s@<>,?]+@[^\s@<>,?]+)?$")
FOLDER = core_schema.no_info_plain_validator_function(Path)
FOLDER_OR_NONE = core_schema.nullable_schema(FOLDER)


def checked(check: Callable[[Any], Any], schema: CoreSchema) -> CoreSchema:
    """Return the schema of values that a function checks and returns, after `schema` did."""
    return core_schema.no_info_after_validator_function(check, schema)


def beside(check: Callable[[Any, Mapping[str, Any]], Any], schema: CoreSchema) -> CoreSchema:
    """Return the same for a function that also sees the settings above this one, by their names."""
    return core_schema.with_info_after_validator_function(lambda value, info: check(value, info.data), schema)


def secret(schema: CoreSchema = TEXT) -> CoreSchema:
    """Return the schema of texts that are kept from sight, after `schema` has seen them."""
    return checked(Secret, schema)


def setting(schema: CoreSchema, default: Any, description: str) -> Any:
    """Return a field of `Settings`. `schema`: how it is checked; `default`: what it is where nobody says it,
    or a function that says so; `description`: a line on it."""
    made = {"default_factory" if callable(default) else "default": default}
    known = core_schema.with_default_schema(schema, **made, validate_default=True)
    return field(metadata={"schema": known, "description": description})
