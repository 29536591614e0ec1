"""How much of a prompt ran before, and why the rest did not."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.prompt_cache.prefix import (
    PrefixMatch,
    Prompt,
    SentPrompt,
    common_prefix_chars,
    common_prefix_share,
    continues,
    explain_mismatch,
    new_prompt,
)
from ollama_claude_proxy.prompt_cache.prompt_history import PromptHistory
from ollama_claude_proxy.wire.chat import (
    ChatMessage,
    FunctionDefinition,
    ToolCall,
    ToolCallFunction,
    ToolDefinition,
)
from ollama_claude_proxy.wire.events import encode_json

# What each message costs beside its text.
MARKUP = 16
SYSTEM = ChatMessage("system", "You are an agent.")
FIRST = ChatMessage("user", "Make it right.")
REPLY = ChatMessage("assistant", "I read a file.")
RESULT = ChatMessage("user", "The file.")
NEXT = ChatMessage("assistant", "Done.")
CALL = ToolCall(ToolCallFunction("Read", {"file_path": "/a"}))
TALK = (SYSTEM, FIRST, REPLY, RESULT)


def tool(name: str, description: str = "") -> ToolDefinition:
    return ToolDefinition("function", FunctionDefinition(name, description, {}))


def prompt(*messages: ChatMessage, tools: tuple[ToolDefinition, ...] = ()) -> Prompt:
    return new_prompt(messages, tools)


def ran(before: Prompt, answer: str | None = None) -> SentPrompt:
    """Return a prompt that ran, with the model's answer where that is known."""
    own = SentPrompt(before)
    own.add_answer(answer, 100, 10)
    return own


def user(text: str) -> ChatMessage:
    return ChatMessage("user", text)


class Case(NamedTuple):
    """What ran, what the model answered, what is asked now, and what is said of it."""

    before: Prompt
    now: Prompt
    told: str
    answer: str | None = None


