"""Calls that change files, repaired so that they apply, or with the reason why they do not.

An edit is compared with the file as the conversation knows it. What occurs there as written is
never touched. What occurs there up to slips is replaced by what literally stands there, if it fits
one place. Otherwise the call gets a problem that is shown to the model with the real lines. What is
not known is left to the client.
"""

from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import replace

from ollama_claude_proxy.translate.control_tokens import ControlTokenGuard
from ollama_claude_proxy.translate.tools.edits.advice import describe_problem, show_lines
from ollama_claude_proxy.translate.tools.edits.conversation_files import ConversationFiles
from ollama_claude_proxy.translate.tools.edits.file_calls import (
    Edit,
    FileCall,
    file_call,
    with_edits,
)
from ollama_claude_proxy.translate.tools.edits.known_file import KnownFile
from ollama_claude_proxy.translate.tools.edits.locating import Located, locate
from ollama_claude_proxy.translate.tools.edits.path_repair import repair_path
from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import Block, ToolUseBlock
from ollama_claude_proxy.wire.events import encode_json

_MAX_WRITTEN_CHARACTERS = 6_000
_MISMATCHES = frozenset({"several", "near"})


class EditRepair:
    """Repairs the calls of one request; without messages it leaves all as they are."""

    def __init__(
        self,
        messages: Sequence[Message] = (),
        system: Sequence[Block] = (),
        guard: ControlTokenGuard | None = None,
    ) -> None:
        self._messages = messages
        self._system = system
        self._guard = guard or ControlTokenGuard(active=False)

    @cached_property
    def _files(self) -> ConversationFiles:
        return ConversationFiles(self._messages, self._system)

    def repair(self, call: ResolvedCall) -> ResolvedCall:
        """Return a call that applies, or one with a `mismatch`; any other as it is.

        What it changes is taken into account for the calls behind it in the same answer.
        """
        if call.problem or not self._messages:
            return call
        repaired = self._repaired(call)
        if not repaired.mismatch:
            arguments = self._guard.restore(repaired.arguments)
            self._files.note_call(ToolUseBlock("", call.name, arguments))
        return repaired

    def _repaired(self, call: ResolvedCall) -> ResolvedCall:
        arguments = self._guard.restore(call.arguments)
        known_call = file_call(call.name, arguments)
        if known_call is None:
            return call
        path = repair_path(known_call, self._files)
        repairs: list[str] = []
        if path != known_call.path:
            repairs.append(f"{known_call.path} was taken for {path}")
            arguments = arguments | {known_call.path_key: path}
            known_call = replace(known_call, path=path)
        located = self._locate(known_call)
        failed = next((one for one in located if one.finding in _MISMATCHES), None)
        if failed is None:
            repairs += _describe_slips(located)
            edits = tuple(one.edit for one in located)
            if edits and edits != known_call.edits:
                arguments = with_edits(call.name, arguments, edits)
        if repairs:
            call = replace(
                call,
                arguments=self._guard.neutralize_all(arguments),
                repairs=(*call.repairs, *repairs),
                edit_repaired=True,
            )
        return call if failed is None else self._with_mismatch(call, failed, path)

    def _locate(self, call: FileCall) -> list[Located]:
        """Return where each edit applies, until one does not; empty if nothing is like one."""
        known = self._files.known_file(call.path) if call.edits else None
        located: list[Located] = []
        for edit in call.edits:
            found = self._locate_one(known, edit)
            located.append(found)
            if found.finding == "nothing":
                return []
            if found.finding in _MISMATCHES:
                break
            known = known.edited(found.edit) if known is not None else None
        return located

    def _locate_one(self, known: KnownFile | None, edit: Edit) -> Located:
        if known is None or not edit.old or edit.old == edit.new:
            return Located("as written", edit)
        found = locate(known, edit)
        is_elsewhere = (
            known.is_partial
            and found.finding in {"replaced", "near"}
            and self._files.occurs_outside_reads(edit.old)
        )
        return Located("as written", edit) if is_elsewhere else found

    def _with_mismatch(self, call: ResolvedCall, failed: Located, path: str) -> ResolvedCall:
        """Return a call with what the model needs to write it again."""
        lines = show_lines(failed)
        written = encode_json(self._guard.restore(call.arguments)).decode()
        if not lines or len(written) > _MAX_WRITTEN_CHARACTERS:
            return call
        shown = f"You wrote {written}\nIn {path}:\n{lines}"
        problem = describe_problem(failed, path)
        return replace(call, mismatch=problem, shown=self._guard.neutralize(shown))


def _describe_slips(located: Sequence[Located]) -> list[str]:
    names = [name for one in located if one.finding == "replaced" for name in one.slips]
    if not names:
        return []
    return [f"the text to replace was taken from the file ({', '.join(dict.fromkeys(names))})"]
