"""The index of what happened in turns that left."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.account import account, asked_lines, fitting_lines
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock
from support.chat import REMINDER, call, result, said

TITLES = (
    "The user asked",
    "Decisions",
    "Open tasks",
    "Files written",
    "Files read",
    "Commands",
    "Tests failed",
    "Tests passed",
    "Names",
    "Errors",
)
PYTEST = """
tests/test_ledger.py::test_sum PASSED                                    [ 25%]
tests/test_ledger.py::test_tax FAILED                                    [ 50%]
=========================== short test summary info ============================
FAILED tests/test_ledger.py::test_rounding - AssertionError: assert 1 == 2
ERROR tests/test_pool.py::test_take
"""
UNITTEST = """
test_sum (ledger.LedgerTest) ... ok
ERROR: test_take (pool.PoolTest)
FAIL: test_tax (ledger.LedgerTest)
"""
JEST = """
  ✓ sums the ledger (3 ms)
  ✕ rounds the tax (12 ms)
"""
GO = """
--- PASS: TestSum (0.00s)
    --- FAIL: TestTax/half_up (0.01s)
ok  \tgithub.com/acme/ledger\t0.021s
"""
CARGO = """
test ledger::tests::sums ... ok
test ledger::tests::rounds ... FAILED
"""
TAP = """
ok 1 - sums the ledger
not ok 2 - rounds the tax
"""


@pytest.mark.parametrize(
    ("log", "failed", "passed"),
    [
        (
            PYTEST,
            [
                "tests/test_ledger.py::test_tax",
                "tests/test_ledger.py::test_rounding",
                "tests/test_pool.py::test_take",
            ],
            ["tests/test_ledger.py::test_sum"],
        ),
        (
            UNITTEST,
            ["test_take (pool.PoolTest)", "test_tax (ledger.LedgerTest)"],
            ["test_sum (ledger.LedgerTest)"],
        ),
        (JEST, ["rounds the tax"], ["sums the ledger"]),
        (GO, ["TestTax/half_up"], ["TestSum"]),
        (CARGO, ["ledger::tests::rounds"], ["ledger::tests::sums"]),
        (TAP, ["rounds the tax"], ["sums the ledger"]),
        ("No test FAILED here\nall is ok\nFAILED\nok", [], []),
    ],
    ids=["pytest", "unittest", "jest", "go", "cargo", "TAP", "none"],
)
def test_tests_are_read_from_the_logs_of_their_runners(
    log: str, failed: list[str], passed: list[str]
) -> None:
    kinds = account([result(log)])
    assert kinds.get("Tests failed", []) == failed
    assert kinds.get("Tests passed", []) == passed
    assert "Tests failed" not in account([said("user", log), said("assistant", log)])


@pytest.mark.parametrize(
    ("sentence", "is_decision"),
    [
        ("We decided on SQLite.", True),
        ("I chose the lock, since it is short.", True),
        ("Let's use files.", True),
        ("We'll keep the old name.", True),
        ("We stick with files.", True),
        ("Files instead of a socket.", True),
        ("It fails because of the lock.", True),
        ("Wir haben uns für SQLite entschieden.", True),
        ("Nehmen wir SQLite.", True),
        ("We read it.", False),
        ("The undecided rest.", False),
        ("Done.", False),
    ],
)
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_decisions_are_sentences_that_say_so(
    sentence: str, role: str, *, is_decision: bool
) -> None:
    text = f"Look at v1.2 of it. {sentence} Next, the rest!"
    expected = [sentence] if is_decision else []
    assert account([said(role, text)]).get("Decisions", []) == expected
    assert "Decisions" not in account([said(role, f"{REMINDER}{sentence}"), result(sentence)])


@pytest.mark.parametrize(
    ("sentence", "is_name"),
    [
        ("Please ask Vesna for the file.", True),
        ("the owner, Oskar, is away", True),
        ("Thandiwe wants a column.", True),
        ("Bao from support says so.", True),
        ("Ms Halloran asked for it.", True),
        ("run it on Monday in March", False),
        ("see README and HTTP", False),
        ("call Ledger.total or Path/x", False),
        ("and I think I'm done", False),
        ("make it so", False),
    ],
)
def test_names_are_what_the_user_said_of_somebody(sentence: str, *, is_name: bool) -> None:
    assert account([said("user", sentence)]).get("Names", []) == ([sentence] if is_name else [])
    assert "Names" not in account([said("assistant", sentence), result(sentence)])


OPEN = {"content": "Write the parser", "status": "in_progress"}
DONE = {"content": "Read the grammar", "status": "completed"}


@pytest.mark.parametrize(
    ("left", "tasks"),
    [
        ([call("TodoWrite", todos=[OPEN, DONE])], ["Write the parser"]),
        ([call("TodoWrite", todos=[OPEN]), call("TodoWrite", todos=[DONE])], []),
        ([call("TodoWrite", todos=[DONE]), call("Bash", command="x")], []),
        ([call("update_plan", plan=[{"step": "Test it", "status": "pending"}])], ["Test it"]),
        ([call("TodoWrite", todos=[{"subject": "Test it"}, "odd", {}, 5])], ["Test it"]),
        ([call("TodoWrite", todos="none")], []),
    ],
)
def test_tasks_are_open_until_they_are_noted_as_done(left: list[Message], tasks: list[str]) -> None:
    assert account(left).get("Open tasks", []) == tasks


@pytest.mark.parametrize(
    ("left", "title", "told"),
    [
        (said("user", "Go\n on.", REMINDER), "The user asked", ["Go on."]),
        (call("Edit", file_path="/a"), "Files written", ["/a"]),
        (call("notebookedit", notebook_path="/a.ipynb"), "Files written", ["/a.ipynb"]),
        (call("Read", file_path="/b"), "Files read", ["/b"]),
        (call("Glob", path="/c"), "Files read", ["/c"]),
        (call("Bash", command="make\n  all"), "Commands", ["make all"]),
        (result("fine\n  HeronError: it broke"), "Errors", ["HeronError: it broke"]),
        (result("fatal: no such branch"), "Errors", ["fatal: no such branch"]),
        (result("java.lang.PoolException: empty"), "Errors", ["java.lang.PoolException: empty"]),
    ],
)
def test_each_kind_is_told(left: Message, title: str, told: list[str]) -> None:
    assert account([left])[title] == told


@pytest.mark.parametrize(
    "left",
    [
        said("assistant", "Done."),
        said("user", REMINDER, "  "),
        call("Grep", pattern="x"),
        call("Write", file_path=""),
        call("Write", file_path=["/a"]),
        result("no error, the terror is over"),
    ],
)
def test_what_tells_nothing_is_left_out(left: Message) -> None:
    assert account([left]) == {}


def test_lines_are_short_and_told_once_where_they_were_last() -> None:
    left = [call("Bash", command=name) for name in ("a", "b", "a", "c" * 500, "  b ")]
    first, long, last = account(left)["Commands"]
    assert (first, last) == ("a", "b")
    assert "c" * 100 in long
    assert len(long) < 200


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Which files did you edit?", {"Files written"}),
        ("What did you read?", {"Files read"}),
        ("Welche Dateien hast du geändert?", {"Files written"}),
        ("Which commands did you run?", {"Commands"}),
        ("Welche Befehle hast du ausgeführt?", {"Commands"}),
        ("Which tests failed?", {"Tests failed", "Errors"}),
        ("Which were green?", {"Tests passed"}),
        ("Who was it?", {"Names"}),
        ("Wer war es?", {"Names"}),
        ("What did we decide?", {"Decisions"}),
        ("What did I ask?", {"The user asked"}),
        ("What is left?", {"Open tasks"}),
        ("Welche Fehler gab es?", {"Errors"}),
        ("What is the port?", set()),
        ("", set()),
    ],
)
def test_a_question_asks_for_kinds(question: str, kinds: set[str]) -> None:
    everything = {title: ["zebra"] for title in TITLES}
    assert {title for title, _ in asked_lines(everything, question, 10_000)} == kinds


@pytest.mark.parametrize(
    ("room", "text"),
    [(0, ""), (3, ""), (4, "cde"), (6, "cde"), (7, "b2\ncde"), (8, "b2\ncde"), (10, "a2\nb2\ncde")],
)
def test_the_newest_lines_that_fit_are_shown(room: int, text: str) -> None:
    assert fitting_lines(["a2", "b2", "cde"], room) == text


@pytest.mark.parametrize(
    ("room", "text"), [(2, ""), (3, "a2"), (6, "a2\nb2"), (9, "a2\nb2"), (10, "a2\nb2\ncde")]
)
def test_where_the_oldest_are_asked_for_these_are_shown(room: int, text: str) -> None:
    assert fitting_lines(["a2", "b2", "cde"], room, oldest=True) == text


def test_of_other_kinds_the_lines_are_shown_that_share_words() -> None:
    kinds = {
        "Commands": ["make all", "pip install heron"],
        "Errors": ["HeronError: no", "BusError"],
    }
    asked = dict(asked_lines(kinds, "Which commands concern the heron?", 1000))
    assert asked == {"Commands": "1. make all\n2. pip install heron", "Errors": "1. HeronError: no"}
    assert list(asked) == ["Commands", "Errors"]


def test_where_room_is_short_the_lines_that_share_words_are_shown() -> None:
    lines = ["pip install heron", *(f"make {number:02}" for number in range(20))]
    asked = dict(asked_lines({"Commands": lines}, "Which commands installed herons?", 60))
    assert asked["Commands"].splitlines() == ["1. pip install heron", "20. make 18", "21. make 19"]


def test_paths_are_told_below_their_folder() -> None:
    paths = ["/srv/app/one.py", "/srv/app/parts/two.py", "/srv/app/three.py"]
    asked = dict(asked_lines({"Files written": paths}, "Which files did you edit?", 1000))
    assert asked["Files written"] == "1. one.py\n2. parts/two.py\n3. three.py"


@given(st.lists(st.text("ab", max_size=20)), st.integers(-5, 100))
def test_lines_never_exceed_the_room(lines: list[str], room: int) -> None:
    newest, oldest = fitting_lines(lines, room), fitting_lines(lines, room, oldest=True)
    assert max(len(newest), len(oldest)) <= max(room, 0)
    assert "\n".join(lines).endswith(newest)
    assert "\n".join(lines).startswith(oldest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=5,
)


@given(
    st.lists(
        st.one_of(
            st.builds(lambda text: said("user", text), st.text()),
            st.builds(lambda text: said("assistant", text), st.text()),
            st.builds(lambda text: call("Bash", command=text), st.text()),
            st.builds(lambda value: call("Edit", file_path=value, todos=value), JSON),
            st.builds(lambda text: result(f"FAILED {text}", f"ok 1 - {text}"), st.text()),
        ),
        max_size=20,
    )
)
def test_any_turns_can_be_told(left: list[Any]) -> None:
    for told in account(left).values():
        assert told
        assert len(set(told)) == len(told)
        assert all(line == " ".join(line.split()) or len(line) > 100 for line in told)


def test_a_command_is_told_with_its_last_line_where_that_is_short() -> None:
    long = "x" * 200
    left = [
        call("Bash", command="pip install heron"),
        result(f"Collecting heron\n{long}\nSuccessfully installed heron-3.1\n"),
        Message("assistant", (ToolUseBlock("toolu_2", "Bash", {"command": "make nests"}),)),
        Message("user", (ToolResultBlock("toolu_2", (TextBlock(f"done\n{long}"),)),)),
        Message("assistant", (ToolUseBlock("toolu_3", "Bash", {"command": "make eggs"}),)),
    ]
    assert account(left)["Commands"] == [
        "pip install heron → Successfully installed heron-3.1",
        "make nests",
        "make eggs",
    ]


def test_of_a_list_the_lines_that_share_rare_words_come_first() -> None:
    lines = [f"tests/test_heron.py::test_{at}" for at in range(40)]
    lines[3] = "tests/test_kestrel.py::test_dive"
    assert fitting_lines(lines, 40, "the failing tests of kestrel") == lines[3]
