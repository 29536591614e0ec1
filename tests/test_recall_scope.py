"""Which text is found again: of this conversation or project, and in its newest form."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_line import run_ocp
from support.fake_models import library
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.recall_filler import Filler
from support.recall_player import send_as_client
from support.recall_writer import FOLDER, Message, SessionWriter, user_message

WINDOW = 16384
MODEL = "qwen2.5-coder:7b"
# More than the window holds.
LONG = 70_000
SUMMARY = (
    "This session is being continued from a previous conversation that ran out of context. The "
    "summary below covers the earlier portion of the conversation.\n\n<system-reminder>\n"
    "<tools-used-before-summary>Bash, Edit, Read</tools-used-before-summary>\n</system-reminder>\n"
    "1. Primary Request and Intent: small changes to parcelhub.\n"
    "2. Files and Code Sections: some files of carriers and labels.\n"
    "3. Pending Tasks: none.\n\n"
    "Please continue the conversation from where we left it off without asking the user."
)


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 4
        ollama.respond = lambda _body: answer("Ok.")
        yield ollama


def start(fake: FakeOllama, recall: str = "session", data: Path | None = None) -> Proxy:
    return Proxy(
        fake.url, num_ctx=WINDOW, model=MODEL, embedding_model="off", recall=recall, data=data
    )


def begin(
    seed: int, folder: str = FOLDER, rules: str = "", greeting: str = "Good morning."
) -> SessionWriter:
    writer = SessionWriter(seed)
    reminders = [claude_md(rules)] if rules else []
    writer.user(f"{greeting} Let us work on parcelhub.", *reminders)
    writer.system(f"# Environment\n - Primary working directory: {folder}\n - Platform: linux")
    writer.say("Good morning. What comes first?")
    return writer


def claude_md(rules: str) -> str:
    return f"# claudeMd\nContents of {FOLDER}/CLAUDE.md (project instructions):\n\n{rules}"


def work(writer: SessionWriter, characters: int = LONG) -> None:
    Filler(writer).work(characters)


def prompt_for(fake: FakeOllama, proxy: Proxy, messages: list[Message], session: str = "s") -> str:
    send_as_client(proxy, messages, session)
    return fake.prompt_of(fake.chats[-1])


def test_what_a_summary_lost_is_found_right_after_compaction(fake: FakeOllama) -> None:
    writer = begin(1)
    writer.user("The courier interface of Lyngby wants its requests signed.")
    writer.edit("src/parcelhub/carriers/lyngby.py", "sign = None", "sign = ed25519_over('date')")
    writer.say("Requests to Lyngby are signed over the header `date` now.")
    work(writer)
    question = user_message("How are the requests to Lyngby signed?", claude_md("Be brief."))
    compacted = [
        user_message(SUMMARY),
        {"role": "assistant", "content": [{"type": "text", "text": "Understood."}]},
        question,
    ]
    with start(fake) as proxy:
        send_as_client(proxy, [*writer.messages, user_message("/compact")])
        prompt = prompt_for(fake, proxy, compacted)
    assert "sign = ed25519_over('date')" in prompt


def test_text_of_before_two_compactions_is_found(fake: FakeOllama) -> None:
    first, second = begin(2), SessionWriter(3)
    first.user("Legal says: keep signatures of recipients for 1100 days, not longer.")
    first.say("I will set the retention accordingly.")
    work(first, 20_000)
    second.user(SUMMARY)
    second.say("Understood.")
    second.user("Pallets to Aarhus have to be booked before 11:20.")
    second.say("Noted.")
    work(second, 20_000)
    third = [user_message(f"{SUMMARY}\n\nThis is the second one."), second.messages[1]]
    asked = {
        "For how many days do we keep signatures of recipients?": "for 1100 days, not longer",
        "Until when must pallets to Aarhus be booked?": "booked before 11:20",
    }
    with start(fake) as proxy:
        for messages in (first.messages, second.messages):
            send_as_client(proxy, [*messages, user_message("/compact")])
        prompts = [prompt_for(fake, proxy, [*third, user_message(text)]) for text in asked]
    assert all(text in prompt for text, prompt in zip(asked.values(), prompts, strict=True))


@pytest.mark.parametrize("after", [8_000, LONG], ids=["soon", "late"])
def test_after_a_rewind_only_the_new_branch_is_shown(fake: FakeOllama, after: int) -> None:
    writer = begin(4)
    work(writer)
    shared = len(writer.messages)
    writer.user("Expose the metrics of the workers on port 9301, behind basic auth.")
    writer.edit("src/parcelhub/metrics.py", "PORT = None", "PORT = 9301")
    writer.say("The metrics of the workers are on port 9301, with basic auth.")
    work(writer, 20_000)
    abandoned = [*writer.messages, user_message("Hm, no.")]
    del writer.messages[shared:]
    writer.user("Expose the metrics of the workers on port 9417, for the monitoring host only.")
    writer.edit("src/parcelhub/metrics.py", "PORT = None", "PORT = 9417")
    writer.say("The metrics of the workers are on port 9417, for one host.")
    work(writer, after)
    with start(fake) as proxy:
        send_as_client(proxy, abandoned)
        send_as_client(proxy, [*writer.messages, user_message("Good so far.")])
        question = user_message("On which port are the metrics of the workers, and who may read?")
        prompt = prompt_for(fake, proxy, [*writer.messages, question])
    assert "9417" in prompt
    assert "9301" not in prompt


def test_what_only_an_abandoned_branch_had_is_not_shown(fake: FakeOllama) -> None:
    writer = begin(5)
    work(writer)
    shared = len(writer.messages)
    writer.user("We give up the fax gateway: remove the folder telefax and its tests.")
    writer.bash("git rm -r src/parcelhub/telefax", "rm 'src/parcelhub/telefax/dial.py'")
    writer.say("The fax gateway is removed.")
    abandoned = [*writer.messages, user_message("That was too fast.")]
    del writer.messages[shared:]
    writer.user("Let us look at the labels instead.")
    writer.say("Gladly.")
    with start(fake) as proxy:
        send_as_client(proxy, abandoned)
        question = user_message("Did you remove the folder telefax of the fax gateway?")
        prompt = prompt_for(fake, proxy, [*writer.messages, question])
    assert "rm 'src/parcelhub/telefax/dial.py'" not in prompt


def test_a_changed_claude_md_is_shown_in_its_newest_form(fake: FakeOllama) -> None:
    """The first form stands in the first message, which never leaves."""
    writer = begin(6, rules="Commit messages: imperative, 50 characters at most.")
    for limit in (64, 72):
        work(writer, 20_000)
        changed = (
            f"Note: {FOLDER}/CLAUDE.md was modified, either by the user or by a linter. Here are "
            "the relevant changes (shown with line numbers):\n"
            f"     2→Commit messages: imperative, {limit} characters at most."
        )
        writer.user("I changed the rules a little.", changed)
        writer.say("I have seen it.")
    work(writer)
    question = user_message("How long may commit messages be, according to CLAUDE.md?")
    with start(fake) as proxy:
        send_as_client(proxy, [*writer.messages, user_message("Fine.")])
        prompt = prompt_for(fake, proxy, [*writer.messages, question])
    assert "Commit messages: imperative, 72 characters at most." in prompt
    assert "64 characters at most" not in prompt


def test_of_a_claude_md_that_was_read_thrice_the_newest_text_is_shown(fake: FakeOllama) -> None:
    writer = begin(7)
    rules = "# Rules\n\nTests run with `{}`.\nNo mocks of our own code.\nKeep modules short.\n"
    commands = ("make check", "tox -e fast", "nox -s unit")
    for command in commands:
        writer.user("Have a look at our CLAUDE.md.")
        writer.read("CLAUDE.md", rules.format(command))
        writer.say("I have read the rules.")
        work(writer, 20_000)
    work(writer)
    question = user_message("With which command do tests run, as CLAUDE.md has it?")
    with start(fake) as proxy:
        send_as_client(proxy, [*writer.messages, user_message("Fine.")])
        prompt = prompt_for(fake, proxy, [*writer.messages, question])
    assert [command in prompt for command in commands] == [False, False, True]


def test_the_claude_md_of_before_a_compaction_is_not_shown(fake: FakeOllama) -> None:
    writer = begin(8, rules="Branches are called `feature/NAME`.")
    work(writer, 20_000)
    question = user_message(
        "How are branches called?", claude_md("Branches are called `mira/NAME`.")
    )
    compacted = [user_message(SUMMARY), writer.messages[2], question]
    with start(fake) as proxy:
        send_as_client(proxy, [*writer.messages, user_message("/compact")])
        prompt = prompt_for(fake, proxy, compacted)
    assert "`mira/NAME`" in prompt
    assert "`feature/NAME`" not in prompt


def tell_yesterday(writer: SessionWriter) -> str:
    writer.user("Why do labels of Kirkenes come out blank?")
    writer.bash("tail -n 1 var/log/labels.log", "glyph cache of Kirkenes is locked by pid 4408")
    writer.say("Another process holds the cache of glyphs.")
    return "glyph cache of Kirkenes is locked by pid 4408"


@pytest.mark.parametrize(
    ("folder", "found"),
    [(FOLDER, True), ("/home/mira/code/other", False), (f"{FOLDER}-old", False)],
    ids=["same", "other", "similar"],
)
def test_only_other_sessions_of_the_same_folder_are_searched(
    fake: FakeOllama, folder: str, *, found: bool
) -> None:
    yesterday, today = begin(9, folder), begin(10)
    text = tell_yesterday(yesterday)
    today.user(
        "The labels of Kirkenes are blank again. What did the log say about its glyph cache?"
    )
    with start(fake, recall="project") as proxy:
        send_as_client(proxy, [*yesterday.messages, user_message("Thanks.")], "yesterday")
        prompt = prompt_for(fake, proxy, today.messages, "today")
    assert (text in prompt) is found


@pytest.mark.parametrize(
    "greeting",
    [
        pytest.param("Good evening.", id="other"),
        pytest.param("Good morning.", id="same"),
    ],
)
def test_a_deleted_session_is_not_searched(fake: FakeOllama, tmp_path: Path, greeting: str) -> None:
    """Not even if the sessions that remain began with the same words."""
    data = tmp_path / ".local" / "share" / "ocp" / "sessions.db"
    yesterday, today = begin(11, greeting=greeting), begin(12)
    text = tell_yesterday(yesterday)
    today.user("What did the log say about the glyph cache of Kirkenes?")
    with start(fake, recall="project", data=data) as proxy:
        send_as_client(proxy, [*yesterday.messages, user_message("Thanks.")], "yesterday")
        before = prompt_for(fake, proxy, today.messages, "today")
        assert run_ocp(tmp_path, "sessions", "delete", "yesterday").returncode == 0
        after = prompt_for(fake, proxy, today.messages, "tomorrow")
    assert text in before
    assert text not in after


def long_beginning(folder: str) -> str:
    return f"{'You work in a shop for parcels. ' * 200}\nPrimary working directory: {folder}"


def ask_plainly(fake: FakeOllama, proxy: Proxy, messages: list[Message]) -> str:
    """Send messages as a client that names no session."""
    body = {"model": MODEL, "max_tokens": 500, "messages": messages}
    assert proxy.client.post("/v1/messages", json=body).status_code == 200
    return fake.prompt_of(fake.chats[-1])


def test_a_conversation_that_begins_alike_is_another_one(fake: FakeOllama) -> None:
    """Clients that name no session are known by how they begin."""
    secret = user_message("The password of the zebra finch is 4711.")
    with start(fake) as proxy:
        first = [user_message(long_beginning("/a")), {"role": "assistant", "content": "Yes."}]
        ask_plainly(fake, proxy, [*first, secret])
        second = [user_message(long_beginning("/b")), first[1]]
        question = user_message("What is the password of the zebra finch?")
        prompt = ask_plainly(fake, proxy, [*second, question])
    assert "4711" not in prompt


def test_another_beginning_of_a_session_is_no_compaction(fake: FakeOllama) -> None:
    """Such as a subagent's, of a client that does not tell its agents apart."""
    writer = begin(13)
    text = tell_yesterday(writer)
    with start(fake) as proxy:
        send_as_client(proxy, [*writer.messages, user_message("Thanks.")])
        prompt = prompt_for(
            fake, proxy, [user_message("Search the log for the glyph cache of Kirkenes.")]
        )
    assert text not in prompt


def test_what_fits_is_not_cut_for_what_may_be_found(fake: FakeOllama) -> None:
    """The room is nearly full, and other sessions of the folder are searched."""
    yesterday, today = begin(14), begin(15)
    tell_yesterday(yesterday)
    question = user_message("What did the log say about the glyph cache of Kirkenes?")
    with start(fake, recall="project") as proxy:
        send_as_client(proxy, [*yesterday.messages, user_message("Thanks.")], "yesterday")
        for _ in range(60):
            work(today, 1000)
            headers = send_as_client(proxy, [*today.messages, question], "today").headers
            if "x-ocp-memory" in headers and "left=0 shortened=0" not in headers["x-ocp-memory"]:
                break
            length = len(fake.prompt_of(fake.chats[-1])) // 4
    budget = WINDOW - 2048 - WINDOW // 50
    assert length > 0.9 * budget
