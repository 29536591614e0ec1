"""A call as the client gets it."""

from typing import Any

from msgspec import Struct


class ResolvedCall(Struct, frozen=True):
    """A call as the client gets it.

    `name` is spelled as the client spells it. `repairs` say what was changed to make the arguments
    fit. `problem` says why they still do not fit; `arguments` are then what the model wrote.
    `is_unknown`: the client offered no tool of this name.
    `edit_repaired`: an edit or a path was changed to what is in the files. `mismatch` says why an
    edit would fail in the client, and `shown` is what the model must see to write it again.
    """

    name: str
    arguments: dict[str, Any]
    repairs: tuple[str, ...] = ()
    problem: str = ""
    is_unknown: bool = False
    edit_repaired: bool = False
    mismatch: str = ""
    shown: str = ""
