"""A call as it was found in text, before it is known whether such a tool was offered."""

from typing import Any

from msgspec import Struct


class FoundCall(Struct, frozen=True):
    """The name of a tool and its arguments.

    `positional` are values without a name, as in `Read("/a")`. `flat`: the arguments stood beside
    the name in one JSON object, so they may be something else. `untyped`: the values are texts
    without a type, as between tags. `unclosed`: a tag that should close a value is missing.
    """

    name: str
    arguments: dict[str, Any]
    positional: tuple[Any, ...] = ()
    flat: bool = False
    untyped: bool = False
    unclosed: bool = False


# The calls that were read at a position of a text, and the position where they end.
CallsAndEnd = tuple[list[FoundCall], int]
