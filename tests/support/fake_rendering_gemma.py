"""Prompts of Ollama's renderer for gemma4."""

from typing import Any

from support.go_structs import Body, read_messages, read_tools, should_think
from support.go_values import plain_json


def gemma(body: Body) -> str:
    """Return the prompt; a turn of the model continues after the results of its calls."""
    turns = read_messages(body)
    system = turns.pop(0)["content"].strip() if turns and turns[0]["role"] == "system" else ""
    thinking_mark = "<|think|>\n" if should_think(body) else ""
    system_text = thinking_mark + system + "".join(_tool(tool) for tool in read_tools(body))
    prompt = "<bos>" + (f"<|turn>system\n{system_text}<turn|>\n" if system_text else "")
    last_question = max(
        (index for index, message in enumerate(turns) if message["role"] == "user"), default=-1
    )
    is_turn_open = False
    for index, message in enumerate(turns):
        if message["role"] == "assistant":
            prompt += "" if is_turn_open else "<|turn>model\n"
            text = _assistant_text(turns, index, show_thinking=index > last_question)
            is_turn_open = bool(message["tool_calls"]) and not message["content"].strip()
            prompt += text + ("" if is_turn_open else "<turn|>\n")
        elif message["role"] != "tool":
            prompt += "<turn|>\n" if is_turn_open else ""
            prompt += f"<|turn>{message['role']}\n{message['content'].strip()}<turn|>\n"
            is_turn_open = False
    return _open_answer(prompt, turns, body)


def _open_answer(prompt: str, turns: list[Body], body: Body) -> str:
    last_role = turns[-1]["role"] if turns else ""
    if last_role == "assistant":
        return prompt.removesuffix("<turn|>\n")
    if last_role == "tool":
        return prompt + ("<|channel>thought\n" if should_think(body) else "")
    return f"{prompt}<|turn>model\n"


def _assistant_text(turns: list[Body], index: int, *, show_thinking: bool) -> str:
    message = turns[index]
    thinking = message["thinking"] if show_thinking else ""
    text = f"<|channel>thought\n{thinking}\n<channel|>" if thinking else ""
    for call in message["tool_calls"]:
        text += f"<|tool_call>call:{call['name']}{_value(call['arguments'])}<tool_call|>"
    for result in turns[index + 1 :]:
        if result["role"] != "tool":
            break
        name, result_value = result["tool_name"] or "unknown", _value({"value": result["content"]})
        text += f"<|tool_response>response:{name}{result_value}<tool_response|>"
    return f"{text}{message['content'].strip()}"


def _tool(tool: Body) -> str:
    function = tool["function"]
    description = _value(function.get("description", ""))
    parameters = _schema(function["parameters"])
    declaration = f"{function['name']}{{description:{description},parameters:{parameters}}}"
    return f"<|tool>declaration:{declaration}<tool|>"


def _schema(schema: Body) -> str:
    """Return a schema: keys sorted, types in capitals, `enum` only beside a type."""
    types = schema.get("type") or [option["type"] for option in schema.get("anyOf") or []]
    keywords = ("description", "required", "additionalProperties")
    parts: dict[str, str] = {name: _value(schema[name]) for name in keywords if name in schema}
    if "enum" in schema and types:
        parts["enum"] = _value(schema["enum"])
    if "items" in schema:
        parts["items"] = _schema(schema["items"])
    if schema.get("properties"):
        properties = {name: _schema(inner) for name, inner in schema["properties"].items()}
        parts["properties"] = _joined(properties)
    if types:
        type_text = (
            str([name.upper() for name in types]) if isinstance(types, list) else types.upper()
        )
        parts["type"] = _value(type_text)
    return _joined(parts)


def _joined(parts: dict[str, str]) -> str:
    return f"{{{','.join(f'{name}:{parts[name]}' for name in sorted(parts))}}}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _joined({name: _value(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return f"[{','.join(_value(inner) for inner in value)}]"
    return f'<|"|>{value}<|"|>' if isinstance(value, str) else plain_json(value)
