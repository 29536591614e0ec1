"""Which tools are offered to the model, and how they are shown."""

from typing import Any

from ollama_claude_proxy.translate.request.plan import Plan
from support.chat_body import chat_body
from support.plan_requests import (
    READ_TOOL,
    assistant_message,
    make_plan,
    make_profile,
    tool_result,
    tool_use,
    user_message,
)


def deferred(name: str) -> dict[str, Any]:
    return READ_TOOL | {"name": name, "defer_loading": True}


SEARCH_TURNS = [
    user_message("Search"),
    assistant_message(tool_use(name="ToolSearch", query="x")),
    user_message(tool_result(content=[{"type": "tool_reference", "tool_name": "WebFetch"}])),
]


def offered_names(plan: Plan) -> list[str]:
    return [tool["function"]["name"] for tool in chat_body(plan).get("tools", [])]


def test_a_deferred_tool_is_defined_where_it_was_found_and_not_at_the_head() -> None:
    tools = [READ_TOOL, deferred("WebFetch"), deferred("DeferredToolPlaceholder")]
    plan = make_plan(
        make_profile(render_path="parser:qwen3-coder"), tools=tools, messages=SEARCH_TURNS
    )
    assert offered_names(plan) == ["Read"]
    assert (
        '{"description":"Reads a file.","name":"WebFetch"'
        in chat_body(plan)["messages"][2]["content"]
    )
    assert set(plan.expectations.toolbox.names) == {"Read", "WebFetch"}


def test_a_deferred_tool_joins_the_list_if_ollama_would_swallow_its_call() -> None:
    tools = [deferred("WebFetch"), deferred("Other"), READ_TOOL]
    assert offered_names(make_plan(make_profile(render_path="go-template"), tools=tools)) == [
        "Read"
    ]
    found = make_plan(make_profile(render_path="go-template"), tools=tools, messages=SEARCH_TURNS)
    assert offered_names(found) == ["Read", "WebFetch"]


def test_a_tool_that_runs_at_anthropic_is_left_out_and_the_model_is_told() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
    plan = make_plan(tools=[search])
    assert "tools" not in chat_body(plan)
    assert "web_search cannot be used here" in chat_body(plan)["messages"][-1]["content"]
    assert any("web_search" in note for note in plan.notes)


def test_a_tool_that_anthropic_defines_and_the_client_runs_gets_its_schema() -> None:
    plan = make_plan(tools=[{"type": "bash_20250124", "name": "bash"}])
    properties = chat_body(plan)["tools"][0]["function"]["parameters"]["properties"]
    assert list(properties) == ["command", "restart"]


def test_a_model_without_tools_is_shown_tools_calls_and_results_as_text() -> None:
    plain = make_profile(capabilities=frozenset({"completion"}))
    messages = [
        user_message("Go"),
        assistant_message("Sure.", tool_use(file_path="/a")),
        user_message(tool_result()),
    ]
    plan = make_plan(plain, tools=[READ_TOOL], messages=messages)
    assert "tools" not in chat_body(plan)
    system, _, answer, result = chat_body(plan)["messages"]
    assert '"name": "Read"' in system["content"]
    assert answer == {
        "role": "assistant",
        "content": 'Sure.\n```json\n{"name": "Read", "arguments": {"file_path": "/a"}}\n```',
    }
    assert result == {"role": "user", "content": "[result of Read]\nok"}
