"""A session about one file, and what the client gets of an edit of it."""

from typing import Any, NamedTuple

from support.fake_answers import RawText
from support.fake_ollama import FakeOllama, answer
from support.file_session import ENVIRONMENT, TOOLS, FileSession, written_call
from support.proxy import Proxy

PATH = "/home/u/shop/cart.py"
TEXT = '''import os

class Cart:
    def total(self, items):
        """Sum of it's "items"."""
        if 0 < len(items) and items:
            return sum(items)
        return 0

    def show(self):
        print("a\\tb")
\t# tabs
        return 0
'''


def cart() -> FileSession:
    """Return a session that has read the file."""
    return FileSession().read(PATH, TEXT)


class Shown(NamedTuple):
    """What the client gets: the arguments of the last call, and the counts of calls."""

    arguments: dict[str, Any]
    counts: str

    @property
    def change(self) -> tuple[str, str]:
        """What is replaced by what."""
        return self.arguments["old_string"], self.arguments["new_string"]


def send(proxy: Proxy, session: FileSession, **request: Any) -> Shown:
    """Send a session; return what the client gets."""
    reply = proxy.create_message(
        tools=TOOLS, system=ENVIRONMENT, messages=session.messages, **request
    )
    assert reply.status_code == 200, reply.text
    calls = [block for block in reply.json()["content"] if block["type"] == "tool_use"]
    return Shown(calls[-1]["input"], reply.headers["x-ocp-calls"])


def edit(old: str, new: str, path: str = PATH, **more: Any) -> str:
    """Return an edit as a model writes it."""
    return written_call("Edit", file_path=path, old_string=old, new_string=new, **more)


def edited(fake: FakeOllama, proxy: Proxy, session: FileSession, old: str, new: str) -> Shown:
    """Return what the client gets of an edit; nothing may be asked again."""
    fake.script(answer(RawText(edit(old, new))))
    shown = send(proxy, session)
    assert len(fake.chats) == 1
    return shown
