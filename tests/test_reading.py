"""What a model writes is read as the calls that it means, and as nothing else.

The cases are data: the text, the tools, the calls that reach the client, and the text that remains.
Texts without calls pass byte for byte; otherwise only white space around a call may differ.
"""

import json
from typing import Any

import pytest

from support.call_reading import DATA, answer_content, calls_of, text_of, toolbox

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for file in sorted(DATA.glob("*.json"))
    if file.name != "tools.json"
    for case in json.loads(file.read_text("utf-8"))
}
CHUNKINGS = ["whole", "byte by byte", "at random"]


def test_the_cases_are_many_and_more_than_a_third_are_no_calls() -> None:
    cases_without_calls = sum(1 for case in CASES.values() if not case["calls"])
    assert len(CASES) >= 400
    assert cases_without_calls >= 150


@pytest.mark.parametrize("how", CHUNKINGS)
@pytest.mark.parametrize("name", CASES)
def test_calls_are_read_and_text_stays_text(name: str, how: str) -> None:
    case = CASES[name]
    tools, reason = toolbox(case["tools"]), case.get("done_reason", "stop")
    content = answer_content(case["text"], tools, how, done_reason=reason)
    text = text_of(content)
    assert calls_of(content) == case["calls"]
    if case["calls"] or not case["text"].strip():
        assert text.split() == case["rest"].split()
    else:
        assert text == case["rest"] == case["text"]
