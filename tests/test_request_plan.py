"""What is sent to Ollama for what the client sent."""

from typing import Any

import msgspec
import pytest

from ollama_claude_proxy.errors import InvalidRequest
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build_plan import build_plan
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.wire.anthropic import parse_request
from ollama_claude_proxy.wire.model import ModelProfile

ALL = frozenset({"completion", "tools", "vision", "thinking"})
PIXEL = "iVBORw0KGgo="
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}},
}


def model(**facts: Any) -> ModelProfile:
    return ModelProfile(**({"name": "m:7b", "capabilities": ALL} | facts))


def plan(profile: ModelProfile | None = None, window: int = 32768, **request: Any) -> Plan:
    body = {"model": "claude-x", "max_tokens": 100, "messages": [user("Hi")]} | request
    parsed = parse_request(msgspec.json.encode(body))
    return build_plan(parsed, profile or model(), Policy(window=window))


def user(*content: Any) -> dict[str, Any]:
    blocks = [text(one) if isinstance(one, str) else one for one in content]
    return {"role": "user", "content": blocks}


def assistant(*content: Any) -> dict[str, Any]:
    return user(*content) | {"role": "assistant"}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(identifier: str = "t1", name: str = "Read", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def result(identifier: str = "t1", content: Any = "ok", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **more}


def sent(**request: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = plan(**request).body["messages"]
    return messages


def test_the_body_puts_what_is_constant_first_and_what_may_change_after_the_messages() -> None:
    body = plan(tools=[READ], thinking={"type": "enabled", "budget_tokens": 1024}).body
    expected = ["model", "think", "tools", "messages", "options", "keep_alive", "truncate"]
    assert list(body) == [*expected, "logprobs", "stream"]
    assert body["truncate"] is False


@pytest.mark.parametrize(
    ("system", "instructions"),
    [
        ("Be brief.", "Be brief."),
        ([text("Be brief."), text("Be kind.")], "Be brief.\n\nBe kind."),
        (
            [text("x-anthropic-billing-header: cc_version=2.1.330.abc;"), text("Be brief.")],
            "Be brief.",
        ),
        ([text("Be brief.") | {"cache_control": {"type": "ephemeral"}}], "Be brief."),
    ],
)
def test_instructions_stand_at_the_head(system: Any, instructions: str) -> None:
    assert sent(system=system)[0] == {"role": "system", "content": instructions}


def test_a_string_and_a_block_are_the_same_prompt() -> None:
    as_string = sent(messages=[{"role": "user", "content": "Hi"}])
    assert as_string == sent(messages=[user("Hi")])


def test_a_call_and_its_result_carry_their_names() -> None:
    messages = [user("Read /a"), assistant("Sure.", call(file_path="/a")), user(result())]
    assert sent(messages=messages, tools=[READ])[1:] == [
        {
            "role": "assistant",
            "content": "Sure.",
            "tool_calls": [
                {"id": "t1", "function": {"name": "Read", "arguments": {"file_path": "/a"}}}
            ],
        },
        {"role": "tool", "content": "ok", "tool_name": "Read", "tool_call_id": "t1"},
    ]


def test_parallel_results_stand_in_the_order_of_their_calls() -> None:
    calls = assistant(call("a"), call("b"), call("c"))
    messages = [user("Go"), calls, user(result("c"), result("a"), result("b"))]
    assert [one["tool_call_id"] for one in sent(messages=messages)[2:]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (result(content="oops", is_error=True), "Error: oops"),
        (
            result(content="<tool_use_error>no</tool_use_error>", is_error=True),
            "<tool_use_error>no</tool_use_error>",
        ),
        (result(content=[text("a"), text("b")]), "a\nb"),
        (result(content=None), ""),
        (result(content=[{"type": "new_thing", "x": 1}]), '[block of type new_thing] {"type":'),
    ],
)
def test_results_of_every_form_are_shown(content: dict[str, Any], shown: str) -> None:
    messages = [user("Go"), assistant(call()), user(content)]
    assert sent(messages=messages)[-1]["content"].startswith(shown)


def test_an_image_goes_to_a_model_that_sees() -> None:
    messages = [user("What is it?", IMAGE), assistant(call()), user(result(content=[IMAGE]))]
    seen = sent(messages=messages)
    assert seen[0]["images"] == [PIXEL]
    assert seen[2]["images"] == [PIXEL]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (IMAGE, "cannot see images"),
        ({"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}, "base64"),
    ],
)
def test_an_image_that_cannot_be_shown_is_told_in_its_place(
    image: dict[str, Any], reason: str
) -> None:
    blind = plan(model(capabilities=frozenset({"completion"})), messages=[user("Look", image)])
    message = blind.body["messages"][0]
    assert "images" not in message
    assert reason in message["content"]
    assert any(reason in note for note in blind.notes)


def test_an_image_that_is_no_base64_does_not_spoil_the_history() -> None:
    broken = {"type": "image", "source": IMAGE["source"] | {"data": "!!"}}  # type: ignore[operator]
    message = sent(messages=[user("Look", broken)])[0]
    assert "not base64" in message["content"]


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "document", "source": {"type": "text", "data": "The text."}}, "The text."),
        (
            {"type": "document", "source": {"type": "content", "content": [text("Inside.")]}},
            "Inside.",
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
            "[document of type application/pdf: not shown",
        ),
        (
            {"type": "search_result", "source": "s", "title": "T", "content": [text("Found.")]},
            "T\ns\n\nFound.",
        ),
        ({"type": "surprise", "a": [1]}, '[block of type surprise] {"type":"surprise","a":[1]}'),
    ],
)
def test_other_blocks_are_shown_as_text(block: dict[str, Any], shown: str) -> None:
    assert sent(messages=[user(block)])[0]["content"].startswith(shown)


