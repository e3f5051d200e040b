"""Serves the page /docs: what the API can do, and a command for each call. In: the API's OpenAPI schema.

The page is made from what routes declare (https://spec.openapis.org/oas/v3.1.0), so it can't fall behind.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from digest.web.site import Site

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
get = partial(router.api_route, methods=["GET", "HEAD"])
TOKEN = "$DIGEST_TOKEN"  # noqa: S105 - the name of a variable of the shell
_KINDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
_METHODS = ("get", "post", "put", "patch", "delete")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """What a call takes. `place`: path, query or body; `description`: type, bounds and meaning, in words."""

    name: str
    place: str
    is_needed: bool
    description: str

    @property
    def traits(self) -> str:
        """Where it stands, and whether it must."""
        return f"{self.place}, needed" if self.is_needed else self.place


@dataclass(frozen=True, slots=True)
class Call:
    """A method of an address. `command` calls it by curl as it stands, but for the token."""

    method: str
    path: str
    paragraphs: tuple[str, ...]
    needs_token: bool
    values: tuple[Value, ...]
    command: str


@get("/docs")
def reference(request: Request, web: Site) -> Response:
    """Serve how each call of the API is made."""
    found = calls(request.app.openapi(), web.installation.site.base_url)
    return web.shared_page("docs.html", calls=found, schema=request.app.openapi_url)


def calls(schema: Schema, base_url: str) -> tuple[Call, ...]:
    """Return the calls that an OpenAPI schema names: those without a token first, then by address."""
    found = [
        _call(schema, method, path, operation, base_url)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if method in _METHODS
    ]
    return tuple(sorted(found, key=lambda call: (call.needs_token, call.path)))


def _call(schema: Schema, method: str, path: str, operation: Schema, base_url: str) -> Call:
    given = [*_parameters(schema, operation), *_fields(schema, operation)]
    needs_token = bool(operation.get("security"))
    sent: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}}
    for value, example in given:
        if value.is_needed or example is not None:
            sent[value.place][value.name] = example
    address = base_url + path
    for name, example in sent["path"].items():
        address = address.replace(f"{{{name}}}", quote(str(example), safe=""))
    if sent["query"]:
        address += "?" + urlencode(sent["query"])
    words = ["curl", address]
    if operation.get("requestBody", {}).get("required"):
        words += ["--json", json.dumps(sent["body"], ensure_ascii=False)]
    elif method != "get":
        words[1:1] = ["-X", method.upper()]
    command = shlex.join(words) + (f' -H "Authorization: Bearer {TOKEN}"' if needs_token else "")
    return Call(
        method=method.upper(),
        path=path,
        paragraphs=tuple(operation.get("description", "").split("\n\n")),
        needs_token=needs_token,
        values=tuple(value for value, _ in given),
        command=command,
    )


def _parameters(schema: Schema, operation: Schema) -> Iterator[tuple[Value, Any]]:
    """Yield what stands in the address, each with an example (None: an example leaves it out)."""
    for parameter in operation.get("parameters", ()):
        shape = _resolved(schema, parameter["schema"])
        yield _value(parameter["name"], parameter["in"], shape, needed=parameter.get("required", False))


def _fields(schema: Schema, operation: Schema) -> Iterator[tuple[Value, Any]]:
    """Yield what stands in the body, in the same form."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    shape = _resolved(schema, body["schema"]) if body else {}
    for name, field in shape.get("properties", {}).items():
        yield _value(name, "body", _resolved(schema, field), needed=name in shape.get("required", ()))


def _value(name: str, place: str, shape: Schema, *, needed: bool) -> tuple[Value, Any]:
    default = shape.get("default")
    words = _kind(shape)
    if default not in (None, "", []):
        words += f"; {json.dumps(default, ensure_ascii=False)} if left out"
    if meaning := shape.get("description"):
        words += f": {meaning}"
    value = Value(name, place, needed, words)
    examples = [*shape.get("examples", ()), *(shape.get("enum", ()) if needed else ())]
    return value, next(iter(examples), None)


def _resolved(schema: Schema, shape: Schema) -> Schema:
    """Follow a reference, and the one way of a value that may also be null; what stands beside it wins."""
    ways = [way for way in shape.get("anyOf", ()) if way.get("type") != "null"]
    if len(ways) == 1:
        return {**_resolved(schema, ways[0]), **shape}
    name = shape.get("$ref", "").rpartition("/")[2]
    return {**schema["components"]["schemas"][name], **shape} if name else shape


def _kind(shape: Schema) -> str:
    if "enum" in shape:
        return " or ".join(str(choice) for choice in shape["enum"])
    if shape.get("type") == "array":
        most = shape.get("maxItems")
        return "list of texts" + (f", at most {most:,}" if most else "")
    if shape.get("format") == "date":
        return "day, such as 2026-03-17"
    kind = _KINDS.get(shape.get("type", ""), "value")
    if "maximum" in shape:
        kind += f", {shape.get('minimum', 0):g} to {shape['maximum']:g}"
    if "maxLength" in shape:
        kind += f", at most {shape['maxLength']:,} characters"
    return kind
