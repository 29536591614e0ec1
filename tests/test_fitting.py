"""Fitting a conversation into the window ends: in a prompt that fits, or in an honest refusal."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.fitted_turn import FittedTurn
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.wire.anthropic import Message, parse_message
from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama, answer
from support.passage_memory import PassageMemory
from support.proxy import Proxy

# Limits are halved from at most some megabytes, and so are turns.
MAX_TRIES = 60
HEADERS = {"x-claude-code-session-id": "s", "x-claude-code-request-class": "main"}
RESULT_LENGTHS = st.one_of(st.integers(0, 3000), st.integers(0, 120_000))


class States:
    """Keeps fit states in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def fit_state(self, key: str, model: str) -> bytes | None:
        return self.kept.get((key, model))

    def keep_fit_state(self, key: str, model: str, state: bytes) -> None:
        self.kept[key, model] = state

    def keep_fitted_turn(self, key: str, model: str, message: int, turn: FittedTurn) -> None:
        """Keep nothing: only `ocp sessions` reads it."""


def index(length: int) -> PassageMemory:
    """Return an index that has a passage of some length about herons, and others."""
    heron = Passage(1, 1, "Read /a", f"heron {'p' * length}")
    return PassageMemory([heron, *(Passage(2, 1, "", f"other {at}") for at in range(200))])


def turn(number: int, result: int) -> list[Message]:
    """Return a call and its result of so many characters."""
    call = {"type": "tool_use", "id": f"t{number}", "name": "Read", "input": {"file_path": "/a"}}
    content = {"type": "tool_result", "tool_use_id": f"t{number}", "content": "r" * result}
    return [parse_message("assistant", [call]), parse_message("user", [content])]


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    messages = [parse_message("user", "The heron? " + "u" * draw(RESULT_LENGTHS))]
    for number, result in enumerate(draw(st.lists(RESULT_LENGTHS, max_size=20))):
        messages += turn(number, result)
        if draw(st.integers(0, 4)) == 0:
            messages += [
                parse_message("assistant", "Ok."),
                parse_message("user", "A heron! " + "w" * result),
            ]
    return messages