def test_a_system_message_in_the_middle_becomes_text_of_the_turn_before_it() -> None:
    middle = {"role": "system", "content": "The date is known."}
    reminder = "<system-reminder>\nThe date is known.\n</system-reminder>"
    messages = [user("Hi"), middle, assistant(call()), user(result()), middle]
    shown = sent(messages=messages)
    assert [one["role"] for one in shown] == ["user", "assistant", "tool"]
    assert shown[0]["content"] == f"{reminder}\n\nHi"
    assert shown[2]["content"] == f"ok\n\n{reminder}"


def test_a_reminder_beside_a_result_stays_with_it_and_words_of_the_user_do_not() -> None:
    reminder = "<system-reminder>\nNote.\n</system-reminder>"
    messages = [user("Go"), assistant(call()), user(result(), reminder, "Stop now.")]
    shown = sent(messages=messages)[2:]
    assert [one["content"] for one in shown] == [f"ok\n\n{reminder}", "Stop now."]


@pytest.mark.parametrize(
    ("thinking", "effort", "facts", "think"),
    [
        (None, None, {}, False),
        ({"type": "disabled"}, None, {}, False),
        ({"type": "enabled", "budget_tokens": 1024}, None, {}, True),
        ({"type": "adaptive"}, "high", {}, True),
        (None, "high", {}, False),
        ({"type": "adaptive"}, "high", {"capabilities": frozenset({"completion"})}, None),
        ({"type": "adaptive"}, "xhigh", {"path": "parser:harmony"}, "high"),
        ({"type": "adaptive"}, None, {"path": "parser:harmony"}, "medium"),
        (None, None, {"path": "parser:harmony"}, "low"),
    ],
)
def test_thinking_is_what_was_asked_for_and_what_the_model_can(
    thinking: Any, effort: str | None, facts: dict[str, Any], think: Any
) -> None:
    body = plan(model(**facts), thinking=thinking, output_config={"effort": effort}).body
    assert body.get("think") == think


def test_thinking_of_earlier_turns_goes_to_a_model_that_thinks() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    messages = [user("Go"), assistant(thought, {"type": "redacted_thinking", "data": "x"}, "Yes.")]
    assert sent(messages=messages)[1] == {
        "role": "assistant",
        "content": "Yes.",
        "thinking": "Hm.",
    }
    plain = plan(model(capabilities=frozenset({"completion"})), messages=messages)
    assert "thinking" not in plain.body["messages"][1]


def test_sampling_is_sent_only_where_the_client_asked_for_it() -> None:
    assert set(plan().body["options"]) == {"num_ctx", "num_predict", "num_keep"}
    asked = plan(temperature=0, top_p=0.5, top_k=3).body["options"]
    assert (asked["temperature"], asked["top_p"], asked["top_k"]) == (0, 0.5, 3)


