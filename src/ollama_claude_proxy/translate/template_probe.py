"""What a template does with a conversation: sentinels to have rendered, and how to read the result.

Ollama renders a request without running the model (`_debug_render_only`). Some short conversations
whose words occur nowhere else tell what survives: whether definitions are whole, whether a call
beside text is kept, where a system message in the middle goes, whether a turn that is sent back is
what the model wrote, byte for byte.
"""

import json
from collections.abc import Mapping
from typing import Any

from ollama_claude_proxy.translate.tools.dialects.recognise import dialect_of
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

_NAME = "look_up_zq"
_ARGUMENTS = {"place_zq": "Oslo", "days_zq": 3}
_TOOL = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": 'Looks up the "weather_zq".',
        "parameters": {
            "type": "object",
            "properties": {
                "place_zq": {"type": "string", "description": "City_zq or town"},
                "days_zq": {"type": "integer"},
            },
            "required": ["place_zq"],
        },
    },
}
_WORDS = (_NAME, "weather_zq", "place_zq", "City_zq or town", "days_zq", "integer", "string")
_SYSTEM = {"role": "system", "content": "Instructions_zq."}
_USER = {"role": "user", "content": "Question_zq?"}


def _result(text: str) -> dict[str, Any]:
    return {"role": "tool", "content": text, "tool_name": _NAME}


def _turn(content: str, calls: int = 0, **more: str) -> dict[str, Any]:
    call = {"function": {"name": _NAME, "arguments": _ARGUMENTS}}
    turn: dict[str, Any] = {"role": "assistant", "content": content, **more}
    return turn | {"tool_calls": [call] * calls} if calls else turn


def sentinels(profile: ModelProfile) -> Mapping[str, dict[str, Any]]:
    """Give the conversations to render, as fields of a `/api/chat` body."""
    written = _written(profile)
    tools = {"tools": [_TOOL]} if profile.tools else {}
    calls = 1 if profile.tools else 0
    conversations: dict[str, tuple[dict[str, Any], ...]] = {
        "start": (_SYSTEM, _USER),
        "beside": (_SYSTEM, _USER, _turn("Said_zq.", calls), _result("First_zq.")),
        "called": (_SYSTEM, _USER, _turn("", calls), _result("First_zq.")),
        "results": (
            _SYSTEM,
            _USER,
            _turn("", 2 * calls),
            _result("First_zq."),
            _result("Second_zq."),
        ),
        "written": (_SYSTEM, _USER, _turn(written), _result("First_zq.")),
        "middle": (
            _SYSTEM,
            _USER,
            _turn("Said_zq."),
            {"role": "system", "content": "Later_zq."},
            {"role": "user", "content": "Next_zq?"},
        ),
        "open": (_USER, _turn("Begun_zq")),
    }
    if profile.thinking:
        thought = _turn("", calls, thinking="Thought_zq.")
        conversations["thought"] = (_SYSTEM, _USER, thought, _result("First_zq."))
    bodies = {name: {"messages": list(turns), **tools} for name, turns in conversations.items()}
    if profile.tools:  # as text, tools come without the field; some templates then differ
        bodies["text start"] = {"messages": [_SYSTEM, _USER]}
        bodies["text written"] = {"messages": [_SYSTEM, _USER, _turn(written), _USER]}
    return bodies


def facts_of(profile: ModelProfile, rendered: Mapping[str, str]) -> TemplateFacts:
    """Judge the renderings; one that is missing, for Ollama refused it, speaks against."""
    start, written = rendered.get("start", ""), _written(profile)
    beside = rendered.get("beside", "")
    definitions = _whole(start, own_renderer=profile.path.startswith("parser:"))
    call_beside_text = "Said_zq." in beside and "Oslo" in beside
    native = definitions and call_beside_text
    return TemplateFacts(
        definitions=definitions,
        call_beside_text=call_beside_text,
        results_in_order=_in_order(rendered.get("results", ""), "First_zq.", "Second_zq."),
        prefill=rendered.get("open", "").rstrip().endswith("Begun_zq"),
        system=_place(rendered.get("middle", "")),
        thinking="Thought_zq." in rendered.get("thought", ""),
        replays_calls=_begins(rendered, "called", start + written),
        replays_text=_begins(rendered, "written", start + written)
        if native or not profile.tools
        else _begins(rendered, "text written", rendered.get("text start", "") + written),
    )


def _begins(rendered: Mapping[str, str], name: str, beginning: str) -> bool:
    return rendered.get(name, "").startswith(beginning)


def _written(profile: ModelProfile) -> str:
    """Give a call as the model itself would write it."""
    return dialect_of(profile).call(_NAME, _ARGUMENTS)


def _whole(prompt: str, *, own_renderer: bool) -> bool:
    """Whether a definition is there in full: as JSON, or in the form of Ollama's own renderer."""
    if own_renderer:
        return all(word in prompt for word in _WORDS)
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
    own = _TOOL["function"]
    return isinstance(own, dict) and all(
        function.get(key) == own[key] for key in ("description", "parameters")
    )


def _in_order(prompt: str, *words: str) -> bool:
    places = [prompt.find(word) for word in words]
    return -1 not in places and places == sorted(places)


def _place(prompt: str) -> str:
    """Where a system message in the middle went."""
    if "Later_zq." not in prompt:
        return "dropped"
    return "in place" if _in_order(prompt, "Said_zq.", "Later_zq.", "Next_zq?") else "front"
