"""Questions for single facts: plainly, in German, around a pasted log, and in a tool loop."""

from recall.facts import FACTS, Fact
from recall.plant import Material, Plant, ask
from recall.tool_output import log_lines, pytest_run


def rare_words(material: Material, number: int) -> Plant:
    """A question that has rare words of the answer's text."""
    fact = _fact(material, number)
    return Plant("rare words", (fact.scene,), ask(material, fact.question), (fact.answer,))


def german_names(material: Material, number: int) -> Plant:
    """A question in German that names an identifier of the English text."""
    fact = _fact(material, number)
    return Plant("German", (fact.scene,), ask(material, fact.german), (fact.answer,))


def pasted_log(material: Material, number: int) -> Plant:
    """A question above or below a long log that has nothing to do with it."""
    fact = _fact(material, number)
    random, words = material.random, material.words
    if random.random() < 0.7:
        log = log_lines(words, random.randrange(30, 60))
    else:
        log = pytest_run(words, [words.thing() for _ in range(45)])
    fence = random.choice(("```\n{}\n```", "{}"))
    pasted = fence.format(log)
    also = random.choice(("", "", "This is from the other machine:\n\n", "fyi:\n"))
    above = f"{fact.question}\n\n{also}{pasted}"
    text = above if random.random() < 0.5 else f"{also}{pasted}\n\n{fact.question}"
    return Plant("pasted log", (fact.scene,), ask(material, text), (fact.answer,))


def tool_loop(material: Material, number: int) -> Plant:
    """The model itself names what it needs, after its third look at files."""
    fact = _fact(material, number)
    random, words, tree, writer = material
    writer.user(
        words.pick(
            "why does the nightly run take so long? look through the code and fix it",
            "Clean up this module and its helpers.",
            "There is a flaky test somewhere in here, please find out why.",
            "go through the open review comments and apply them",
        )
    )
    for text in ("I'll start with the entry point.", "", "Now the helper that it uses."):
        file = tree.take(60, 300)
        function = random.choice(file.functions)
        last = min(function.first_line + 40, len(file.lines))
        writer.read(file, text, (function.first_line, last))
    file = tree.take(60, 200)
    writer.read(file, fact.mention, (1, min(45, len(file.lines))))
    return Plant("tool loop", (fact.scene,), writer.end(), (fact.answer,))


def _fact(material: Material, number: int) -> Fact:
    return FACTS[number % len(FACTS)](material)
