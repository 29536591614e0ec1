"""Paths that differ from the one that was seen by case, `/`, `./` or the working directory."""

from collections.abc import Iterator

import pytest

from support.fake_answers import RawText
from support.fake_models import library
from support.fake_ollama import FakeOllama, answer
from support.file_session import ENVIRONMENT, TOOLS, FileSession, written_call
from support.proxy import Proxy

READ_PATH = "/home/u/shop/src/Cart.py"
LISTED_PATH = "/home/u/shop/docs/README.md"
OTHER_PATH = "/home/u/lib/a.py"


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library()) as ollama:
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def session() -> FileSession:
    return (
        FileSession(f"See {OTHER_PATH}, please.")
        .read(READ_PATH, "x = 1\n")
        .call("Bash", f"{LISTED_PATH}\n/home/u/shop/docs/old/README.md:3: x", command="ls")
        .call("Read", "No such file: /home/u/shop/src/cart.py", failed=True, file_path="/srv/no.py")
    )


CASES = {
    "as it was seen": (READ_PATH, READ_PATH),
    "case": ("/home/u/shop/src/cart.py", READ_PATH),
    "no slash": ("home/u/shop/src/Cart.py", READ_PATH),
    "from here": ("./src/Cart.py", READ_PATH),
    "without the folder": ("src/Cart.py", READ_PATH),
    "a slash for the folder": ("/src/Cart.py", READ_PATH),
    "two slips": ("src/cart.py", READ_PATH),
    "in a result": ("docs/README.md", LISTED_PATH),
    "in what the user said": ("home/u/lib/a.py", OTHER_PATH),
    "an unknown one": ("/home/u/shop/src/new.py", "/home/u/shop/src/new.py"),
    "the end of another": ("Cart.py", "Cart.py"),
    "the beginning of another": ("/home/u/shop/src/Cart", "/home/u/shop/src/Cart"),
    "one that did not work": ("srv/no.py", "srv/no.py"),
}
WRITES = {
    "a new file": ("/home/u/shop/src/cart.py", "/home/u/shop/src/cart.py"),
    "a slash for the folder": ("/src/Cart.py", "/src/Cart.py"),
    "no slash": ("home/u/shop/src/Cart.py", READ_PATH),
    "from here": ("./src/Cart.py", READ_PATH),
    "without the folder": ("src/Cart.py", READ_PATH),
    "relative and new": ("src/new.py", "src/new.py"),
}


def path_of(fake: FakeOllama, proxy: Proxy, name: str, **arguments: str) -> str:
    """Return the path that the client gets."""
    fake.script(answer(RawText(written_call(name, **arguments))))
    reply = proxy.create_message(
        tools=TOOLS, system=ENVIRONMENT, messages=session().messages, stream=False
    )
    is_repaired = reply.json()["content"][-1]["input"]["file_path"] != arguments["file_path"]
    assert reply.headers["x-ocp-calls"] == (
        "read=1 repaired=1 edits=1" if is_repaired else "read=1"
    )
    path: str = reply.json()["content"][-1]["input"]["file_path"]
    return path


@pytest.mark.parametrize("case", CASES)
def test_a_path_that_is_read_or_edited(fake: FakeOllama, proxy: Proxy, case: str) -> None:
    written, meant = CASES[case]
    assert path_of(fake, proxy, "Read", file_path=written) == meant
    assert (
        path_of(fake, proxy, "Edit", file_path=written, old_string="x = 1", new_string="y") == meant
    )


@pytest.mark.parametrize("case", WRITES)
def test_a_path_that_is_written(fake: FakeOllama, proxy: Proxy, case: str) -> None:
    written, meant = WRITES[case]
    assert path_of(fake, proxy, "Write", file_path=written, content="x") == meant


def test_of_two_paths_none_is_chosen(fake: FakeOllama, proxy: Proxy) -> None:
    messages = session().read("/home/u/shop/src/CART.py", "").messages
    call = written_call("Read", file_path="/home/u/shop/src/cart.py")
    fake.script(answer(RawText(call)))
    reply = proxy.create_message(tools=TOOLS, system=ENVIRONMENT, messages=messages)
    assert reply.json()["content"][-1]["input"]["file_path"] == "/home/u/shop/src/cart.py"
