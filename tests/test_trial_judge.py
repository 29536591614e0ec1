"""Judging calls: right name and right arguments, tolerant only where the meaning is the same."""

import shlex
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.trial.job import Expected, ExpectedCall, Step, read_jobs
from ollama_claude_proxy.trial.judge import Call, Fault, FaultKind, judge_calls
from ollama_claude_proxy.trial.shell_words import shell_words

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def judge(call: Call, *accepted: dict[str, Any]) -> Fault | None:
    return judge_calls([call], step(*accepted))


def step(*accepted: dict[str, Any]) -> Step:
    return msgspec.convert({"accept": accepted}, Step)


def bash(command: str) -> Call:
    return Call("Bash", {"command": command})


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("  pytest -q\n", "pytest -q"),
        ("pytest   -q", "pytest -q"),
        ("git commit -m 'Fix it'", 'git commit -m "Fix it"'),
        ("grep a\\ b x", "grep 'a b' x"),
        ("cd app&&ls", "cd app && ls"),
        ('echo "it\'s"', "echo 'it'\"'\"'s'"),
        ("make \\\n  all", "make all"),
        ('printf "a\\nb"', "printf 'a\\nb'"),
    ],
)
def test_commands_that_mean_the_same_are_right(written: str, wanted: str) -> None:
    assert judge(bash(written), {"tool": "Bash", "arguments": {"command": wanted}}) is None


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("pytest", "pytest -q"),
        ("echo '$HOME'", 'echo "$HOME"'),
        ("ls *.py", "ls '*.py'"),
        ("ls ~", "ls '~'"),
        ("a & & b", "a && b"),
        ("a || b", "a | b"),
        ("echo 'x", "echo x"),
        ("echo ab", "echo 'a b'"),
        ("echo ''", "echo"),
    ],
)
def test_commands_that_mean_something_else_are_wrong(written: str, wanted: str) -> None:
    fault = judge(bash(written), {"tool": "Bash", "arguments": {"command": wanted}})
    assert fault is not None
    assert (fault.kind, fault.argument) == (FaultKind.WRONG, "command")


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_quoted_words_are_read_as_the_shell_reads_them(words: list[str]) -> None:
    quoted = " ".join(shlex.quote(word) for word in ["run", *words])
    assert shell_words(quoted) == ["run", *words]


@given(st.text())
def test_any_command_can_be_split(command: str) -> None:
    words = shell_words(command)
    assert words is None or "".join(words) == "" or words


@pytest.mark.parametrize("path", ["src/a.py", "./src/a.py", "src//a.py", "src/./a.py"])
def test_a_path_may_have_dots_and_doubled_slashes(path: str) -> None:
    expected = {"tool": "Read", "arguments": {"file_path": "src/a.py"}}
    assert judge(Call("Read", {"file_path": path}), expected) is None


@pytest.mark.parametrize("path", ["/src/a.py", "src/../a.py", "src/A.py", ""])
def test_another_path_is_wrong(path: str) -> None:
    expected = {"tool": "Read", "arguments": {"file_path": "src/a.py"}}
    assert judge(Call("Read", {"file_path": path}), expected) is not None


def test_a_line_end_may_close_a_files_text_but_no_other_text() -> None:
    write = {"tool": "Write", "arguments": {"content": "a"}}
    edit = {"tool": "Edit", "arguments": {"old_string": "a"}}
    assert judge(Call("Write", {"content": "a\n"}), write) is None
    assert judge(Call("Write", {"content": "a\n\n"}), write) is not None
    assert judge(Call("Edit", {"old_string": "a\n"}), edit) is not None


@pytest.mark.parametrize(
    ("arguments", "kind", "argument"),
    [
        ({}, FaultKind.MISSING, "todos"),
        ({"todos": "a"}, FaultKind.WRONG, "todos"),
        ({"todos": []}, FaultKind.WRONG, "todos"),
        ({"todos": [{"content": "a"}]}, FaultKind.MISSING, "todos[0].status"),
        ({"todos": [{"content": "a", "status": 1}]}, FaultKind.WRONG, "todos[0].status"),
        (
            {"todos": [{"content": "a", "status": "done", "more": 1}]},
            FaultKind.UNEXPECTED,
            "todos[0].more",
        ),
        (
            {"todos": [{"content": "a", "status": "done"}], "x": 1},
            FaultKind.UNEXPECTED,
            "x",
        ),
    ],
)
def test_the_fault_names_the_place(
    arguments: dict[str, Any], kind: FaultKind, argument: str
) -> None:
    todo = {"keys": {"content": "a", "status": {"one_of": ["pending", "done"]}}}
    expected = {"tool": "TodoWrite", "arguments": {"todos": {"items": [todo]}}}
    fault = judge(Call("TodoWrite", arguments), expected)
    assert fault is not None
    assert (fault.kind, fault.argument) == (kind, argument)
    assert argument in fault.why


