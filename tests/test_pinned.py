"""What of messages that left is always shown."""

import pytest

from ollama_claude_proxy.sessions.cut import Cut
from ollama_claude_proxy.sessions.fit_state import FitState
from ollama_claude_proxy.sessions.pinned import changed_rules, continues_summary, pinned_words
from ollama_claude_proxy.sessions.stand_in import stand_in
from support.chat import said


def changed(path: str, rule: str) -> str:
    note = f"Note: {path} was modified. Here are the changes:\n{rule}"
    return f"<system-reminder>\n{note}\n</system-reminder>"


def test_of_each_file_of_rules_the_newest_form_is_told() -> None:
    left = [
        said("user", "Go.", changed("/srv/CLAUDE.md", "Use tabs.")),
        said("user", "Go.", changed("/srv/AGENTS.md", "Be brief.")),
        said("user", "Go.", changed("/srv/CLAUDE.md", "Use spaces.")),
        said("user", "I say /srv/CLAUDE.md was modified.", changed("/srv/README.md", "Hello.")),
    ]
    told = "\n".join(changed_rules(left))
    assert "Be brief." in told
    assert "Use spaces." in told
    assert "Use tabs." not in told
    assert "Hello." not in told


def test_rules_that_changed_before_a_summary_are_still_told() -> None:
    messages = [
        said("user", "Begin."),
        said("assistant", "Ok."),
        said("user", "Go.", changed("/srv/CLAUDE.md", "Use tabs.")),
        said("assistant", "Ok."),
        said("user", "Go on."),
    ]
    state = FitState(summary="They work.", summarized_until=4)
    assert "Use tabs." in stand_in(messages, 1, Cut(left_until=4), state, 500)


@pytest.mark.parametrize("text", ["CLAUDE" * 100_000, "x" * 1_000_000, "/CLAUDE.md " * 50_000])
def test_long_reminders_are_searched_in_linear_time(text: str) -> None:
    reminder = f"<system-reminder>\n{text} X.md was modified\n</system-reminder>"
    assert changed_rules([said("user", reminder)] * 3) == []


@pytest.mark.parametrize(
    ("text", "continues"),
    [
        ("This session is being continued from a previous conversation that ran out.", True),
        ("Summary of our conversation: we mended the ledger.", True),
        ("Write a summary of the ledger.", False),
        ("Go on.", False),
        (f"{'x' * 3000} continued from a previous conversation", False),
    ],
)
def test_a_conversation_behind_a_summary_is_recognised(text: str, *, continues: bool) -> None:
    assert continues_summary([said("user", text)]) is continues


def test_the_newest_words_are_pinned_only_where_they_left() -> None:
    messages = [said("user", "Begin."), said("assistant", "Ok."), said("user", "Mend it.")]
    assert pinned_words(messages, 1, 3) == "Mend it."
    assert pinned_words(messages, 1, 2) == ""
