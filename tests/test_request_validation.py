"""Malformed requests are refused in the words of Anthropic; broken characters are repaired."""

import pytest

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build_plan import build_plan
from ollama_claude_proxy.wire.anthropic import parse_request
from support.plan_requests import make_profile


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b'{"messages":[]}', "model: Field required"),
        (b'{"model":"m","messages":[]}', "messages: at least one message is required"),
        (b'{"model":"m","messages":{}}', "messages: Input should be a valid list"),
        (b'{"model":1,"messages":[]}', "model: Input should be a valid string"),
        (
            b'{"model":"m","messages":[{"role":"user"}]}',
            "messages.0.content: Field required",
        ),
        (
            b'{"model":"m","messages":[{"role":"robot","content":""}]}',
            "messages.0.role: Input should be 'user', 'assistant' or 'system'",
        ),
        (
            b'{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}',
            "messages.0.content.0.text: Field required",
        ),
        (
            b'{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}',
            "messages.0.content.0.type: Field required",
        ),
        (
            b'{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use",%s}]}]}'
            % b'"id":"t","name":"n","input":"x"',
            "messages.0.content.0.input: Input should be a valid dictionary",
        ),
        (b'{"model":"m","max_tokens":"x","messages":[]}', "max_tokens: Input should be"),
    ],
)
def test_a_malformed_request_is_refused_in_anthropics_words(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        build_plan(parse_request(body), make_profile(), Policy(window=8192))
    assert message in refused.value.message


def test_half_an_emoji_and_broken_utf8_are_repaired_and_nothing_else_is() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user",'
        b'"content":"a\\ud83d b \\\\ud83d \\ud83d\\ude00 \xff"}]}'
    )
    content = parse_request(body).messages[0].raw
    assert content == "a� b \\ud83d \U0001f600 �"
