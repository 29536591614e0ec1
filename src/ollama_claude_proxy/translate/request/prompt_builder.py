"""Turns the client's conversation into the model's messages, so that each turn extends the last.

The rule behind the details (the prefix law): whatever precedes the newest turn is written the
same way every time, whatever the client changes in it. Hence:

* `cache_control` and string against list content make no difference.
* The billing block at the head of `system`, which differs from session to session, is dropped.
* `role: system` inside the conversation becomes text of the user's turn it follows, and part of the
  tool result where it follows one: templates move, drop or refuse later system messages, and a new
  user turn after a result makes some of them drop the thinking of the tool loop.
* Parallel results come in the order of completion; they are put in the order of their calls.
* The first turn is put in the order of what sessions share: see `first_turn.py`.
* Deferred tools are written where their `tool_reference` stands.
* The model's own turn is the exact text that it wrote, if that is remembered.
* Where ocp shows the tools, calls and results are text in the model's dialect.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from ollama_claude_proxy.translate.request.block_rendering import (
    RenderContext,
    RenderedContent,
    render_block,
)
from ollama_claude_proxy.translate.request.first_turn import (
    FirstTurnPart,
    classify_part,
    extract_project_section,
    split_environment,
)
from ollama_claude_proxy.translate.request.repeated_calls import RepeatedCalls
from ollama_claude_proxy.translate.tools.dialects.dialect import Dialect, ToolResult
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import (
    Block,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ollama_claude_proxy.wire.chat import ChatMessage, ToolCall, ToolCallFunction
from ollama_claude_proxy.wire.reminder import REMINDER_TAG, wrap_reminder

_BILLING_HEADER = "x-anthropic-billing-header:"


class PromptBuilder:
    """Collects the messages of a prompt, turn by turn."""

    def __init__(self, context: RenderContext) -> None:
        self.messages: list[ChatMessage] = []
        self._context = context
        self._calls: dict[str, tuple[int, str]] = {}
        self._repeats = RepeatedCalls(context.repeated_calls)
        self._project_section = ""

    def add_instructions(self, system: Sequence[Block], tools: str = "") -> None:
        """Write the instructions at the head, and the `tools` where they are shown as text."""
        blocks = [block for block in system if not _is_billing(block)]
        instructions, self._project_section = extract_project_section(self._text(blocks))
        text = "\n\n".join(part for part in (instructions, tools) if part)
        if text:
            self.messages.append(ChatMessage("system", text))

    def add_first_turn(self, messages: Sequence[Message]) -> int:
        """Write the first turn in the order of what sessions share.

        Return how many messages it takes: the message about the environment follows it, with the
        role `system`.
        """
        if not _begins_with_request(messages):
            self._restore_project_section()
            return 0
        rendered = self._render(messages[0].content)
        parts = [(classify_part(text), text) for text in rendered.texts if text]
        has_environment = len(messages) > 1 and messages[1].role == "system"
        if has_environment:
            environment = self._text(messages[1].content)
            parts += [(kind, wrap_reminder(text)) for kind, text in split_environment(environment)]
        if self._project_section:
            parts.append((FirstTurnPart.PROJECT, wrap_reminder(self._project_section)))
        parts.sort(key=lambda part: part[0])
        text = "\n\n".join(text for _, text in parts if text)
        self.messages.append(ChatMessage("user", text, images=tuple(rendered.images)))
        return 2 if has_environment else 1

    def add_turn(self, message: Message) -> None:
        """Write one turn."""
        if message.role == "assistant":
            self._add_assistant(message.content)
        elif message.role == "system":
            self.add_reminder(self._text(message.content))
        else:
            self._add_user(message.content)

    def add_reminder(self, text: str) -> None:
        """Append a reminder to the last turn of the user, or to the last result."""
        if text:
            self._append_to_user(wrap_reminder(text))

    def _restore_project_section(self) -> None:
        """Put the project section back into the instructions, if no first turn takes it."""
        if self._project_section and self.messages and self.messages[0].role == "system":
            instructions = self.messages[0]
            content = f"{instructions.content}\n\n{self._project_section}"
            self.messages[0] = replace(instructions, content=content)

    def _add_assistant(self, blocks: Sequence[Block]) -> None:
        rendered = RenderedContent()
        thoughts: list[str] = []
        calls: list[ToolUseBlock] = []
        for block in blocks:
            match block:
                case ThinkingBlock(thinking):
                    thoughts.append(self._context.guard.neutralize(thinking))
                case RedactedThinkingBlock():
                    self._context.note("redacted thinking was left out: only Anthropic can read it")
                case ToolUseBlock():
                    self._calls[block.id] = (len(self._calls), block.name)
                    self._repeats.record_call(block.id, block.name, block.input)
                    calls.append(block)
                case _:
                    render_block(block, rendered, self._context)
        message = self._assistant_message(blocks, rendered.joined("\n\n"), calls)
        if thoughts and self._context.profile.thinking:
            message = replace(message, thinking="\n\n".join(thoughts))
        self.messages.append(message)

    def _assistant_message(
        self, blocks: Sequence[Block], text: str, calls: Sequence[ToolUseBlock]
    ) -> ChatMessage:
        """Return the model's turn: as it wrote it, if that is known."""
        seen_text = "".join(block.text for block in blocks if isinstance(block, TextBlock))
        generated = self._context.recall_turn([call.id for call in calls], seen_text)
        if generated is not None:
            return ChatMessage("assistant", generated)
        if not calls:
            return ChatMessage("assistant", text)
        tool_calls = [self._tool_call(call) for call in calls]
        dialect = self._context.dialect
        if dialect is None:
            return ChatMessage("assistant", text, tool_calls=tuple(tool_calls))
        functions = (call.function for call in tool_calls)
        written = dialect.call_separator.join(
            dialect.write_call(function.name, function.arguments) for function in functions
        )
        return ChatMessage("assistant", f"{text}\n{written}" if text else written)

    def _tool_call(self, call: ToolUseBlock) -> ToolCall:
        arguments = self._context.guard.neutralize_all(call.input)
        return ToolCall(ToolCallFunction(call.name, arguments), call.id)

    def _add_user(self, blocks: Sequence[Block]) -> None:
        results = [block for block in blocks if isinstance(block, ToolResultBlock)]
        results.sort(key=lambda result: self._calls.get(result.tool_use_id, (len(self._calls),))[0])
        self._add_results(results)
        rendered = self._render(block for block in blocks if not isinstance(block, ToolResultBlock))
        if results:
            self._fold_reminders(rendered)
        text = rendered.joined("\n\n")
        if results and self.messages[-1].role == "user" and not rendered.images:
            if text:
                self._append_to_user(text)
        elif text or rendered.images or not results:
            self.messages.append(ChatMessage("user", text, images=tuple(rendered.images)))

    def _fold_reminders(self, rendered: RenderedContent) -> None:
        """Move the leading reminders into the result before them."""
        while rendered.texts and rendered.texts[0].lstrip().startswith(REMINDER_TAG):
            self._append_to_user(rendered.texts.pop(0))

    def _append_to_user(self, text: str) -> None:
        last = self.messages[-1] if self.messages else None
        if last is None or last.role not in {"user", "tool"}:
            self.messages.append(ChatMessage("user", text))
        else:
            self.messages[-1] = replace(last, content=f"{last.content}\n\n{text}".strip())

    def _add_results(self, results: Sequence[ToolResultBlock]) -> None:
        """Write results: each as a message of its own, or all as the user's text."""
        dialect = self._context.dialect
        written: list[ToolResult] = []
        images: list[str] = []
        for result in results:
            rendered = self._render(result.content)
            text = self._result_text(result, rendered.joined("\n"))
            name = self._calls.get(result.tool_use_id, (0, ""))[1]
            if dialect is None or self._has_tool_role(dialect):
                self.messages.append(
                    ChatMessage(
                        "tool",
                        text,
                        tool_name=name,
                        tool_call_id=result.tool_use_id,
                        images=tuple(rendered.images),
                    )
                )
            else:
                written.append(ToolResult(name or "a call", text))
                images += rendered.images
        if dialect is not None and written:
            text = dialect.write_results(written)
            self.messages.append(ChatMessage("user", text, images=tuple(images)))

    def _has_tool_role(self, dialect: Dialect) -> bool:
        return dialect.uses_tool_role and self._context.profile.tools

    def _result_text(self, result: ToolResultBlock, text: str) -> str:
        if result.is_error and not text.startswith(("Error", "<tool_use_error>")):
            text = f"Error: {text}"
        hint = self._repeats.hint(result.tool_use_id, text, failed=bool(result.is_error))
        return f"{text}\n\n{wrap_reminder(hint)}" if hint else text

    def _render(self, blocks: Iterable[Block]) -> RenderedContent:
        rendered = RenderedContent()
        for block in blocks:
            render_block(block, rendered, self._context)
        return rendered

    def _text(self, blocks: Iterable[Block]) -> str:
        return self._render(blocks).joined("\n\n")


def _is_billing(block: Block) -> bool:
    return isinstance(block, TextBlock) and block.text.startswith(_BILLING_HEADER)


def _begins_with_request(messages: Sequence[Message]) -> bool:
    """Whether a conversation begins with the user's words, and not with a call's result."""
    if not messages or messages[0].role != "user":
        return False
    return not any(isinstance(block, ToolResultBlock) for block in messages[0].content)
