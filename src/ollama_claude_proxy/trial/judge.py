"""What a model's calls are worth: the right tool, with the right arguments, or what is wrong.

Tolerant only where the meaning is the same:

* a shell command (`command`): white space around its words, and the style of its quotes;
* a path (`file_path`, `path`): `./`, doubled and closing slashes;
* a file's text (`content`): whether a line end closes it;
* `description` is free.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from ollama_claude_proxy.trial.edit import EDIT_ARGUMENTS, apply_edit
from ollama_claude_proxy.trial.job import EditResult, Expected, ExpectedCall, Step, Value
from ollama_claude_proxy.trial.shell_words import shell_words

_FREE = "description"
_PATHS = frozenset({"file_path", "path"})
_MAX_SHOWN = 80  # characters of a value in a fault


class FaultKind(StrEnum):
    """What is wrong with an answer."""

    NO_CALL = "no call"
    OTHER_TOOL = "other tool"
    MISSING = "missing argument"
    WRONG = "wrong argument"
    UNEXPECTED = "unexpected argument"
    REPEATED = "repeated call"
    NO_PROGRESS = "no progress"


class Call(Struct, frozen=True):
    """A call that a model made."""

    name: str
    arguments: Mapping[str, Any]


class Fault(Struct, frozen=True):
    """What is wrong, and why in words; `argument` is where, such as `todos[1].status`."""

    kind: FaultKind
    why: str
    argument: str = ""


def judge_calls(calls: Sequence[Call], step: Step) -> Fault | None:
    """Return what is wrong with the calls of one answer; None: it does the step."""
    if not calls:
        return Fault(FaultKind.NO_CALL, "it called no tool")
    for position, call in enumerate(calls):
        fault = judge_call(call, step)
        if fault is not None:
            return fault
        if call in calls[:position]:
            return Fault(FaultKind.REPEATED, f"{call.name} was called twice in the same way")
    return None


def judge_call(call: Call, step: Step) -> Fault | None:
    """Return what is wrong with one call; None: it is right.

    Where several calls would be right, the fault is that of the one that comes nearest.
    """
    candidates = [expected for expected in step.accept if expected.tool == call.name]
    if not candidates:
        names = " or ".join(dict.fromkeys(expected.tool for expected in step.accept))
        return Fault(FaultKind.OTHER_TOOL, f"it called {call.name}, not {names}")
    faults = [_faults(call.arguments, expected) for expected in candidates]
    nearest = min(faults, key=len)
    return nearest[0] if nearest else None


def _faults(arguments: Mapping[str, Any], expected: ExpectedCall) -> list[Fault]:
    free = {_FREE, *expected.extra, *(EDIT_ARGUMENTS if expected.edit else ())}
    faults = _edit_faults(arguments, expected.edit) if expected.edit else []
    faults += [
        Fault(FaultKind.MISSING, f"{name} is missing", name)
        for name in expected.arguments
        if name not in arguments and name != _FREE
    ]
    allowed = expected.optional | expected.arguments
    for name, value in arguments.items():
        if name in allowed:
            fault = _compare(value, allowed[name], name, name)
            faults += [fault] if fault else []
        elif name not in free:
            why = f"{name} should not be there, and is {_show(value)}"
            faults.append(Fault(FaultKind.UNEXPECTED, why, name))
    return faults


def _edit_faults(arguments: Mapping[str, Any], edit: EditResult) -> list[Fault]:
    result = apply_edit(edit.before, arguments)
    if isinstance(result, str):
        is_right = result.rstrip("\n") == edit.after.rstrip("\n")
        why = "the edit does not make the text that was asked for"
        return [] if is_right else [Fault(FaultKind.WRONG, why, "new_string")]
    kind = FaultKind.MISSING if result.argument not in arguments else FaultKind.WRONG
    return [Fault(kind, result.why, result.argument)]


def _compare(value: Any, expected: Value, name: str, place: str) -> Fault | None:
    """Return what is wrong with a value; `name` is the argument's, and `place` where it stands."""
    if not isinstance(expected, Expected):
        return _unless(_is_same(value, expected, name), value, _show(expected), place)
    if expected.items is not None:
        return _compare_items(value, expected.items, place)
    if expected.keys is not None:
        return _compare_keys(value, expected.keys, place)
    if _is_met(value, expected, name):
        return None
    return _unless(False, value, _wanted(expected), place)


