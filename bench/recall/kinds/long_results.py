"""Questions for something in the middle of a long result."""

import ast
from typing import NamedTuple

from recall.plant import Material, Plant, ask
from recall.source_tree import SourceFile
from recall.tool_output import log_lines


class _Detail(NamedTuple):
    """A line of a file, and questions for it that do not hold what it says."""

    answer: str
    questions: tuple[str, ...]


def middle(material: Material, number: int) -> Plant:
    """A question for a line of a long file or of a long log."""
    return _log(material) if number % 5 == 4 else _file(material)


def _file(material: Material) -> Plant:
    random, words, tree, writer = material
    while True:
        file = tree.take(260, 620)
        details = _details(file)
        if details:
            break
    detail = random.choice(details)
    writer.user(
        words.pick(
            f"read {file.name} completely, we'll need it",
            f"What does {file.name} do? Read all of it.",
            f"get an overview of {file.path}",
        )
    )
    writer.read(file)
    summaries = [one for one in file.functions if one.summary][:3]
    parts = " ".join(f"`{one.name}`: {one.summary}" for one in summaries)
    writer.assistant(f"It has {len(file.functions)} longer functions. {parts}")
    question = random.choice(detail.questions)
    return Plant("middle", (writer.end(),), ask(material, question), (detail.answer,))


def _log(material: Material) -> Plant:
    _, words, _, writer = material
    service, amount = words.service(), words.number(20_000, 98_000)
    line = f"2026-03-19T11:04:31 WARN  [{service}] heap at {amount} kB, collecting"
    writer.user(words.pick("show me the whole log of the load test", "cat the load test log"))
    writer.bash("cat var/log/load-test.log", log_lines(words, 220, line))
    writer.assistant("The load test ran to its end. I see no errors, only some warnings.")
    question = words.pick(
        f"how much heap did {service} use in the load test?",
        f"In the load test {service} logged a warning, what was the number?",
    )
    return Plant("middle", (writer.end(),), ask(material, question), (str(amount),))


def _details(file: SourceFile) -> list[_Detail]:
    """Return what can be asked of the middle three fifths of a file."""
    first, last = len(file.lines) // 5, len(file.lines) * 4 // 5
    details = []
    for function in file.functions:
        if not first <= function.first_line <= function.last_line <= last:
            continue
        for number in range(function.first_line + 1, function.last_line):
            line = file.lines[number].strip()
            details += _line_details(file, function.name, line)
    return details


def _line_details(file: SourceFile, function: str, line: str) -> list[_Detail]:
    try:
        [statement] = ast.parse(line).body
    except (SyntaxError, ValueError):
        return []
    where = f"{function} in {file.name}"
    if isinstance(statement, ast.Raise) and len(line) > 30:
        questions = (
            f"What does {where} raise?", f"which exception do I have to expect from {where}?",
            f"write a test for the error case of {where}",
        )  # fmt: skip
        return [_Detail(line, questions)]
    if isinstance(statement, ast.Return) and len(line) > 28:
        questions = (
            f"What does {where} return?", f"what comes back from {where}, exactly?",
            f"Quote the return statement of {where}.",
        )  # fmt: skip
        return [_Detail(line, questions)]
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name = statement.targets[0].id
        if len(name) > 3 and len(line) > len(name) + 22:
            questions = (
                f"How does {where} compute {name}?", f"where does {name} in {where} come from?",
                f"{function}: what is assigned to {name} there ({file.name})?",
            )  # fmt: skip
            return [_Detail(line, questions)]
    return []
