"""The calls of files: those of Claude Code, and those of Anthropic's text editor."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Action = Literal["read", "write", "edit", "other"]


class Edit(Struct, frozen=True):
    """What is replaced by what: one place, or all of them."""

    old: str
    new: str
    replace_all: bool = False


class FileCall(Struct, frozen=True):
    """A call that reads or changes the file at `path`, which stands in the argument `path_key`.

    `edits` are those of an edit, `content` is the text of a write. `is_part` tells that a read
    asked for some lines only. An `other` action changes the file in a way that is not followed.
    """

    action: Action
    path_key: str
    path: str
    edits: tuple[Edit, ...] = ()
    content: str = ""
    is_part: bool = False


_EDITOR_ACTIONS: Mapping[str, Action] = {
    "view": "read",
    "create": "write",
    "str_replace": "edit",
    "insert": "other",
    "undo_edit": "other",
}
_EDITORS = frozenset({"str_replace_based_edit_tool", "str_replace_editor"})
_ACTIONS: Mapping[str, Action] = {
    "Read": "read",
    "Write": "write",
    "Edit": "edit",
    "MultiEdit": "edit",
    "NotebookEdit": "other",
}


def file_call(name: str, arguments: Mapping[str, Any]) -> FileCall | None:
    """Return what a call does to a file; None if it does nothing to one, or in an unknown form."""
    if name in _EDITORS:
        action = _EDITOR_ACTIONS.get(str(arguments.get("command")))
        path_key = "path"
    else:
        action = _ACTIONS.get(name)
        path_key = "notebook_path" if name == "NotebookEdit" else "file_path"
    path = arguments.get(path_key)
    if action is None or not isinstance(path, str) or not path:
        return None
    edits = _edits(name, arguments) if action == "edit" else ()
    if edits is None:
        return None
    content = arguments.get("content", arguments.get("file_text"))
    if action == "write" and not isinstance(content, str):
        return None
    return FileCall(
        action,
        path_key,
        path,
        edits,
        content if isinstance(content, str) else "",
        is_part=any(arguments.get(key) for key in ("offset", "limit", "view_range")),
    )


def with_edits(name: str, arguments: dict[str, Any], edits: tuple[Edit, ...]) -> dict[str, Any]:
    """Return the arguments of an edit with other edits in them, as many as before."""
    if name == "MultiEdit":
        pairs = zip(arguments["edits"], edits, strict=True)
        changed = [
            raw | {"old_string": edit.old, "new_string": edit.new} if edit.old != edit.new else raw
            for raw, edit in pairs
        ]
        return arguments | {"edits": changed}
    old_key, new_key = ("old_str", "new_str") if name in _EDITORS else ("old_string", "new_string")
    (edit,) = edits
    return arguments | {old_key: edit.old, new_key: edit.new}


def _edits(name: str, arguments: Mapping[str, Any]) -> tuple[Edit, ...] | None:
    if name == "MultiEdit":
        raw_edits = arguments.get("edits")
        if not isinstance(raw_edits, list) or not raw_edits:
            return None
        edits = [_edit(raw, "old_string", "new_string") for raw in raw_edits]
    elif name in _EDITORS:
        edits = [_edit({"new_str": ""} | dict(arguments), "old_str", "new_str")]
    else:
        edits = [_edit(arguments, "old_string", "new_string")]
    known = tuple(edit for edit in edits if edit is not None)
    return known if len(known) == len(edits) else None


def _edit(raw: Any, old_key: str, new_key: str) -> Edit | None:
    if not isinstance(raw, Mapping):
        return None
    old, new = raw.get(old_key), raw.get(new_key)
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    return Edit(old, new, raw.get("replace_all") is True)
