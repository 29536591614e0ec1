"""What is told of turns that left a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.digest import found_tools, max_digest_tokens, write_digest
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import ToolReferenceBlock
from support.chat import REMINDER, call, result, said

FIRST = (
    "<system-reminder>\nLeft out here, for this conversation is longer than the window: "
    "{} messages. What is needed of them can be read again.\n"
)


def digest(*left: Message, tokens: int = 1000) -> str:
    """Return what is told behind the first line."""
    text = write_digest(left, tokens)
    first = FIRST.format(len(left))
    assert text.startswith(first)
    assert text.endswith("</system-reminder>")
    return text[len(first) : -len("</system-reminder>")]


def lines(name: str, *told: str) -> str:
    return f"{name}:\n" + "".join(f"- {line}\n" for line in told)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ([said("user", "Make it right.")], lines("The user asked", "Make it right.")),
        ([said("user", REMINDER, "  ", "Go\n on.")], lines("The user asked", "Go on.")),
        ([said("assistant", "Done.")], ""),
        (
            [said("assistant", "Fine. I chose files because of the lock! Next?")],
            lines("Decisions", "I chose files because of the lock!"),
        ),
        (
            [said("user", "Let's use sqlite.")],
            lines("The user asked", "Let's use sqlite.") + lines("Decisions", "Let's use sqlite."),
        ),
        ([call("Edit", file_path="/a")], lines("Files written", "/a")),
        ([call("notebookedit", path="/a.ipynb")], lines("Files written", "/a.ipynb")),
        ([call("Read", file_path="/b"), call("Glob", path="/c")], lines("Files read", "/b, c")),
        ([call("Grep", pattern="x")], ""),
        ([call("Bash", command="make\n  all")], lines("Commands", "make all")),
        ([result("fine\nFooError: it broke\nfine")], lines("Errors", "FooError: it broke")),
        (
            [result("build FAILED: 3 tests")],
            lines("Tests failed", "build") + lines("Errors", "build FAILED: 3 tests"),
        ),
        ([said("assistant", "FooError: it broke")], ""),
        ([result("no error")], ""),
        ([call("Write", file_path="")], ""),
    ],
    ids=lambda value: repr(value)[-40:] if isinstance(value, str) else "",
)
def test_what_matters_of_each_kind_is_told(left: list[Message], told: str) -> None:
    assert digest(*left) == told


def test_kinds_stand_in_their_order() -> None:
    told = digest(
        result("Error: no"),
        call("Bash", command="make"),
        call("Read", file_path="/r"),
        call("Write", file_path="/w"),
        said("user", "Because I say so."),
    )
    names = [line for line in told.splitlines() if line.endswith(":")]
    assert names == [
        "The user asked:",
        "Decisions:",
        "Files written:",
        "Files read:",
        "Commands:",
        "Errors:",
    ]


def test_each_line_is_told_once_where_it_was_said_last() -> None:
    calls = [call("Bash", command=command) for command in ("a", "b", "a", "c")]
    assert digest(*calls) == lines("Commands", "b", "a", "c")


def test_a_line_that_is_too_long_ends_early() -> None:
    assert digest(said("user", "x" * 141)) == lines("The user asked", "x" * 140)


def test_where_room_is_short_the_newest_lines_are_told() -> None:
    calls = [call("Bash", command=f"{number:030}") for number in range(5)]
    # three characters a token, without the frame (140), the kind's name and 33 for each line
    exact = -((140 + len("Commands") + 2 + 2 * 33) // -3)
    assert digest(*calls, tokens=exact) == lines("Commands", f"{3:030}", f"{4:030}")
    assert digest(*calls, tokens=exact - 1) == lines("Commands", f"{4:030}")


def test_kinds_share_the_room() -> None:
    left = [call("Bash", command=f"c{number:098}") for number in range(9)]
    left += [said("user", f"u{number:098}") for number in range(9)]
    text = digest(*left, tokens=400)
    assert text.count("- c") == text.count("- u") > 1


def test_what_a_kind_does_not_need_others_get() -> None:
    commands = [call("Bash", command=f"c{number:098}") for number in range(9)]
    requests = [said("user", f"u{number:098}") for number in range(9)]
    both = digest(*commands, *requests, tokens=400)
    few = digest(*commands, said("user", "u"), tokens=400)
    alone = digest(*commands, tokens=400)
    assert both.count("- c") < few.count("- c") <= alone.count("- c")
    assert few.count("- u") == 1


def test_files_stand_behind_their_folder_the_newest_folder_last() -> None:
    paths = ("/a/one.py", "/b/two.py", "/a/three.py", "four.py", "/b/two.py")
    left = [call("Edit", file_path=path) for path in paths]
    assert digest(*left) == lines("Files written", "/a/one.py, three.py", "four.py", "/b/two.py")


def test_of_a_large_folder_the_newest_files_are_told() -> None:
    left = [call("Edit", file_path=f"/srv/ledger/handler_{number}.py") for number in range(200)]
    text = digest(*left, tokens=300)
    assert text.count("handler_199.py") == 1
    assert "handler_0.py" not in text


def test_without_tokens_there_is_only_the_first_line() -> None:
    assert digest(said("user", "Go on."), call("Bash", command="make"), tokens=0) == ""


def test_a_summary_stands_in_for_what_left_before() -> None:
    text = write_digest([said("user", "Go on.")], 500, "They refactor.")
    assert text.startswith(
        "<system-reminder>\nLeft out here, for this conversation is longer than the window: in "
        "short:\nThey refactor.\nBehind that 1 further messages.\nThe user asked:\n- Go on.\n"
    )


@given(
    st.lists(
        st.one_of(
            st.builds(lambda text: said("user", text), st.text()),
            st.builds(lambda text: call("Bash", command=text), st.text()),
            st.builds(lambda text: call("Edit", file_path=text), st.text(min_size=1)),
            st.builds(lambda text: result(f"Error: {text}"), st.text()),
        ),
        max_size=40,
    ),
    st.integers(100, 1000),
)
def test_a_digest_is_about_as_long_as_it_may_be(left: list[Message], tokens: int) -> None:
    frame = len(FIRST) + len("</system-reminder>") - 140
    assert len(write_digest(left, tokens)) <= 3 * tokens + frame


@pytest.mark.parametrize(("budget", "tokens"), [(0, 0), (999, 99), (10_000, 1000), (10**6, 1000)])
def test_a_tenth_of_the_budget_is_for_the_digest(budget: int, tokens: int) -> None:
    assert max_digest_tokens(budget) == tokens


def test_tools_that_were_found_are_named_once_in_order() -> None:
    left = [
        result(ToolReferenceBlock("Deploy"), "found", ToolReferenceBlock("Build")),
        Message("user", (ToolReferenceBlock("Elsewhere"),)),
        result(ToolReferenceBlock("Deploy"), ToolReferenceBlock("Test")),
    ]
    assert found_tools(left) == ["Deploy", "Build", "Test"]
