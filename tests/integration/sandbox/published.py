"""What GitHub publishes of its APIs, as `make test` installed it."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from graphql import GraphQLSchema, build_schema
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

PACKAGES = Path(sys.prefix) / "judges" / "node_modules" / "@octokit"
_OPENAPI = PACKAGES / "openapi" / "generated" / "api.github.com.json"
_NAME = "urn:github"
_SCHEMA = PACKAGES / "graphql-schema" / "schema.graphql"
installed = pytest.mark.skipif(
    not (_OPENAPI.exists() and _SCHEMA.exists()), reason="GitHub's published schemas are not installed"
)


@cache
def graphql_schema() -> GraphQLSchema:
    """GitHub's GraphQL schema."""
    return build_schema(_SCHEMA.read_text(), assume_valid=True, assume_valid_sdl=True)


@cache
def _openapi() -> tuple[Any, Registry[Any]]:
    document = orjson.loads(_OPENAPI.read_bytes())
    _let_null_be(document)
    return document, Registry().with_resource(_NAME, DRAFT4.create_resource(document))


def _let_null_be(schema: Any) -> None:
    """GitHub says "nullable" of an enumeration and leaves null out of it; its answers have null."""
    for one in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(one, dict | list):
            _let_null_be(one)
    if isinstance(schema, dict) and schema.get("nullable") is True and None not in schema.get("enum", [None]):
        schema["enum"].append(None)


def complaints(method: str, path: str, status: int, body: Any) -> list[str]:
    """What GitHub's OpenAPI document has against an answer.

    Raises:
        AssertionError: it knows no such path or status.
    """
    document, registry = _openapi()
    template = _template(document, path)
    answers = document["paths"][template][method.lower()]["responses"]
    assert str(status) in answers, f"{template} never answers {status}"
    place = ["paths", template, method.lower(), "responses", str(status)]
    if "$ref" in answers[str(status)]:
        place = ["components", "responses", answers[str(status)]["$ref"].rpartition("/")[2]]
    place += ["content", "application/json", "schema"]
    pointer = "/".join(quote(one.replace("~", "~0").replace("/", "~1")) for one in place)
    validator = OAS30Validator({"$ref": f"{_NAME}#/{pointer}"}, registry=registry)
    return [f"{template} {one.json_path}: {one.message[:200]}" for one in validator.iter_errors(body)]


def _template(document: Any, path: str) -> str:
    parts = path.strip("/").split("/")
    found = [one for one in document["paths"] if _fits(one.strip("/").split("/"), parts)]
    # A word beats a parameter: /issues/comments is not an issue's number.
    assert found, f"GitHub has no path {path}"
    return min(found, key=lambda one: one.count("{"))


def _fits(template: list[str], parts: list[str]) -> bool:
    if len(template) != len(parts):
        return False
    return all(re.fullmatch(r"\{.*\}", one) or one == part for one, part in zip(template, parts, strict=True))