def fit(
    conversation: Conversation, head: int, window: int, tries: int = MAX_TRIES
) -> tuple[int, list[int]]:
    """Shrink as the engine does; return the budget and the tokens of each try."""
    budget = window - window // 4 - window // 50
    sizes: list[int] = []
    while True:
        conversation.load_passages(window)
        sizes.append(
            head + sum(len(message_text(one)) // 4 for one in conversation.shown_messages())
        )
        if sizes[-1] <= budget:
            break
        assert len(sizes) <= tries
        if not conversation.shrink(lambda text: len(text) // 4, sizes[-1], budget):
            break
    return budget, sizes


@settings(max_examples=300, deadline=None)
@given(
    conversations(),
    st.integers(0, 40_000),
    st.sampled_from([4096, 8192, 16_384, 32_768]),
    st.integers(0, 4000),
)
def test_fitting_ends_whatever_the_head_the_window_the_history_and_the_passages(
    messages: list[Message], head: int, window: int, passage: int
) -> None:
    key = ConversationKey("k", "s", "", "m")
    conversation = Conversation(States(), index(passage), key, messages)
    budget, sizes = fit(conversation, head, window)
    smallest = 1500  # of the last turn and the texts, each as short as it may be
    assert sizes[-1] <= budget or head + smallest > budget - len(messages)


@settings(max_examples=100, deadline=None)
@given(conversations(), st.lists(RESULT_LENGTHS, min_size=1, max_size=12))
def test_a_conversation_that_goes_on_is_fitted_at_every_turn(
    messages: list[Message], results: list[int]
) -> None:
    states, passages = States(), index(900)
    for number, result in enumerate(results):
        messages = [*messages, *turn(1000 + number, result)]
        key = ConversationKey("k", "s", "", "m")
        conversation = Conversation(states, passages, key, messages)
        budget, sizes = fit(conversation, 3000, 16_384)
        conversation.keep_fit()
        assert sizes[-1] <= budget


def test_the_users_newest_words_are_always_shown() -> None:
    messages = [parse_message("user", "First.")]
    for number in range(6):
        messages += turn(number, 6000)
    messages += [parse_message("assistant", "Done."), parse_message("user", "Rename the heron.")]
    states = States()
    for number in range(40):
        messages += turn(100 + number, 6000)
        key = ConversationKey("k", "s", "", "m")
        conversation = Conversation(states, index(0), key, list(messages))
        budget, sizes = fit(conversation, 2000, 16_384)
        conversation.keep_fit()
        assert sizes[-1] <= budget
        assert any(
            "Rename the heron." in message_text(one) for one in conversation.shown_messages()
        )


def test_what_was_found_is_shown_and_fits() -> None:
    messages = [parse_message("user", "Begin."), *turn(1, 20_000), *turn(2, 20_000)]
    messages += [parse_message("assistant", "Ok."), *turn(3, 9000), *turn(4, 9000)]
    messages += [parse_message("assistant", "Ok."), parse_message("user", "And the heron?")]
    key = ConversationKey("k", "s", "", "m")
    conversation = Conversation(States(), index(900), key, messages)
    budget, sizes = fit(conversation, 1000, 16_384)
    assert sizes[-1] <= budget
    assert "heron ppp" in message_text(conversation.shown_messages()[-1])


def test_a_single_huge_result_gets_the_room_that_there_is() -> None:
    messages = [parse_message("user", "Read it."), *turn(1, 800_000)]
    key = ConversationKey("k", "s", "", "m")
    conversation = Conversation(States(), index(0), key, messages)
    budget, sizes = fit(conversation, 1000, 16_384, tries=4)
    assert 0.8 * budget < sizes[-1] <= budget


def test_a_huge_request_keeps_its_head_and_its_tail() -> None:
    words = "Begin here. " + "x" * 200_000 + " And end there."
    key = ConversationKey("k", "s", "", "m")
    conversation = Conversation(States(), index(0), key, [parse_message("user", words)])
    budget, sizes = fit(conversation, 1000, 32_768, tries=6)
    shown = message_text(conversation.shown_messages()[0])
    assert sizes[-1] <= budget
    assert shown.startswith("Begin here.")
    assert shown.endswith("And end there.")
    assert "characters are left out here" in shown


def reads(lengths: Sequence[int]) -> list[dict[str, Any]]:
    """Return a request and the results of some reads, of so many characters each."""
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What does each handler of the ledger return in total?"}
    ]
    for number, length in enumerate(lengths):
        call: dict[str, Any] = {"type": "tool_use", "id": f"t{number}", "name": "Read"}
        call["input"] = {"file_path": f"/srv/ledger{number}.py"}
        code = "".join(
            f"def handler_{number}_{line}(ledger):\n    return ledger.total + {line}\n"
            for line in range(length // 50)
        )
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": code[:length]}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
    return messages


def test_a_large_head_and_large_results_do_not_freeze_the_proxy() -> None:
    messages = reads([4000] * 8 + [6000])
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.respond = lambda _body: answer("Ok.")
        with Proxy(fake.url, num_ctx=16_384, model="m:7b") as proxy:
            for characters in range(30_000, 42_000, 1000):
                body = {"model": "x", "max_tokens": 8000, "messages": messages}
                system = "Be good. " * (characters // 9)
                reply = proxy.client.post(
                    "/v1/messages", json=body | {"system": system}, headers=HEADERS
                )
                assert reply.status_code == 200
            assert proxy.client.get("/health").status_code == 200


@pytest.mark.parametrize("lines", [40, 80, 120])
def test_what_is_asked_above_a_log_that_takes_most_of_the_room_is_found(lines: int) -> None:
    log = "".join(
        f"2031-05-04 12:00:{at:03} INFO worker {at} took job {at * 7}\n" for at in range(lines)
    )
    told: list[dict[str, Any]] = [
        {"role": "user", "content": "Begin."},
        {"role": "assistant", "content": "Ok."},
        {
            "role": "user",
            "content": f"{'No hurry here. ' * 12}The heron feeder is 10.1.2.3:81.",
        },
        {"role": "assistant", "content": "Noted."},
    ]
    messages = [*told, *reads([4000] * 40), {"role": "assistant", "content": "All read."}]
    asked = {"role": "user", "content": f"Where is the heron feeder?\n\n{log}"}
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.respond = lambda _body: answer("Ok.")
        with Proxy(fake.url, num_ctx=8192, model="m:7b") as proxy:
            for turns in (messages, [*messages, asked]):
                body = {
                    "model": "x",
                    "max_tokens": 2000,
                    "messages": turns,
                    "system": "Hi. " * 2000,
                }
                reply = proxy.client.post("/v1/messages", json=body, headers=HEADERS)
                assert reply.status_code == 200
        shown = fake.chats[-1]["messages"]
    assert asked["content"] in shown[-1]["content"]
    assert not any("10.1.2.3" in one["content"] for one in shown[1:-1])
    assert "10.1.2.3:81" in shown[-1]["content"]


def test_the_proxys_own_cut_is_named_as_one() -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Begin."}]
    mismatches: list[str] = []
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.respond = lambda _body: answer("Ok.")
        with Proxy(fake.url, num_ctx=8192, model="m:7b") as proxy:
            for number in range(30):
                body = {"model": "x", "max_tokens": 1000, "messages": messages}
                reply = proxy.client.post("/v1/messages", json=body, headers=HEADERS)
                mismatches.append(reply.headers["x-ocp-prefix"].partition("; ")[2])
                messages += [{"role": "assistant", "content": "Ok."}]
                messages += [{"role": "user", "content": f"And {number}? {'word ' * 400}"}]
    named = [mismatch for mismatch in mismatches if mismatch]
    assert named
    assert set(named) == {"the window was full: early turns left the prompt"}


def test_a_prompt_that_ollama_counts_higher_is_fitted_again_at_once() -> None:
    body = {"model": "x", "max_tokens": 1000, "messages": reads([4000] * 7)}
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.respond = lambda _body: answer("Ok.")
        fake.count = lambda sent: len(fake.prompt_of(sent)) * 4 // 5
        with Proxy(fake.url, num_ctx=16_384, model="m:7b") as proxy:
            reply = proxy.client.post("/v1/messages", json=body, headers=HEADERS)
            refused = len(fake.chats)
            again = proxy.client.post("/v1/messages", json=body, headers=HEADERS)
        assert fake.count(fake.chats[-1]) < 16_384
    assert reply.status_code == 200
    assert 2 <= refused <= 4  # those that were refused, and the one that was not
    assert again.status_code == 200
    assert len(fake.chats) == refused + 1


@pytest.mark.parametrize("files", [4, 9])
def test_a_prompt_that_is_refused_twice_is_fitted_a_third_time(files: int) -> None:
    """The corrected count is still too low, because the smaller prompt has other tokens."""
    counts = {30_000: 25_000, 6000: 17_000, 0: 1500}
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.respond = lambda _body: answer("Ok.")
        fake.count = lambda sent: counts[max(at for at in counts if at <= size(fake, sent))]
        with Proxy(fake.url, num_ctx=16_384, model="m:7b") as proxy:
            reply = proxy.client.post("/v1/messages", json=refused_body(files), headers=HEADERS)
            sizes = [size(fake, chat) for chat in fake.chats]
            again = proxy.client.post("/v1/messages", json=refused_body(files), headers=HEADERS)
    assert reply.status_code == 200
    assert reply.headers["x-ocp-memory"].startswith("left=")
    assert len(sizes) == 3
    assert sizes == sorted(sizes, reverse=True)
    assert again.status_code == 200
    assert len(fake.chats) == 4


@pytest.mark.parametrize("files", [4, 9])
def test_a_prompt_that_is_refused_until_nothing_can_go_ends_with_the_last_count(files: int) -> None:
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.count = lambda sent: (
            17_000 + size(fake, sent) // 1000 if size(fake, sent) > 3000 else 500
        )
        with Proxy(fake.url, num_ctx=16_384, model="m:7b") as proxy:
            reply = proxy.client.post("/v1/messages", json=refused_body(files), headers=HEADERS)
            assert proxy.client.get("/health").status_code == 200
        counts = [fake.count(chat) for chat in fake.chats]
    assert 3 <= len(counts) <= 4
    assert counts == sorted(counts, reverse=True)
    assert reply.status_code == 400
    assert f"{counts[-1]} tokens > 16383 maximum" in reply.json()["error"]["message"]


def size(fake: FakeOllama, sent: dict[str, Any]) -> int:
    """Return the characters of a prompt."""
    return len(fake.prompt_of(sent))


def refused_body(files: int) -> dict[str, Any]:
    messages = reads([4000] * files)
    return {"model": "x", "max_tokens": 1000, "messages": messages, "system": "Be good. " * 300}


def test_a_prompt_of_which_nothing_can_go_is_refused_with_the_numbers() -> None:
    body = {"model": "x", "max_tokens": 1000, "messages": reads([])[:1], "system": "word " * 30_000}
    with FakeOllama(FakeModel("m:7b")) as fake:
        fake.count = lambda sent: len(fake.prompt_of(sent)) // 4
        with Proxy(fake.url, num_ctx=16_384, model="m:7b") as proxy:
            reply = proxy.client.post("/v1/messages", json=body)
    assert reply.status_code == 400
    assert "> 16383 maximum" in reply.json()["error"]["message"]
