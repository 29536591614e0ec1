"""Reads a client's JSON; errors are in the words of Anthropic's own API."""

import re
from typing import Any, TypeVar

import msgspec

from ollama_claude_proxy.errors import InvalidRequest

# A JavaScript client may cut a string inside an emoji and send one half of it, escaped.
_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


def decode_json(body: bytes) -> Any:
    """Return the JSON value of a request body; raises InvalidRequest for anything else."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        try:
            return msgspec.json.decode(_replace_broken_unicode(body))
        except msgspec.DecodeError:
            raise InvalidRequest(f"The request body is not valid JSON: {error}.") from None
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply.") from None


def _replace_broken_unicode(body: bytes) -> bytes:
    """Put U+FFFD where bytes are not UTF-8 and where half a surrogate pair stands alone."""
    text = body.decode("utf-8", "replace")
    return _LONE_SURROGATE.sub(r"\1\\ufffd", text).encode("utf-8", "replace")


_T = TypeVar("_T")


def convert(raw: dict[str, Any], to: type[_T], path: str) -> _T:
    """Return a JSON object as a struct; raises InvalidRequest, naming the `path`, if it is none."""
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_explain(str(error), path)) from None


_PATH = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_TYPE_NAMES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "list",
    "object": "dictionary",
}


def _explain(problem: str, path: str) -> str:
    """Translate msgspec's words into Anthropic's: `messages.0.content: Field required`."""
    located = _PATH.search(problem)
    inner = re.sub(r"\[(\d+)\]", r".\1", located[1]).strip(".") if located else ""
    reason = problem[: located.start()] if located else problem
    where = ".".join(part for part in (path, inner) if part)
    if missing := _MISSING.search(reason):
        where = ".".join(part for part in (where, missing[1]) if part)
        return f"{where}: Field required"
    if expected := _EXPECTED.search(reason):
        names = [_TYPE_NAMES.get(name, name) for name in expected[1].split(" | ") if name != "null"]
        reason = f"Input should be a valid {' or '.join(names)}"
    return f"{where}: {reason}" if where else reason
