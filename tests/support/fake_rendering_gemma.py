"""Prompts of Ollama's renderer for gemma4."""

from typing import Any

from support.fake_go import plain
from support.fake_structs import Body, messages, offered, thinks


def gemma(body: Body) -> str:
    """Give the prompt: a turn of the model goes on after the results of its calls."""
    turns = messages(body)
    system = turns.pop(0)["content"].strip() if turns and turns[0]["role"] == "system" else ""
    thought = "<|think|>\n" if thinks(body) else ""
    told = thought + system + "".join(_tool(tool) for tool in offered(body))
    prompt = "<bos>" + (f"<|turn>system\n{told}<turn|>\n" if told else "")
    query = max((i for i, one in enumerate(turns) if one["role"] == "user"), default=-1)
    opened = False
    for place, message in enumerate(turns):
        if message["role"] == "assistant":
            prompt += "" if opened else "<|turn>model\n"
            said = _said(turns, place, thought=place > query)
            opened = bool(message["tool_calls"]) and not message["content"].strip()
            prompt += said + ("" if opened else "<turn|>\n")
        elif message["role"] != "tool":
            prompt += "<turn|>\n" if opened else ""
            prompt += f"<|turn>{message['role']}\n{message['content'].strip()}<turn|>\n"
            opened = False
    return _opened(prompt, turns, body)


def _opened(prompt: str, turns: list[Body], body: Body) -> str:
    last = turns[-1]["role"] if turns else ""
    if last == "assistant":
        return prompt.removesuffix("<turn|>\n")
    if last == "tool":
        return prompt + ("<|channel>thought\n" if thinks(body) else "")
    return f"{prompt}<|turn>model\n"


def _said(turns: list[Body], place: int, *, thought: bool) -> str:
    message = turns[place]
    thinking = message["thinking"] if thought else ""
    said = f"<|channel>thought\n{thinking}\n<channel|>" if thinking else ""
    for call in message["tool_calls"]:
        said += f"<|tool_call>call:{call['name']}{_value(call['arguments'])}<tool_call|>"
    for result in turns[place + 1 :]:
        if result["role"] != "tool":
            break
        name, told = result["tool_name"] or "unknown", _value({"value": result["content"]})
        said += f"<|tool_response>response:{name}{told}<tool_response|>"
    return f"{said}{message['content'].strip()}"


def _tool(tool: Body) -> str:
    function = tool["function"]
    description = _value(function.get("description", ""))
    parameters = _schema(function["parameters"])
    declared = f"{function['name']}{{description:{description},parameters:{parameters}}}"
    return f"<|tool>declaration:{declared}<tool|>"


def _schema(schema: Body) -> str:
    """Give a schema: sorted keys, types in capitals, and `enum` only of what has a type."""
    kinds = schema.get("type") or [one["type"] for one in schema.get("anyOf") or []]
    told = ("description", "required", "additionalProperties")
    parts: dict[str, str] = {name: _value(schema[name]) for name in told if name in schema}
    if "enum" in schema and kinds:
        parts["enum"] = _value(schema["enum"])
    if "items" in schema:
        parts["items"] = _schema(schema["items"])
    if schema.get("properties"):
        inner = {name: _schema(one) for name, one in schema["properties"].items()}
        parts["properties"] = _joined(inner)
    if kinds:
        named = str([one.upper() for one in kinds]) if isinstance(kinds, list) else kinds.upper()
        parts["type"] = _value(named)
    return _joined(parts)


def _joined(parts: dict[str, str]) -> str:
    return f"{{{','.join(f'{name}:{parts[name]}' for name in sorted(parts))}}}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _joined({name: _value(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return f"[{','.join(_value(inner) for inner in value)}]"
    return f'<|"|>{value}<|"|>' if isinstance(value, str) else plain(value)
