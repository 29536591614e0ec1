"""A call as it was found in text, before it is known whether such a tool was offered."""

from typing import Any

from msgspec import Struct


class FoundCall(Struct, frozen=True):
    """The name of a tool and its arguments.

    `positional` are values without a name, as in `Read("/a")`. `flat`: the arguments stood beside
    the name in one JSON object, so they may be something else. `untyped`: the values are texts
    without a type, as between tags. `unclosed`: a tag that should close a value is missing, and
    `half`: nothing closes it, so it may be half a value. `only_in_marks`: without marks this form
    is no call, such as a name alone. An empty name is missing; an empty key is glued to the name.
    """

    name: str
    arguments: dict[str, Any]
    positional: tuple[Any, ...] = ()
    flat: bool = False
    untyped: bool = False
    unclosed: bool = False
    half: bool = False
    only_in_marks: bool = False


# The calls that were read at a position of a text, and the position where they end.
CallsAndEnd = tuple[list[FoundCall], int]
