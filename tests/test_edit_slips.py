"""Edits of real files with slips: they are applied as they were meant, or not at all."""

from collections import Counter

from ollama_claude_proxy.translate.tools.edits.file_calls import Edit
from ollama_claude_proxy.translate.tools.edits.known_file import whole_file
from ollama_claude_proxy.translate.tools.edits.locating import locate
from support.edit_slips import SLIPS, SlippedEdit, slipped_edits

COUNT = 504


def outcome(edit: SlippedEdit) -> str:
    """Apply an edit as the client does: applied as it was meant, `wrong`, or `left`."""
    located = locate(whole_file(edit.text), Edit(edit.written_old, edit.written_new))
    if located.finding != "replaced":
        return "left"
    assert edit.text.count(located.edit.old) == 1
    result = edit.text.replace(located.edit.old, located.edit.new)
    return "applied" if result == edit.wanted else "wrong"


def test_nine_of_ten_edits_with_one_meaning_are_applied_and_none_is_wrong() -> None:
    with_one_meaning: Counter[str] = Counter()
    applied: Counter[str] = Counter()
    wrong: list[SlippedEdit] = []
    for edit in slipped_edits(seed=1, count=COUNT):
        result = outcome(edit)
        if result == "wrong" or (result == "applied" and edit.meanings > 1):
            wrong.append(edit)
        if edit.meanings == 1:
            with_one_meaning[edit.kind] += 1
            applied[edit.kind] += result == "applied"
    assert wrong == []
    assert with_one_meaning.total() > COUNT * 0.8
    assert applied.total() >= 0.9 * with_one_meaning.total(), applied
    assert set(applied) == set(SLIPS)
