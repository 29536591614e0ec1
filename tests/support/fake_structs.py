"""What is left of a request's tools and messages once they have been read into Ollama's structs."""

from typing import Any

from support.fake_go import all_sorted

Body = dict[str, Any]
_NONE: Any = None


def offered(body: Body) -> list[Body]:
    """Give the tools of a request in the keys and the order that Ollama hands on."""
    return [_tool(tool) for tool in body.get("tools") or []]


def messages(body: Body) -> list[Body]:
    """Give the messages of a request; each has a `role`, `content`, `thinking` and `tool_calls`."""
    return [
        {
            "role": message.get("role") or "",
            "content": message.get("content") or "",
            "thinking": message.get("thinking") or "",
            "tool_name": message.get("tool_name") or "",
            "tool_call_id": message.get("tool_call_id") or "",
            "tool_calls": [_call(call) for call in message.get("tool_calls") or []],
        }
        for message in body.get("messages") or []
    ]


def thinks(body: Body) -> bool:
    """Whether a model that can think is to do so: unset means yes."""
    return body.get("think") is None or bool(body["think"])


def _call(call: Body) -> Body:
    function = call.get("function") or {}
    arguments = function.get("arguments") or {}
    inner = {name: all_sorted(value) for name, value in arguments.items()}
    return {"name": function.get("name") or "", "arguments": inner, "id": call.get("id") or ""}


def _tool(tool: Body) -> Body:
    function = tool.get("function") or {}
    kept: Body = {"name": function.get("name") or ""}
    if function.get("description"):
        kept["description"] = function["description"]
    kept["parameters"] = _parameters(function.get("parameters") or {})
    return {"type": tool.get("type") or "", "function": kept}


def _parameters(schema: Body) -> Body:
    kept: Body = {"type": schema.get("type") or ""}
    for name in ("$defs", "items"):
        if schema.get(name) is not None:
            kept[name] = all_sorted(schema[name])
    if schema.get("required"):
        kept["required"] = schema["required"]
    properties = schema.get("properties")
    kept["properties"] = _NONE if properties is None else _properties(properties)
    return kept


def _properties(schemas: Body) -> Body:
    return {name: _property(schema) for name, schema in schemas.items()}


def _property(schema: Body) -> Body:
    kinds = schema.get("type")
    kept: Body = {
        "anyOf": [_property(one) for one in schema.get("anyOf") or []],
        "type": kinds[0] if isinstance(kinds, list) and len(kinds) == 1 else kinds,
        "items": all_sorted(schema.get("items")),
        "description": schema.get("description"),
        "enum": all_sorted(schema.get("enum")),
        "properties": _properties(schema["properties"]) if schema.get("properties") else None,
        "required": schema.get("required"),
    }
    # `items` is any value to Go, so an empty one is no reason to leave it out.
    return {
        name: value for name, value in kept.items() if value or (name == "items" and value == {})
    }
