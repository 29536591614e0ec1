"""Whatever a model writes and however it is chunked: nothing is lost, and the outcome is equal."""

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from support.call_reading import calls, chunks, raw_text, read, shown_text

TOOLS = Toolbox(
    OfferedTool(
        name,
        {
            "type": "object",
            "properties": {key: {"type": "string"} for key in keys},
            "required": keys,
            "additionalProperties": False,
        },
    )
    for name, keys in {"Read": ["file_path"], "Bash": ["command"]}.items()
)
FRAGMENTS = st.sampled_from(
    [
        "<tool_call>",
        "</tool_call>",
        "<function=Bash>",
        "<parameter=command>",
        "</parameter>",
        "</function>",
        "```json\n",
        "```\n",
        "```",
        "`",
        '{"name": "Read", "arguments": {"file_path": "/a"}}',
        '{"name": "Read", "arguments": {"file_path": "/a',
        '{"a": [1, {"name": "Bash"}]}',
        "[Read(file_path='/a')]",
        "[TOOL_CALLS]",
        "Action: Bash\nAction Input: ",
        "<|python_tag|>",
        "<invoke name=",
        "functools[",
        "\n",
        "\n\n",
        "for example:\n",
        "Sure. ",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "<",
        "I'll read it:\n",
        "é🙂",
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=12))).map("".join)
# No character that may begin a call, a fence or a tool's name, or end a tag, and no line break.
PLAIN = st.text(st.characters(exclude_characters="<>{[]`\n *", exclude_categories=["L", "Cs"]))


def outcome(parts: list[str]) -> tuple[str, list[Any]]:
    outputs = read(parts, TOOLS)
    made = [(call.name, call.arguments, call.problem) for call in calls(outputs)]
    return shown_text(outputs), made


@given(text=PLAIN)
def test_text_without_a_marker_passes_at_once_and_unchanged(text: str) -> None:
    assert read([text], TOOLS) == ([text] if text else [])


@settings(max_examples=500)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 400), max_size=12))
def test_the_outcome_is_the_same_under_any_chunking(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    whole = outcome([text])
    assert outcome([text[a:b] for a, b in itertools.pairwise(edges)]) == whole
    assert outcome(chunks(text, 1)) == whole


@settings(max_examples=500)
@given(text=TEXTS.map(lambda text: text.replace("</", "<")), size=st.integers(1, 40))
def test_nothing_is_lost_and_the_order_stays(text: str, size: int) -> None:
    assert raw_text(read(chunks(text, size), TOOLS)) == text


@given(text=TEXTS, size=st.integers(1, 40))
def test_a_text_that_was_cut_off_is_all_there(text: str, size: int) -> None:
    outputs = read(chunks(text.replace("</", "<"), size), TOOLS, cut=True)
    assert raw_text(outputs) == text.replace("</", "<")
