"""Small changes of real code."""

from recall.source_tree import Function, SourceFile
from recall.words import Words


def small_change(words: Words, file: SourceFile, function: Function) -> tuple[str, str]:
    """Return a line of a function, and what it is replaced with."""
    lines = file.lines[function.body_line - 1 : function.last_line]
    whole = [line for line in lines if line.strip() and line.rstrip()[-1] not in ",([{\\:\"'"]
    old = words.random.choice(whole or lines)
    indent = old[: len(old) - len(old.lstrip())]
    thing = words.thing()
    before = words.pick(
        f'log.debug("{thing} %s", {thing}_id)',
        f"assert {thing} is not None",
        f"self._{thing}s.discard({thing}_{words.hash(2)})",
        f"if {thing}.closed:\n{indent}    return None",
        f"# The {thing} must be open here, see #{words.number()}.",
    )
    return old, f"{indent}{before}\n{old}"