def test_no_call_another_tool_and_a_repeated_call_are_faults() -> None:
    read = step({"tool": "Read", "arguments": {"file_path": {"any": True}}})
    one, two = (Call("Read", {"file_path": path}) for path in ("a", "b"))
    faults = [judge_calls(calls, read) for calls in ([], [bash("ls")], [one, one], [one, two])]
    assert [fault and fault.kind for fault in faults] == [
        FaultKind.NO_CALL,
        FaultKind.OTHER_TOOL,
        FaultKind.REPEATED,
        None,
    ]


def test_the_nearest_of_several_right_calls_is_the_one_that_is_explained() -> None:
    fault = judge(
        Call("Grep", {"pattern": "x", "path": "lib"}),
        {"tool": "Grep", "arguments": {"pattern": "y", "path": "src", "glob": "*"}},
        {"tool": "Grep", "arguments": {"pattern": "x", "path": "src"}},
    )
    assert fault == Fault(FaultKind.WRONG, 'path is "lib", not "src"', "path")


def test_optional_extra_and_description_are_free_within_their_rules() -> None:
    expected = {
        "tool": "Read",
        "arguments": {"file_path": "/a"},
        "optional": {"limit": {"one_of": [2000]}},
        "extra": ["note"],
    }
    right: dict[str, Any] = {"file_path": "/a", "note": 1, "description": "reads it"}
    assert judge(Call("Read", right), expected) is None
    assert judge(Call("Read", right | {"limit": 2000}), expected) is None
    assert judge(Call("Read", right | {"limit": 5}), expected) is not None


@pytest.mark.parametrize(
    "text", ['{"b":[1,true],"a":"x"}', '{\n  "a": "x",\n  "b": [1, true]\n}\n']
)
def test_json_in_a_text_may_be_laid_out_in_any_way(text: str) -> None:
    expected = {"tool": "Write", "arguments": {"content": {"json": {"a": "x", "b": [1, True]}}}}
    assert judge(Call("Write", {"content": text}), expected) is None
    assert judge(Call("Write", {"content": text.replace("true", "1")}), expected) is not None
    assert judge(Call("Write", {"content": text[:-2]}), expected) is not None


@given(JSON_VALUES)
def test_a_value_is_right_if_it_is_the_one(value: Any) -> None:
    expected = ExpectedCall("Do", {"x": Expected(is_=value)})
    assert judge_calls([Call("Do", {"x": value})], Step((expected,))) is None
    assert judge_calls([Call("Do", {"x": [value]})], Step((expected,))) is not None


@given(JSON_VALUES)
def test_any_arguments_can_be_judged(value: Any) -> None:
    arguments = dict.fromkeys(("command", "file_path", "content", "todos", "n"), value)
    wanted: dict[str, Any] = {
        "command": "ls",
        "file_path": {"matches": "/a.*"},
        "content": {"json": 1},
        "todos": {"items": [{"keys": {"a": 1}}]},
        "n": {"one_of": [1, True]},
    }
    assert judge(Call("Do", arguments), {"tool": "Do", "arguments": wanted}) is not None


def test_true_is_not_one() -> None:
    expected = {"tool": "Do", "arguments": {"n": 1}}
    assert judge(Call("Do", {"n": 1.0}), expected) is None
    assert judge(Call("Do", {"n": True}), expected) is not None
    assert judge(Call("Do", {"n": "1"}), expected) is not None


@pytest.mark.parametrize(
    "expectation", [{}, {"any": True, "is": 1}, {"one_of": [1], "matches": "1"}, {"equals": 1}]
)
def test_an_expectation_that_says_nothing_or_two_things_is_refused(expectation: object) -> None:
    job = {
        "name": "a",
        "kind": "read",
        "prompt": "?",
        "steps": [{"accept": [{"tool": "Read", "arguments": {"n": expectation}}]}],
    }
    with pytest.raises(msgspec.ValidationError):
        read_jobs(msgspec.json.encode({"system": "", "jobs": [job]}))
