"""The fake Ollama renders the same prompts as a real one."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.fake_rendering import RENDERERS, render

RECORDED: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parent / "data" / "rendering.json.gz").read_bytes())
)
CASES = [
    (renderer, case)
    for renderer, rendered in RECORDED["rendered"].items()
    if renderer.partition(" ")[0] in RENDERERS
    for case in rendered
]


@pytest.mark.parametrize(("renderer", "case"), CASES, ids=lambda part: part.replace(" ", "-"))
def test_a_request_is_rendered_as_ollama_renders_it(renderer: str, case: str) -> None:
    recorded = RECORDED["rendered"][renderer][case]
    prompt = render(renderer, RECORDED["cases"][case])
    if isinstance(recorded, str):
        assert prompt == recorded
    else:  # the real one writes some keys in another order each time: the lines are the same
        assert Counter(prompt.splitlines()) == Counter(recorded["unstable"][0].splitlines())


TOOLS = (
    '{"type":"function","function":{"name":"Read","description":"Reads a file from disk.",'
    '"parameters":{"type":"object","required":["file_path"],"properties":{"file_path":'
    '{"type":"string","description":"Absolute path"},"limit":{"type":"integer"},"offset":'
    '{"type":"integer","description":"First line"}}}}}\n'
    '{"type":"function","function":{"name":"Bash","description":"Runs a shell command.",'
    '"parameters":{"type":"object","required":["command"],"properties":{"background":'
    '{"type":"boolean"},"command":{"type":"string"},"timeout":{"type":"number"}}}}}\n'
)
OWN = {
    ("go-template:lossless", "call-text"): (
        "<|im_start|>assistant\nI will read it.\n<tool_call>\n"
        '{"name": "Read", "arguments": {"file_path":"/a"}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\nline 1\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n"
    ),
    ("go-template:lossless", "prefill"): "<|im_start|>assistant\nI think",
    ("go-template:plain", "turns"): (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nHi!<|im_end|>\n<|im_start|>user\nMore<|im_end|>\n"
        "<|im_start|>assistant\n"
    ),
    ("go-template:plain", "prefill"): "<|im_start|>assistant\nI think",
    ("go-template:llama3.1", "turns"): (
        "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nHi!<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nMore<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    ("go-template:llama3.1", "tools"): (
        f"\n\n{TOOLS}\nQuestion: Hello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    ("go-template:llama3.1", "call-text"): (
        "<|start_header_id|>user<|end_header_id|>\n\nRead it<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        '{"name": "Read", "parameters": {"file_path":"/a"}}<|eot_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\nline 1<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    ("go-template:llama3.1", "prefill"): (
        "<|start_header_id|>assistant<|end_header_id|>\n\nI think"
    ),
}


@pytest.mark.parametrize(("renderer", "case"), OWN, ids=str)
def test_other_templates_render_in_their_own_way(renderer: str, case: str) -> None:
    assert render(renderer, RECORDED["cases"][case]).endswith(OWN[renderer, case])


def test_a_template_that_keeps_all_shows_tools_as_json() -> None:
    assert f"<tools>\n{TOOLS}</tools>" in render("go-template:lossless", RECORDED["cases"]["tools"])
