"""Edits are compared with the files of the conversation before the client sees them."""

from collections.abc import Iterator

import pytest

from support.edit_session import PATH, TEXT, Shown, cart, edit, edited, send
from support.fake_answers import Call, RawText
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.file_session import FileSession, written_call
from support.proxy import Proxy
from support.recordings import replays


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        yield ollama


SLIPS = {
    "line numbers": (
        "7\t            return sum(items)\n8\t        return 0",
        "7\t            return max(items)\n8\t        return 0",
        "            return sum(items)\n        return 0",
        "            return max(items)\n        return 0",
    ),
    "white space at the end": (
        "import os  \n\nclass Cart: ",
        "import sys  \n\nclass Cart: ",
        "import os\n\nclass Cart:",
        "import sys\n\nclass Cart:",
    ),
    "tabs for spaces": (
        "\tdef show(self):\n\t\tprint(",
        "\tdef show(self):\n\t\tx = 1\n\t\tprint(",
        "    def show(self):\n        print(",
        "    def show(self):\n        x = 1\n        print(",
    ),
    "spaces for a tab": ("    # tabs\n", "    # spaces\n", "\t# tabs\n", "\t# spaces\n"),
    "indentation": (
        "def show(self):\n    print(",
        "def show(self):\n    if self:\n        print(",
        "    def show(self):\n        print(",
        "    def show(self):\n        if self:\n            print(",
    ),
    "CRLF": (
        "import os\r\n\r\nclass Cart",
        "import re\r\n\r\nclass Cart",
        "import os\n\nclass Cart",
        "import re\n\nclass Cart",
    ),
    "quotes": (
        '"""Sum of it’s “items”."""',  # noqa: RUF001  # the slip
        '"""Sum of all “items”."""',
        '"""Sum of it\'s "items"."""',
        '"""Sum of all "items"."""',
    ),
    "escapes": (
        'items):\\n        \\"\\"\\"Sum',
        'things):\\n        \\"\\"\\"Sum',
        'items):\n        """Sum',
        'things):\n        """Sum',
    ),
    "entities": (
        "if 0 &lt; len(items) and items:",
        "if 1 &lt; len(items) &amp; 3:",
        "if 0 < len(items) and items:",
        "if 1 < len(items) & 3:",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_is_there_up_to_a_slip_is_replaced_by_what_is_there(
    fake: FakeOllama, proxy: Proxy, slip: str
) -> None:
    old, new, real_old, real_new = SLIPS[slip]
    shown = edited(fake, proxy, cart(), old, new)
    assert shown.change == (real_old, real_new)
    assert shown.counts == "read=1 repaired=1 edits=1"
    assert shown.arguments.keys() == {"file_path", "old_string", "new_string"}


LEFT_ALONE = {
    "it is there": (cart(), "return sum(items)", "return 1"),
    "it is there, though other places are alike": (cart(), "  if 0 <", "  if 1 <"),
    "both texts are equal": (cart(), "import  os ", "import  os "),
    "nothing is like it": (cart(), "def never(self):\n    pass", "x"),
    "the file was not read": (FileSession(), "import os \n\nclass Cart", "x"),
    "the file could not be read": (
        FileSession().call("Read", "File does not exist.", failed=True, file_path=PATH),
        "import os \n\nclass Cart",
        "x",
    ),
    "a command may have changed it": (cart().bash("sed -i s/0/1/ cart.py"), "import os \n\n", "x"),
    "a script that writes may have changed it": (
        cart()
        .call("Write", "Done.", file_path="/home/u/shop/mend.py", content="open('cart.py', 'w')")
        .bash("python mend.py"),
        "import os \n\n",
        "x",
    ),
    "a script that was not seen may have changed it": (
        cart().bash("python mend.py"),
        "import os \n\n",
        "x",
    ),
    "another agent may have changed it": (
        cart().call("Task", "Done.", prompt="Mend it."),
        "import os \n\n",
        "x",
    ),
    "the client says that it was changed": (
        cart().say(f"<system-reminder>Note: {PATH} was modified by a linter.</system-reminder>"),
        "import os \n\n",
        "x",
    ),
    "an edit of it cannot be followed": (cart().edit(PATH, "gone", "x"), "import os \n\n", "x"),
}


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_an_edit_is_left_alone(fake: FakeOllama, proxy: Proxy, case: str) -> None:
    session, old, new = LEFT_ALONE[case]
    shown = edited(fake, proxy, session, old, new)
    assert shown == Shown({"file_path": PATH, "old_string": old, "new_string": new}, "read=1")


FOLLOWED = {
    "a file that was written": FileSession().call("Write", "Done.", file_path=PATH, content=TEXT),
    "a run of a script that was seen": cart().bash(f"cd /home/u/shop && python3 {PATH} 2>&1"),
    "commands that only read": cart().bash("cd /srv && grep -n x a.py | head -3; git diff 2>&1"),
    "an edit that failed": cart().edit(PATH, "import os", "x", failed=True),
    "what was edited since": FileSession()
    .read(PATH, TEXT.replace("import os", "import re"))
    .edit(PATH, "import re", "import os"),
    "what was read again": FileSession().read(PATH, "import re\n").bash("make").read(PATH, TEXT),
    "a part that was read": FileSession().read(PATH, "import os\n\nclass Cart:", limit=3),
    "two parts that touch": FileSession()
    .read(PATH, "import os\n", limit=2)
    .read(PATH, "class Cart:\n    def total(", 3, offset=3, limit=2),
    "a reminder behind the lines": FileSession().call(
        "Read", "1\timport os\n2\t\n3\tclass Cart:\n\n<system-reminder>\nx\n", file_path=PATH
    ),
    "the form of older versions": FileSession().call(
        "Read", "     1→import os\n     2→\n     3→class Cart:", file_path=PATH
    ),
    "a result of blocks": FileSession().call(
        "Read", [{"type": "text", "text": "1\timport os\n2\t\n3\tclass Cart:"}], file_path=PATH
    ),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_a_file_is_known_from_all_that_was_done_to_it(
    fake: FakeOllama, proxy: Proxy, case: str
) -> None:
    shown = edited(fake, proxy, FOLLOWED[case], "import os \n\nclass Cart:", "class Cart:")
    assert shown.change == ("import os\n\nclass Cart:", "class Cart:")


def test_what_is_in_no_part_that_was_read_may_be_elsewhere(fake: FakeOllama, proxy: Proxy) -> None:
    session = FileSession().read(PATH, "import os\n\nclass Cart:", limit=3)
    session.call("Bash", "import os \n", command="grep import cart.py")
    shown = edited(fake, proxy, session, "import os ", "import re")
    assert shown.change == ("import os ", "import re")


def test_all_places_may_be_meant(fake: FakeOllama, proxy: Proxy) -> None:
    fake.script(answer(RawText(edit("return 0", "return 1", replace_all=True))))
    assert send(proxy, cart()).change == ("return 0", "return 1")
    fake.script(answer(RawText(edit("return 0;&amp;", "no", replace_all=True))))
    session = FileSession().read(PATH, "return 0;&\nreturn 0;&\n")
    assert send(proxy, session).change == ("return 0;&", "no")


def test_it_can_be_switched_off(fake: FakeOllama) -> None:
    with Proxy(fake.url, edit_repair=False) as proxy:
        old, new, _, _ = SLIPS["entities"]
        assert edited(fake, proxy, cart(), old, new) == Shown(
            {"file_path": PATH, "old_string": old, "new_string": new}, "read=1"
        )


def test_calls_that_ollama_reads_are_repaired(fake: FakeOllama, proxy: Proxy) -> None:
    old, new, real_old, real_new = SLIPS["line numbers"]
    fake.script(answer(Call("Edit", {"file_path": PATH, "old_string": old, "new_string": new})))
    shown = send(proxy, cart(), model="glm-4.7:9b")
    assert shown.change == (real_old, real_new)
    assert shown.counts == "native=1 repaired=1 edits=1"


def test_repairs_are_counted_in_health_and_noted(fake: FakeOllama, proxy: Proxy) -> None:
    edited(fake, proxy, cart(), *SLIPS["entities"][:2])
    assert proxy.client.get("/health").json()["calls"]["edits"] == 1


def test_each_edit_of_a_call_is_compared_with_what_those_before_it_leave(
    fake: FakeOllama, proxy: Proxy
) -> None:
    edits = [
        {"old_string": "import os \n", "new_string": "import re\n"},
        {"old_string": "import  re", "new_string": "import sys"},
        {"old_string": "import re\r\n", "new_string": "import io\r\n"},
    ]
    fake.script(answer(RawText(written_call("MultiEdit", file_path=PATH, edits=edits[::2]))))
    assert send(proxy, cart()).arguments["edits"] == [
        {"old_string": "import os\n", "new_string": "import re\n"},
        {"old_string": "import re\n", "new_string": "import io\n"},
    ]
    fake.script(answer(RawText(written_call("MultiEdit", file_path=PATH, edits=edits[:2]))))
    assert send(proxy, cart()).arguments["edits"] == edits[:2]


def test_an_edit_is_compared_with_what_the_calls_before_it_in_the_answer_leave(
    fake: FakeOllama, proxy: Proxy
) -> None:
    first = edit("    def show(self):\n        print", "  def show(self):\n    print")
    second = ("  def show(self):\n    print", "def show(self):\n  print")
    fake.script(answer(RawText(f"{first}\n{edit(*second)}")))
    shown = send(proxy, cart())
    assert shown == Shown(
        {"file_path": PATH, "old_string": second[0], "new_string": second[1]}, "read=2"
    )
    command = written_call("Bash", command="ruff format cart.py")
    fake.script(answer(RawText(f"{command}\n{edit('import os ', 'x')}")))
    assert send(proxy, cart()).change == ("import os ", "x")


def test_the_text_editor_of_anthropic_is_repaired(fake: FakeOllama, proxy: Proxy) -> None:
    name = "str_replace_based_edit_tool"
    session = FileSession().call(name, "1: import os\n2: x = 1\n", command="view", path=PATH)
    call = {"command": "str_replace", "path": PATH, "old_str": "1: import os\n2: x"}
    fake.script(answer(RawText(written_call(name, **call, new_str="1: import os\n2: y"))))
    tools = [{"type": "text_editor_20250728", "name": name}]
    reply = proxy.create_message(tools=tools, messages=session.messages).json()
    assert reply["content"][-1]["input"] == call | {
        "old_str": "import os\nx",
        "new_str": "import os\ny",
    }


TOKENS = "A = 1\nEND = '<|im_end|>'\nMARKED = '<\u200b|im_end|>'\n"


@pytest.mark.parametrize(
    ("old", "real_old"),
    [
        ("END = '<\u200b|im_end|>'\nM", "END = '<|im_end|>'\nM"),
        ("A = 1 \nEND = '<\u200b|im_", "A = 1\nEND = '<|im_"),
        ("|>'\nMARKED = '<|im_end|>'\n", "|>'\nMARKED = '<\u200b|im_end|>'\n"),
    ],
)
def test_the_mark_in_control_tokens_is_a_slip_too(
    fake: FakeOllama, proxy: Proxy, old: str, real_old: str
) -> None:
    shown = edited(fake, proxy, FileSession().read(PATH, TOKENS), old, "x = 1")
    assert shown.change == (real_old, "x = 1")


def test_the_files_of_the_real_client_are_known(fake: FakeOllama, proxy: Proxy) -> None:
    """The sixth request of a recorded session, which has read and edited `app.py`."""
    recorded = next(one["body"] for one in replays() if one["file"] == "s01_unknown_model_06.json")
    path = "/home/user/code/proj0/e03_qwen/app.py"
    slipped = edit("2\t    return a + b + 0 ", "2\t    return a + b ", path)
    fake.script(answer(RawText(slipped)))
    reply = proxy.create_message(**{**recorded, "model": "qwen2.5-coder:7b", "stream": False})
    (call,) = (block for block in reply.json()["content"] if block["type"] == "tool_use")
    assert call["input"] == {
        "file_path": path,
        "old_string": "    return a + b + 0",
        "new_string": "    return a + b",
    }


def test_what_left_the_prompt_is_known(fake: FakeOllama) -> None:
    session = cart()
    for number in range(40):
        session.call("Bash", f"{number} " + "lines of a log. " * 150, command=f"cat {number}.log")
    with Proxy(fake.url, num_ctx=8192, recall="off") as proxy:
        shown = edited(fake, proxy, session, *SLIPS["entities"][:2])
        prompt = fake.prompt_of(fake.chats[-1])
    assert "Sum of it's" not in prompt
    assert shown.change == SLIPS["entities"][2:]
