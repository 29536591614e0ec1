"""A request's tools and messages after decoding into Ollama's Go structs."""

from typing import Any

from support.go_values import sort_keys

Body = dict[str, Any]
_NULL: Any = None


def read_tools(body: Body) -> list[Body]:
    """Return the tools of a request with the keys and the order that Ollama passes on."""
    return [_tool(tool) for tool in body.get("tools") or []]


def read_messages(body: Body) -> list[Body]:
    """Return a request's messages, each with `role`, `content`, `thinking` and `tool_calls`."""
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


def should_think(body: Body) -> bool:
    """Whether a model that can think should do so; unset means yes."""
    return body.get("think") is None or bool(body["think"])


def _call(call: Body) -> Body:
    function = call.get("function") or {}
    arguments = function.get("arguments") or {}
    sorted_arguments = {name: sort_keys(value) for name, value in arguments.items()}
    return {
        "name": function.get("name") or "",
        "arguments": sorted_arguments,
        "id": call.get("id") or "",
    }


def _tool(tool: Body) -> Body:
    function = tool.get("function") or {}
    fields: Body = {"name": function.get("name") or ""}
    if function.get("description"):
        fields["description"] = function["description"]
    fields["parameters"] = _parameters(function.get("parameters") or {})
    return {"type": tool.get("type") or "", "function": fields}


def _parameters(schema: Body) -> Body:
    fields: Body = {"type": schema.get("type") or ""}
    for name in ("$defs", "items"):
        if schema.get(name) is not None:
            fields[name] = sort_keys(schema[name])
    if schema.get("required"):
        fields["required"] = schema["required"]
    properties = schema.get("properties")
    fields["properties"] = _NULL if properties is None else _properties(properties)
    return fields


def _properties(schemas: Body) -> Body:
    return {name: _property(schema) for name, schema in schemas.items()}


def _property(schema: Body) -> Body:
    types = schema.get("type")
    fields: Body = {
        "anyOf": [_property(alternative) for alternative in schema.get("anyOf") or []],
        "type": types[0] if isinstance(types, list) and len(types) == 1 else types,
        "items": sort_keys(schema.get("items")),
        "description": schema.get("description"),
        "enum": sort_keys(schema.get("enum")),
        "properties": _properties(schema["properties"]) if schema.get("properties") else None,
        "required": schema.get("required"),
    }
    # Go declares `items` as any value, so an empty one is not omitted.
    return {
        name: value for name, value in fields.items() if value or (name == "items" and value == {})
    }
