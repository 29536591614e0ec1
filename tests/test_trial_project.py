"""The made-up project of `ocp try`: its tools answer like a client's, from memory."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.trial.job import MadeUpProject
from ollama_claude_proxy.trial.judge import Call
from ollama_claude_proxy.trial.project import SimulatedProject
from ollama_claude_proxy.trial.standard_jobs import standard_tools

FILES = {"/p/src/a.py": "one\ntwo\nthree\ntwo\n", "/p/docs/b.md": "# Two\n"}
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())
NAMES = {tool["name"]: list(tool["input_schema"]["properties"]) for tool in standard_tools()} | {
    "Nothing": ["x"]
}


def project() -> SimulatedProject:
    return SimulatedProject(MadeUpProject(FILES, {"make all": "built"}))


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("Read", {"file_path": "/p/docs/b.md"}, "     1→# Two"),
        ("Read", {"file_path": "/p/src/a.py", "offset": 2, "limit": 1}, "     2→two"),
        ("Glob", {"pattern": "**/*.py"}, "/p/src/a.py"),
        ("Glob", {"pattern": "*.md", "path": "/p/docs/"}, "/p/docs/b.md"),
        ("Glob", {"pattern": "*.md", "path": "/p/src"}, "No files found"),
        ("Grep", {"pattern": "^t", "path": "/p/src"}, "/p/src/a.py:2:two\n/p/src/a.py:3:three\n"),
        ("Grep", {"pattern": "two", "path": "docs", "-i": True}, "/p/docs/b.md:1:# Two"),
        ("Grep", {"pattern": "nine"}, "No matches found"),
        ("Bash", {"command": "make  'all'"}, "built"),
    ],
)
def test_a_call_is_answered(name: str, arguments: dict[str, Any], text: str) -> None:
    result = project().run(Call(name, arguments))
    assert (result.text.startswith(text), result.is_error) == (True, False)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Read", {"file_path": "/p/c"}),
        ("Read", {}),
        ("Grep", {"pattern": "("}),
        ("Edit", {"file_path": "/p/c", "old_string": "a", "new_string": "b"}),
        ("Edit", {"file_path": "/p/src/a.py", "old_string": "two", "new_string": "2"}),
        ("Edit", {"file_path": "/p/src/a.py", "old_string": "", "new_string": "2"}),
        ("Bash", {"command": "rm -rf /"}),
        ("Nothing", {}),
    ],
)
def test_what_a_client_could_not_do_is_an_error(name: str, arguments: dict[str, Any]) -> None:
    made = project()
    assert made.run(Call(name, arguments)).is_error
    assert made.files == FILES


def test_edits_and_writes_are_seen_by_later_calls() -> None:
    made = project()
    edit = {"file_path": "/p/src/a.py", "old_string": "two", "new_string": "2"}
    made.run(Call("Edit", edit | {"replace_all": True}))
    made.run(Call("Write", {"file_path": "/p/c", "content": "2"}))
    found = made.run(Call("Grep", {"pattern": "2"})).text
    assert found == "/p/c:1:2\n/p/src/a.py:2:2\n/p/src/a.py:4:2"


@given(st.sampled_from(list(NAMES)), st.data())
def test_any_arguments_have_an_answer(name: str, data: st.DataObject) -> None:
    arguments = data.draw(st.dictionaries(st.sampled_from(NAMES[name]), VALUES))
    assert project().run(Call(name, arguments)).text
