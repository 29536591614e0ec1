"""A call of an offered tool."""

from typing import Any

from msgspec import Struct


class Call(Struct, frozen=True):
    """A call as the client gets it.

    `name` as the client spells it. `repairs` say what was changed to make the input fit. `problem`
    says why it does not fit all the same; then `arguments` are what the model gave.
    """

    name: str
    arguments: dict[str, Any]
    repairs: tuple[str, ...] = ()
    problem: str = ""
