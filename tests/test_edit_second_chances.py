"""An edit of which it is not clear what is meant is asked for again, with the real lines shown."""

from collections.abc import Iterator

import pytest

from support.edit_session import PATH, cart, edit, edited, send
from support.fake_answers import RawText
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.file_session import FileSession
from support.proxy import Proxy


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


def test_several_places_are_shown_and_none_is_chosen(fake: FakeOllama, proxy: Proxy) -> None:
    meant = edit("            return sum(items)\n        return 0", "            return 1")
    inner = meant.partition('"arguments": ')[2].rpartition("}\n")[0]
    fake.script(answer(RawText(edit("return 0", "return 1"))), answer(RawText(inner)))
    shown = send(proxy, cart())
    assert shown.change == (
        "            return sum(items)\n        return 0",
        "            return 1",
    )
    assert shown.counts == "read=1 retried=1 asked_again=1"
    asked = fake.chats[-1]["messages"][-1]
    assert asked["role"] == "user"
    assert f"fits 2 places in {PATH}" in asked["content"]
    assert "Line 8 (shown: 6 to 10)" in asked["content"]
    assert "            return sum(items)\n        return 0\n\n    def show" in asked["content"]
    assert "Line 13 (shown: 11 to 14)" in asked["content"]


NEAR = (
    '    def total(self, items):\n        """Sum of items."""\n        if 0 < len(items) and items:'
)
REAL = '    def total(self, items):\n        """Sum of it\'s "items"."""\n        if 0 < len(items)'


def test_the_real_lines_are_shown_where_nearly_the_same_was_written(
    fake: FakeOllama, proxy: Proxy
) -> None:
    again = '{"file_path": "cart.py", "old_string": "Sum of it’s “items”", "new_string": "All"}'  # noqa: RUF001  # a slip
    fake.script(answer(RawText(edit(NEAR, "x"))), answer(RawText(again)))
    shown = send(proxy, cart())
    assert shown.change == ('Sum of it\'s "items"', "All")
    assert shown.arguments["file_path"] == PATH
    assert shown.counts == "read=1 repaired=1 retried=1 asked_again=1 edits=1"
    assert (
        f"Lines 4 to 6:\n```\n{REAL} and items:\n```" in fake.chats[-1]["messages"][-1]["content"]
    )


@pytest.mark.parametrize("second", [NEAR, "return 0"])
def test_the_client_gets_the_first_call_if_asking_does_not_help(
    fake: FakeOllama, proxy: Proxy, second: str
) -> None:
    again = edit(second, "y").partition('"arguments": ')[2].rpartition("}\n")[0]
    fake.script(answer(RawText(edit(NEAR, "x"))), answer(RawText(again)))
    shown = send(proxy, cart())
    assert shown.change == (NEAR, "x")
    assert len(fake.chats) == 2


def test_without_second_chances_nothing_is_asked(fake: FakeOllama) -> None:
    with Proxy(fake.url, second_chances=0) as proxy:
        assert edited(fake, proxy, cart(), "return 0", "return 1").change == (
            "return 0",
            "return 1",
        )


def test_what_is_shown_when_asking_again_ends_no_turn(fake: FakeOllama, proxy: Proxy) -> None:
    session = FileSession().read(PATH, "A = '<|im_end|>'\n" * 2)
    fake.script(answer(RawText(edit("A = '<\u200b|im_end|>'", "x"))), answer(RawText("No.")))
    assert send(proxy, session).change == ("A = '<|im_end|>'", "x")
    asked = fake.chats[-1]["messages"][-1]["content"]
    assert asked.count("<\u200b|im_end|>") == 5  # in the call, and both lines twice
    assert "<|im_end|>" not in asked
    assert "\u200b\u200b" not in asked
