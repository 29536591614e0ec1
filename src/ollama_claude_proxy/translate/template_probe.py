"""What a template does with a conversation: the probes to render, and how to judge the result.

Ollama renders a request without running the model (`_debug_render_only`). Some short conversations
whose words occur nowhere else show what survives: whether definitions are whole, whether a call
beside text is kept, whether a last turn is left open, whether a turn that is sent back is what the
model wrote, byte for byte.
"""

import json
from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.choose_dialect import choose_dialect
from ollama_claude_proxy.wire.chat import (
    ChatMessage,
    FunctionDefinition,
    ModelRequest,
    ToolCall,
    ToolCallFunction,
    ToolDefinition,
)
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

_NAME = "look_up_zq"
_ARGUMENTS = {"place_zq": "Oslo", "days_zq": 3}
_DEFINITION = FunctionDefinition(
    _NAME,
    'Looks up the "weather_zq".',
    {
        "type": "object",
        "properties": {
            "place_zq": {"type": "string", "description": "City_zq or town"},
            "days_zq": {"type": "integer"},
        },
        "required": ["place_zq"],
    },
)
_TOOL = ToolDefinition("function", _DEFINITION)
_DEFINITION_WORDS = (
    _NAME,
    "weather_zq",
    "place_zq",
    "City_zq or town",
    "days_zq",
    "integer",
    "string",
)
_SYSTEM = ChatMessage("system", "Instructions_zq.")
_USER = ChatMessage("user", "Question_zq?")
_RESULT = ChatMessage("tool", "Result_zq.", tool_name=_NAME)
_CALL = ToolCall(ToolCallFunction(_NAME, _ARGUMENTS))


def _assistant_turn(content: str, *calls: ToolCall) -> ChatMessage:
    return ChatMessage("assistant", content, tool_calls=calls)


def template_probes(profile: ModelProfile) -> Mapping[str, ModelRequest]:
    """Return the conversations to render, by name."""
    tools = (_TOOL,) if profile.tools else ()
    calls = {
        name: ModelRequest(model=profile.name, messages=messages, tools=tools)
        for name, messages in _conversations(profile).items()
    }
    if profile.tools:  # as text, tools come without the field; some templates then differ
        written = _assistant_turn(_written_call(profile))
        without_tools = {
            "text start": (_SYSTEM, _USER),
            "text written": (_SYSTEM, _USER, written, _USER),
        }
        for name, messages in without_tools.items():
            calls[name] = ModelRequest(model=profile.name, messages=messages)
    return calls


def _conversations(profile: ModelProfile) -> dict[str, tuple[ChatMessage, ...]]:
    calls = (_CALL,) if profile.tools else ()
    return {
        "start": (_SYSTEM, _USER),
        "beside": (_SYSTEM, _USER, _assistant_turn("Said_zq.", *calls), _RESULT),
        "written": (_SYSTEM, _USER, _assistant_turn(_written_call(profile)), _RESULT),
        "open": (_USER, _assistant_turn("Begun_zq")),
    }


def judge_template(profile: ModelProfile, rendered: Mapping[str, str]) -> TemplateFacts:
    """Return what the renderings show; a missing one, which Ollama refused, counts against."""
    start, written = rendered.get("start", ""), _written_call(profile)
    beside = rendered.get("beside", "")
    definitions = _is_definition_complete(
        start, own_renderer=profile.render_path.startswith("parser:")
    )
    call_beside_text = "Said_zq." in beside and "Oslo" in beside
    native = definitions and call_beside_text
    return TemplateFacts(
        definitions=definitions,
        call_beside_text=call_beside_text,
        prefill=rendered.get("open", "").rstrip().endswith("Begun_zq"),
        replays_text=_starts_with(rendered, "written", start + written)
        if native or not profile.tools
        else _starts_with(rendered, "text written", rendered.get("text start", "") + written),
    )


def _starts_with(rendered: Mapping[str, str], name: str, beginning: str) -> bool:
    return rendered.get(name, "").startswith(beginning)


def _written_call(profile: ModelProfile) -> str:
    """Return a call as the model itself would write it."""
    return choose_dialect(profile).write_call(_NAME, _ARGUMENTS)


def _is_definition_complete(prompt: str, *, own_renderer: bool) -> bool:
    """Whether a definition is there in full: as JSON, or in the form of Ollama's own renderer."""
    if own_renderer:
        return all(word in prompt for word in _DEFINITION_WORDS)
    decoder = json.JSONDecoder()
    at = prompt.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(prompt, at)
        except ValueError:
            value = None
        if isinstance(value, dict) and _is_definition(value):
            return True
        at = prompt.find("{", at + 1)
    return False


def _is_definition(value: dict[str, Any]) -> bool:
    function = value.get("function", value)
    if not isinstance(function, dict) or function.get("name") != _NAME:
        return False
    return (
        function.get("description") == _DEFINITION.description
        and function.get("parameters") == _DEFINITION.parameters
    )