def test_the_reply_is_capped_to_what_is_left_of_the_window() -> None:
    long = plan(messages=[user("word " * 8000)], max_tokens=32000, window=16384)
    options = long.body["options"]
    assert options["num_ctx"] == 16384
    assert options["num_predict"] == 16384 - long.prompt_tokens
    assert options["num_keep"] >= long.prompt_tokens


def test_stop_sequences_are_looked_for_here_because_ollama_does_not_tell_which_hit() -> None:
    planned = plan(stop_sequences=["END"])
    assert "stop" not in planned.body["options"]
    assert planned.expectations.stop_sequences == ("END",)


def deferred(name: str) -> dict[str, Any]:
    return READ | {"name": name, "defer_loading": True}


FOUND = [
    user("Search"),
    assistant(call(name="ToolSearch", query="x")),
    user(result(content=[{"type": "tool_reference", "tool_name": "WebFetch"}])),
]


def names(planned: Plan) -> list[str]:
    return [tool["function"]["name"] for tool in planned.body.get("tools", [])]


def test_a_deferred_tool_is_written_where_it_was_found_and_not_at_the_head() -> None:
    tools = [READ, deferred("WebFetch"), deferred("DeferredToolPlaceholder")]
    planned = plan(model(path="parser:qwen3-coder"), tools=tools, messages=FOUND)
    assert names(planned) == ["Read"]
    assert (
        '{"description":"Reads a file.","name":"WebFetch"' in planned.body["messages"][2]["content"]
    )
    assert set(planned.expectations.toolbox.names) == {"Read", "WebFetch"}


def test_a_deferred_tool_joins_the_list_where_ollama_would_swallow_its_call() -> None:
    tools = [deferred("WebFetch"), deferred("Other"), READ]
    assert names(plan(model(path="go-template"), tools=tools)) == ["Read"]
    found = plan(model(path="go-template"), tools=tools, messages=FOUND)
    assert names(found) == ["Read", "WebFetch"]


def test_a_tool_that_runs_at_anthropic_is_left_out_and_the_model_is_told() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    planned = plan(tools=[search])
    assert "tools" not in planned.body
    assert "web_search cannot be used here" in planned.body["messages"][-1]["content"]
    assert any("web_search" in note for note in planned.notes)


def test_a_tool_that_anthropic_defines_and_the_client_runs_gets_its_schema() -> None:
    planned = plan(tools=[{"type": "bash_20250124", "name": "bash"}])
    properties = planned.body["tools"][0]["function"]["parameters"]["properties"]
    assert list(properties) == ["command", "restart"]


def test_a_model_without_tools_is_shown_tools_calls_and_results_as_text() -> None:
    plain = model(capabilities=frozenset({"completion"}))
    messages = [user("Go"), assistant("Sure.", call(file_path="/a")), user(result())]
    planned = plan(plain, tools=[READ], messages=messages)
    assert "tools" not in planned.body
    system, _, said, told = planned.body["messages"]
    assert '"name": "Read"' in system["content"]
    assert said == {
        "role": "assistant",
        "content": 'Sure.\n```json\n{"name": "Read", "arguments": {"file_path": "/a"}}\n```',
    }
    assert told == {"role": "user", "content": "[result of Read]\nok"}


def test_a_json_schema_becomes_the_format_unless_there_are_tools() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    config = {"format": {"type": "json_schema", "schema": schema}}
    assert plan(output_config=config).body["format"] == schema
    assert "format" not in plan(output_config=config, tools=[READ]).body


def test_an_ignored_field_is_noted() -> None:
    assert "the field 'container' was ignored" in plan(container={"id": "x"}).notes


@pytest.mark.parametrize(
    ("body", "words"),
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
def test_a_malformed_request_is_refused_in_anthropics_words(body: bytes, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        build_plan(parse_request(body), model(), Policy(window=8192))
    assert words in refused.value.message


def test_half_an_emoji_and_broken_utf8_are_mended_and_nothing_else_is() -> None:
    body = (
        b'{"model":"m","messages":[{"role":"user",'
        b'"content":"a\\ud83d b \\\\ud83d \\ud83d\\ude00 \xff"}]}'
    )
    content = parse_request(body).request.messages[0].content
    assert content == "a� b \\ud83d \U0001f600 �"