def _is_met(value: Any, expected: Expected, name: str) -> bool:
    if expected.is_ is not UNSET:
        return _is_same(value, expected.is_, name)
    if expected.one_of is not None:
        return any(_is_same(value, one, name) for one in expected.one_of)
    if expected.matches is not None:
        text = _plain(value, name)
        return isinstance(text, str) and bool(re.fullmatch(expected.matches, text, re.DOTALL))
    if expected.json is not UNSET:
        return isinstance(value, str) and _means(value, expected.json)
    return expected.any


def _compare_items(value: Any, expected: Sequence[Value], place: str) -> Fault | None:
    if not isinstance(value, list):
        return _unless(False, value, "a list", place)
    if len(value) != len(expected):
        return _unless(False, value, f"a list of {len(expected)}", place)
    for position, (item, wanted) in enumerate(zip(value, expected, strict=True)):
        fault = _compare(item, wanted, "", f"{place}[{position}]")
        if fault is not None:
            return fault
    return None


def _compare_keys(value: Any, expected: Mapping[str, Value], place: str) -> Fault | None:
    if not isinstance(value, dict):
        return _unless(False, value, "an object", place)
    for name, wanted in expected.items():
        inner = f"{place}.{name}"
        if name not in value:
            return Fault(FaultKind.MISSING, f"{inner} is missing", inner)
        fault = _compare(value[name], wanted, name, inner)
        if fault is not None:
            return fault
    for name in value:
        if name not in expected:
            inner = f"{place}.{name}"
            return Fault(FaultKind.UNEXPECTED, f"{inner} should not be there", inner)
    return None


def _unless(is_right: bool, value: Any, wanted: str, place: str) -> Fault | None:
    if is_right:
        return None
    return Fault(FaultKind.WRONG, f"{place} is {_show(value)}, not {wanted}", place)


def _is_same(value: Any, wanted: Any, name: str) -> bool:
    """Whether two values mean the same; true is not 1."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if name == "command" and isinstance(value, str) and isinstance(wanted, str):
        words = shell_words(value)
        return words == shell_words(wanted) if words is not None else value == wanted
    if isinstance(value, list) and isinstance(wanted, list):
        pairs = zip(value, wanted, strict=False)
        return len(value) == len(wanted) and all(_is_same(one, two, "") for one, two in pairs)
    if isinstance(value, dict) and isinstance(wanted, dict):
        same_keys = value.keys() == wanted.keys()
        return same_keys and all(_is_same(value[key], wanted[key], "") for key in value)
    return bool(_plain(value, name) == _plain(wanted, name))


def _plain(value: Any, name: str) -> Any:
    """Return a value without what does not change its meaning."""
    if not isinstance(value, str):
        return value
    if name in _PATHS:
        return _plain_path(value)
    if name == "command":
        return value.strip()
    return value.removesuffix("\n") if name == "content" else value


def _plain_path(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def _means(text: str, wanted: Any) -> bool:
    try:
        return _is_same(msgspec.json.decode(text), wanted, "")
    except msgspec.DecodeError:
        return False


def _wanted(expected: Expected) -> str:
    if expected.one_of is not None:
        return " or ".join(map(_show, expected.one_of[:3]))
    if expected.matches is not None:
        return "what was asked for"
    if expected.json is not UNSET:
        return f"the JSON {_show(expected.json)}"
    return _show(expected.is_)


def _show(value: Any) -> str:
    """Return a value as JSON, shortened."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
