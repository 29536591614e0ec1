"""Jobs for a model: what is asked, and which calls are right. They are written as JSON.

A set of jobs is one object:

    system  the instructions that go before each job
    jobs    a list of jobs

A job:

    name     a short name, unique in its set
    kind     what it exercises, one of a few words: read, edit, nested, ...
    prompt   what the user asks
    steps    what is to be called, in this order; most jobs have one step
    project  the made-up files and commands that answer the calls of a job of several steps:
             `files` (text by path) and `commands` (output by command)
    quick    true: it is one of the few for somebody in a hurry

A step has `accept`: the calls that are right, any of them. If one answer has several calls, each
must be one of those, and none may come twice. A call:

    tool       the tool's name
    arguments  what each argument must be
    optional   what an argument must be if it is there
    extra      the names of arguments that may have any value; `description` always may
    edit       for a tool that replaces text: the file's text `before` and `after`. Then
               `old_string`, `new_string` and `replace_all` are right if they make the one the other

What an argument must be is a text, number, boolean, null or list that it must equal, or an object
with one of these keys:

    is       the value that it must equal
    one_of   a list of values
    matches  a regular expression for the whole text; `.` matches line ends, too
    json     a text that means this JSON value, however it is laid out
    items    a list, with what each item must be
    keys     an object, with what each key's value must be; other keys are not allowed
    any      true: any value
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, field


class Expected(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an argument must be, where a plain value does not say it; one field is set."""

    is_: Any = field(default=UNSET, name="is")
    one_of: tuple[Any, ...] | None = None
    matches: str | None = None
    json: Any = UNSET
    items: "tuple[Value, ...] | None" = None
    keys: "dict[str, Value] | None" = None
    any: bool = False

    def __post_init__(self) -> None:
        values = [value is not UNSET for value in (self.is_, self.json)]
        rules = [rule is not None for rule in (self.one_of, self.matches, self.items, self.keys)]
        if sum((*values, *rules, self.any)) != 1:
            raise ValueError("exactly one of the keys of an expectation must be there")


Value = Expected | str | int | float | bool | list[Any] | None


class EditResult(Struct, frozen=True, forbid_unknown_fields=True):
    """A file's text before and after an edit."""

    before: str
    after: str


class ExpectedCall(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call that is right."""

    tool: str
    arguments: dict[str, Value] = {}
    optional: dict[str, Value] = {}
    extra: tuple[str, ...] = ()
    edit: EditResult | None = None


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """The calls any of which is right now."""

    accept: tuple[ExpectedCall, ...]


class MadeUpProject(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Files that are on no disk, and the output of commands that nothing runs."""

    files: dict[str, str] = {}
    commands: dict[str, str] = {}


class Job(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that a user asks, and the calls that do it."""

    name: str
    kind: str
    prompt: str
    steps: tuple[Step, ...]
    project: MadeUpProject = MadeUpProject()
    quick: bool = False


class JobSet(Struct, frozen=True, forbid_unknown_fields=True):
    """Jobs, and the instructions that go before each."""

    system: str
    jobs: tuple[Job, ...]


def read_jobs(content: bytes) -> JobSet:
    """Return the jobs that `content` describes in JSON.

    Raises msgspec.ValidationError with the place of what is wrong, or msgspec.DecodeError.
    """
    return msgspec.json.decode(content, type=JobSet)
