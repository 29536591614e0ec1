"""Replacing text in a file as the tool `Edit` does, without a file."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

EDIT_ARGUMENTS = ("old_string", "new_string", "replace_all")


class EditRefused(Struct, frozen=True):
    """Why an edit cannot be made, and the argument that is to blame."""

    argument: str
    why: str


def apply_edit(text: str, arguments: Mapping[str, Any]) -> str | EditRefused:
    """Return the text after the edit that the arguments of a call describe."""
    for name in EDIT_ARGUMENTS[:2]:
        if name not in arguments:
            return EditRefused(name, f"{name} is missing")
        if not isinstance(arguments[name], str):
            return EditRefused(name, f"{name} is not a text")
    old, new = arguments["old_string"], arguments["new_string"]
    replace_all = arguments.get("replace_all", False)
    if not isinstance(replace_all, bool):
        return EditRefused("replace_all", "replace_all is neither true nor false")
    count = text.count(old) if old else 0
    if not count:
        return EditRefused("old_string", "old_string is not in the file")
    if count > 1 and not replace_all:
        return EditRefused("old_string", f"old_string is in the file {count} times")
    return text.replace(old, new)
