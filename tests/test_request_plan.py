"""The body and the options of a request to Ollama."""

from typing import Any

import pytest

from support.chat_body import chat_body
from support.plan_requests import READ_TOOL, make_plan, make_profile, user_message


def test_the_body_puts_what_is_constant_first_and_what_may_change_after_the_messages() -> None:
    body = chat_body(
        make_plan(tools=[READ_TOOL], thinking={"type": "enabled", "budget_tokens": 1024})
    )
    expected = ["model", "think", "tools", "messages", "options", "keep_alive", "truncate"]
    assert list(body) == [*expected, "logprobs", "stream"]
    assert body["truncate"] is False


@pytest.mark.parametrize(
    ("thinking", "effort", "facts", "think"),
    [
        (None, None, {}, False),
        ({"type": "disabled"}, None, {}, False),
        ({"type": "enabled", "budget_tokens": 1024}, None, {}, True),
        ({"type": "adaptive"}, "high", {}, True),
        (None, "high", {}, False),
        ({"type": "adaptive"}, "high", {"capabilities": frozenset({"completion"})}, None),
        ({"type": "adaptive"}, "xhigh", {"render_path": "parser:harmony"}, "high"),
        ({"type": "adaptive"}, None, {"render_path": "parser:harmony"}, "medium"),
        (None, None, {"render_path": "parser:harmony"}, "low"),
    ],
)
def test_thinking_follows_the_request_and_the_abilities_of_the_model(
    thinking: Any, effort: str | None, facts: dict[str, Any], think: Any
) -> None:
    body = chat_body(
        make_plan(make_profile(**facts), thinking=thinking, output_config={"effort": effort})
    )
    assert body.get("think") == think


def test_sampling_is_sent_only_where_the_client_asked_for_it() -> None:
    assert set(chat_body(make_plan())["options"]) == {"num_ctx", "num_predict", "num_keep"}
    options = chat_body(make_plan(temperature=0, top_p=0.5, top_k=3))["options"]
    assert (options["temperature"], options["top_p"], options["top_k"]) == (0, 0.5, 3)


def test_the_reply_is_capped_to_what_is_left_of_the_window() -> None:
    long = make_plan(messages=[user_message("word " * 8000)], max_tokens=32000, window=16384)
    options = chat_body(long)["options"]
    assert options["num_ctx"] == 16384
    assert options["num_predict"] == 16384 - long.prompt_tokens
    assert options["num_keep"] >= long.prompt_tokens


def test_stop_sequences_are_matched_here_because_ollama_does_not_report_which_matched() -> None:
    plan = make_plan(stop_sequences=["END"])
    assert "stop" not in chat_body(plan)["options"]
    assert plan.expectations.stop_sequences == ("END",)


def test_a_json_schema_becomes_the_format_unless_there_are_tools() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    config = {"format": {"type": "json_schema", "schema": schema}}
    assert chat_body(make_plan(output_config=config))["format"] == schema
    assert "format" not in chat_body(make_plan(output_config=config, tools=[READ_TOOL]))


def test_an_ignored_field_is_noted() -> None:
    assert "the field 'container' was ignored" in make_plan(container={"id": "x"}).notes