READ, EDIT, BASH = tool("Read"), tool("Edit"), tool("Bash")
CASES: dict[str, Case] = {
    "the same": Case(prompt(*TALK), prompt(*TALK), ""),
    "it grew": Case(prompt(*TALK), prompt(*TALK, NEXT, user("Go on.")), ""),
    "it grew with its answer": Case(
        prompt(*TALK), prompt(*TALK, NEXT, user("Go on.")), "", answer="Done."
    ),
    "the answer came back changed": Case(
        prompt(*TALK),
        prompt(*TALK, NEXT, user("Go on.")),
        "the model's own turn came back changed",
        answer="Done!",
    ),
    "the answer did not come back": Case(prompt(*TALK), prompt(*TALK), "", answer="Done."),
    "cut back": Case(prompt(*TALK), prompt(*TALK[:3]), "the conversation was cut back"),
    "cut back behind an answer": Case(
        prompt(*TALK), prompt(*TALK[:3]), "the conversation was cut back", answer="Done."
    ),
    "the last message grew": Case(
        prompt(*TALK), prompt(*TALK[:3], user("The file. And more.")), ""
    ),
    "the last message changed": Case(
        prompt(*TALK), prompt(*TALK[:3], user("The folder.")), "message 3 (user) changed at char 5"
    ),
    "an earlier message grew": Case(
        prompt(*TALK),
        prompt(SYSTEM, user("Make it right. Now."), *TALK[2:]),
        "message 1 (user) changed at char 14",
    ),
    "a message changed": Case(
        prompt(*TALK),
        prompt(SYSTEM, FIRST, ChatMessage("assistant", "I read it."), RESULT),
        "message 2 (assistant) changed at char 7",
    ),
    "a message changed before the answer": Case(
        prompt(*TALK),
        prompt(SYSTEM, FIRST, ChatMessage("assistant", "I read it."), RESULT, NEXT),
        "message 2 (assistant) changed at char 7",
        answer="Done.",
    ),
    "a message has another role": Case(
        prompt(*TALK),
        prompt(SYSTEM, FIRST, user("I read a file."), RESULT),
        "message 2 (user) changed at char 14",
    ),
    "the instructions changed": Case(
        prompt(*TALK),
        prompt(ChatMessage("system", "You are a model."), *TALK[1:]),
        "system changed at char 9",
    ),
    "the instructions changed far behind": Case(
        prompt(ChatMessage("system", "x" * 12_345 + "a"), *TALK[1:]),
        prompt(ChatMessage("system", "x" * 12_345 + "b"), *TALK[1:]),
        "system changed at char 12,345",
    ),
    "the instructions changed, and much is gone": Case(
        prompt(*TALK),
        prompt(ChatMessage("system", "You are a model."), FIRST),
        "system changed at char 9",
    ),
    "compacted": Case(
        prompt(*TALK),
        prompt(SYSTEM, user("In short: it is right."), NEXT),
        "compaction, or another conversation",
    ),
    "compacted without instructions": Case(
        prompt(*TALK[1:]), prompt(user("In short.")), "compaction, or another conversation"
    ),
    "a first turn that changed is no compaction": Case(
        prompt(*TALK),
        prompt(SYSTEM, user("Make it wrong."), *TALK[2:]),
        "message 1 (user) changed at char 8",
    ),
    "a later turn that changed is no compaction": Case(
        prompt(*TALK, NEXT),
        prompt(SYSTEM, FIRST, ChatMessage("assistant", "I do."), RESULT),
        "message 2 (assistant) changed at char 2",
    ),
    "a tool more": Case(
        prompt(*TALK, tools=(READ,)), prompt(*TALK, tools=(READ, EDIT)), "tools changed: +Edit"
    ),
    "a tool less": Case(
        prompt(*TALK, tools=(READ, EDIT)), prompt(*TALK, tools=(EDIT,)), "tools changed: -Read"
    ),
    "other tools": Case(
        prompt(*TALK, tools=(READ, EDIT)),
        prompt(*TALK, tools=(BASH, EDIT)),
        "tools changed: +Bash -Read",
    ),
    "another definition": Case(
        prompt(*TALK, tools=(READ,)),
        prompt(*TALK, tools=(tool("Read", "Reads."),)),
        "tools changed: a definition",
    ),
    "another order": Case(
        prompt(*TALK, tools=(READ, EDIT)),
        prompt(*TALK, tools=(EDIT, READ)),
        "tools changed: a definition",
    ),
    "tools count before all else": Case(
        prompt(*TALK, tools=(READ,)), prompt(FIRST), "tools changed: -Read"
    ),
    "the model's thinking did not come back": Case(
        prompt(SYSTEM, FIRST, ChatMessage("assistant", "I read a file.", thinking="Hm.")),
        prompt(*TALK),
        "",
    ),
    "the model's turn came back with calls": Case(
        prompt(SYSTEM, FIRST, REPLY, RESULT),
        prompt(SYSTEM, FIRST, ChatMessage("assistant", REPLY.content, tool_calls=(CALL,)), RESULT),
        "message 2 (assistant) changed at char 14",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_changed_is_named(name: str) -> None:
    case = CASES[name]
    assert explain_mismatch(ran(case.before, case.answer), case.now) == case.told


@pytest.mark.parametrize("name", CASES)
def test_the_history_says_so_too(name: str) -> None:
    case = CASES[name]
    history = PromptHistory()
    history.add("model", "conversation", case.before).add_answer(case.answer, 100, 10)
    match = history.match("model", "conversation", case.now)
    assert match.mismatch == case.told
    assert match.size == case.now.size
    assert history.match("model", "another", case.now).mismatch == ""
    assert history.match("another", "conversation", case.now) == PrefixMatch(size=case.now.size)


TOOLS = len(encode_json((READ,)))
NO_TOOLS = len(encode_json(()))


@pytest.mark.parametrize(
    ("before", "now", "common"),
    [
        (prompt(), prompt(*TALK), NO_TOOLS),
        (prompt(*TALK), prompt(), NO_TOOLS),
        (prompt(SYSTEM), prompt(SYSTEM, FIRST), NO_TOOLS + MARKUP + 17),
        (prompt(SYSTEM, FIRST), prompt(SYSTEM), NO_TOOLS + MARKUP + 17),
        (prompt(SYSTEM), prompt(ChatMessage("system", "You are a model.")), NO_TOOLS + 9),
        (prompt(SYSTEM), prompt(user("You are an agent.")), NO_TOOLS),
        (
            prompt(SYSTEM, FIRST, RESULT),
            prompt(SYSTEM, user("Make."), RESULT),  # what follows a difference is read anew
            NO_TOOLS + MARKUP + 17 + 4,
        ),
        (prompt(SYSTEM, tools=(READ,)), prompt(SYSTEM, tools=(READ,)), TOOLS + MARKUP + 17),
        (prompt(SYSTEM, tools=(READ,)), prompt(SYSTEM), 0),
        (prompt(SYSTEM, tools=(READ,)), prompt(SYSTEM, tools=(EDIT,)), 0),
        (
            prompt(ChatMessage("assistant", "Ok.", thinking="Hm.")),
            prompt(ChatMessage("assistant", "Ok.", thinking="Ah.")),
            NO_TOOLS + MARKUP + 6,
        ),
        (
            prompt(ChatMessage("assistant", "Ok.", tool_calls=(CALL,))),
            prompt(ChatMessage("assistant", "Ok.", tool_calls=(CALL,))),
            NO_TOOLS + MARKUP + 3 + len(encode_json((CALL,))),
        ),
    ],
)
def test_what_two_prompts_share_is_counted_up_to_the_first_difference(
    before: Prompt, now: Prompt, common: int
) -> None:
    assert common_prefix_chars(before, now) == common


def test_the_size_of_a_prompt_is_all_that_it_shares_with_itself() -> None:
    for case in CASES.values():
        assert common_prefix_chars(case.now, case.now) == case.now.size


messages = st.builds(
    ChatMessage, st.sampled_from(["user", "assistant"]), st.text("ab", max_size=40)
)


@given(st.lists(messages), st.lists(messages), st.lists(messages))
def test_a_prompt_that_only_grew_shares_all_and_one_that_changed_shares_less(
    head: list[ChatMessage], first: list[ChatMessage], second: list[ChatMessage]
) -> None:
    before, grown = prompt(*head), prompt(*head, *first)
    assert continues(before, grown)
    assert common_prefix_chars(before, grown) == before.size
    assert explain_mismatch(ran(before), grown) == ""
    other = prompt(*head, *second)
    shared = common_prefix_chars(grown, other)
    assert before.size <= shared <= min(grown.size, other.size)
    assert shared == common_prefix_chars(other, grown)


@given(st.text("ab", max_size=300), st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_the_place_of_a_change_is_found(common: str, first: str, second: str) -> None:
    before, now = prompt(user(common + "x" + first)), prompt(user(common + "y" + second), RESULT)
    assert explain_mismatch(ran(before), now) == f"message 0 (user) changed at char {len(common):,}"
    assert common_prefix_chars(before, now) == NO_TOOLS + len(common)


PROSE, DIGITS = "Some words of an agent. " * 50, "0123456789" * 120


@pytest.mark.parametrize(
    ("before", "now", "low", "high"),
    [
        (prompt(*TALK), prompt(*TALK), 1.0, 1.0),
        (prompt(*TALK, tools=(READ,)), prompt(*TALK), 0.0, 0.0),
        (prompt(user(PROSE)), prompt(user(PROSE), RESULT), 0.95, 0.99),
        # as many characters, but of the one kind a token has four and of the other one
        (prompt(user(PROSE)), prompt(user(PROSE), user(DIGITS)), 0.1, 0.25),
        (prompt(user(DIGITS)), prompt(user(DIGITS), user(PROSE)), 0.75, 0.9),
        (prompt(user(PROSE + "a")), prompt(user(PROSE + DIGITS)), 0.1, 0.25),
        (prompt(), prompt(), 0.0, 1.0),
    ],
)
def test_the_share_is_one_of_tokens_and_not_of_characters(
    before: Prompt, now: Prompt, low: float, high: float
) -> None:
    assert low <= common_prefix_share(before, now) <= high
    history = PromptHistory()
    history.add("model", "conversation", before)
    assert history.match("model", "another", now).share == common_prefix_share(before, now)


def test_an_answer_counts_only_where_it_is_known() -> None:
    known, unknown = ran(prompt(SYSTEM, FIRST), "Done."), ran(prompt(SYSTEM, FIRST))
    assert (known.known_tokens, unknown.known_tokens) == (110, 100)
    assert known.prompt.messages[-1] == NEXT
    assert known.prompt.size == prompt(SYSTEM, FIRST, NEXT).size
    assert unknown.prompt == prompt(SYSTEM, FIRST)
