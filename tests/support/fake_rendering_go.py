"""Prompts of Go templates (`fake_templates` has their texts)."""

from support.go_structs import Body, read_messages, read_tools
from support.go_values import compact_json, format_value, sort_keys

_TOOLS_HEAD = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>"""
_TOOLS_TAIL = """
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>"""
_LLAMA_INSTRUCTIONS = (
    "Given the following functions, please respond with a JSON for a function call with its proper "
    "arguments that best answers the given prompt.\n\n"
    'Respond in the format {"name": function name, "parameters": dictionary of argument name and '
    "its value}. Do not use variables.\n\n"
)


def qwen(body: Body) -> str:
    """Return the prompt of the library's qwen2.5, which prints a tool as a Go struct."""
    return _chatml(body, [_render_struct(tool) for tool in _sorted_tools(body)], lossless=False)


def lossless(body: Body) -> str:
    """Return qwen2.5's prompt with definitions in JSON and with the text beside calls."""
    return _chatml(body, [compact_json(tool) for tool in _sorted_tools(body)], lossless=True)


def without_tools(body: Body) -> str:
    """Return the prompt of a template that knows neither tools nor calls."""
    _, collated = _collate(body)
    turns = [
        f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in collated
    ]
    if _is_open(collated):
        return "".join(turns).removesuffix("<|im_end|>\n")
    return "".join(turns) + "<|im_start|>assistant\n"


def llama(body: Body) -> str:
    """Return the prompt of the library's llama3.1, which shows tools only in the last turn."""
    system, collated = _collate(body)
    prompt = _header("system") + f"{system}<|eot_id|>" if system else ""
    for index, message in enumerate(collated):
        prompt += _llama_turn(message, body, is_last=index == len(collated) - 1)
    return prompt if _is_open(collated) else prompt + _header("assistant")


def _sorted_tools(body: Body) -> list[Body]:
    """Return the tools as templates see them, with properties sorted as a Go map is."""
    tools = read_tools(body)
    for tool in tools:
        parameters = tool["function"]["parameters"]
        properties = parameters["properties"] or {}
        parameters["properties"] = {name: properties[name] for name in sorted(properties)}
    return tools


def _render_struct(tool: Body) -> str:
    function = tool["function"]
    schema = function["parameters"]
    fields = [
        schema["type"],
        format_value(schema.get("$defs")),
        format_value(schema.get("items")),
        format_value(schema.get("required", [])),
        compact_json(schema["properties"]),
    ]
    name_and_description = f"{function['name']} {function.get('description', '')}"
    return f'{{"type": "function", "function": {{{name_and_description} {{{" ".join(fields)}}}}}}}'


def _collate(body: Body) -> tuple[str, list[Body]]:
    """Join the system texts; merge consecutive messages of the same role."""
    collated: list[Body] = []
    all_messages = read_messages(body)
    for message in all_messages:
        has_same_role = bool(collated) and collated[-1]["role"] == message["role"] != "tool"
        if has_same_role:
            collated[-1] = collated[-1] | {
                "content": f"{collated[-1]['content']}\n\n{message['content']}"
            }
        else:
            collated.append(message)
    system = "\n\n".join(
        message["content"] for message in all_messages if message["role"] == "system"
    )
    return system, collated


def _is_open(collated: list[Body]) -> bool:
    return bool(collated) and collated[-1]["role"] == "assistant"


def _chatml(body: Body, tools: list[str], *, lossless: bool) -> str:
    system, collated = _collate(body)
    prompt = ""
    if system or tools:
        tools_text = (
            "".join([_TOOLS_HEAD, *(f"\n{tool}" for tool in tools), _TOOLS_TAIL]) if tools else ""
        )
        system_text = f"\n{system}" if system else ""
        prompt = f"<|im_start|>system{system_text}{tools_text}<|im_end|>\n"
    for index, message in enumerate(collated):
        is_last = index == len(collated) - 1
        prompt += _chatml_turn(message, is_last=is_last, lossless=lossless)
    return prompt if _is_open(collated) else f"{prompt}<|im_start|>assistant\n"


def _chatml_turn(message: Body, *, is_last: bool, lossless: bool) -> str:
    content = message["content"]
    if message["role"] == "user":
        return f"<|im_start|>user\n{content}<|im_end|>\n"
    if message["role"] == "tool":
        return f"<|im_start|>user\n<tool_response>\n{content}\n</tool_response><|im_end|>\n"
    if message["role"] != "assistant":
        return ""
    calls = "".join(f"{_render_call(call)}\n" for call in message["tool_calls"])
    calls_block = f"<tool_call>\n{calls}</tool_call>" if calls else ""
    if lossless:
        text = f"{content}\n{calls_block}" if content and calls_block else content + calls_block
    else:
        text = content or calls_block
    return f"<|im_start|>assistant\n{text}" + ("" if is_last else "<|im_end|>\n")


def _render_call(call: Body, arguments_key: str = "arguments") -> str:
    arguments = compact_json(sort_keys(call["arguments"]))
    return f'{{"name": "{call["name"]}", "{arguments_key}": {arguments}}}'


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _llama_turn(message: Body, body: Body, *, is_last: bool) -> str:
    role, content = message["role"], message["content"]
    if role == "user":
        tools = [f"{compact_json(tool)}\n" for tool in _sorted_tools(body)] if is_last else []
        question = (
            f"{_LLAMA_INSTRUCTIONS}{''.join(tools)}\nQuestion: {content}" if tools else content
        )
        return f"{_header('user')}{question}<|eot_id|>"
    if role == "tool":
        return f"{_header('ipython')}{content}<|eot_id|>"
    if role != "assistant":
        return ""
    text = "\n".join(_render_call(call, "parameters") for call in message["tool_calls"]) or content
    return _header("assistant") + text + ("" if is_last else "<|eot_id|>")
