"""Questions for what was changed: the value now, and the text before."""

from itertools import pairwise
from typing import NamedTuple

from recall.dialogue import Dialogue
from recall.plant import Material, Plant, ask
from recall.source_tree import Function, SourceFile


class _Setting(NamedTuple):
    """A setting in a file: its name there, and what people call it."""

    name: str
    spoken: str


_SETTINGS = (
    _Setting("POLL_INTERVAL_MS", "poll interval"), _Setting("MAX_BATCH_ROWS", "batch size"),
    _Setting("SESSION_TTL_SECONDS", "session lifetime"), _Setting("UPLOAD_KB", "upload limit"),
    _Setting("WORKER_MEMORY_MB", "memory of the workers"), _Setting("LEASE_MS", "lease time"),
    _Setting("RATE_PER_HOUR", "rate limit"), _Setting("CACHE_ENTRIES", "size of the cache"),
    _Setting("CONNECT_TIMEOUT_MS", "connection timeout"), _Setting("RETENTION_HOURS", "retention"),
    _Setting("PREFETCH_COUNT", "prefetch"), _Setting("BACKOFF_CAP_MS", "maximum backoff"),
)  # fmt: skip


def value_now(material: Material, number: int) -> Plant:
    """A question for a value that was changed three times."""
    random, words = material.random, material.words
    setting = _SETTINGS[number % len(_SETTINGS)]
    component = words.service().replace("-", "_")
    name = f"{component.upper()}_{setting.name}"
    path = f"{material.tree.root}/{component}/{words.pick('settings', 'defaults', 'limits')}.py"
    values = [words.number() for _ in range(4)]
    scenes = [_introduce(material, path, name, values[0])]
    for old, new in pairwise(values):
        scenes.append(_change(material, path, (name, setting.spoken, component), old, new))
    spoken_name = component.replace("_", " ")
    question = random.choice(
        (
            f"What is {name} set to at the moment?",
            f"which value does the {setting.spoken} of {component} have now?",
            f"Put the current {setting.spoken} of the {spoken_name} into the README.",
            f"what did we end up with for {name}?",
            f"is the {setting.spoken} of {component} still what we wanted? what is it?",
        )
    )
    return Plant("value now", tuple(scenes), ask(material, question), (str(values[-1]),))


def _introduce(material: Material, path: str, name: str, value: int) -> Dialogue:
    words, writer = material.words, material.writer
    others = "\n".join(f"{words.thing().upper()}_{n} = {words.number()}" for n in ("A", "B", "MAX"))
    writer.user(f"put the tunables of that component into a file of their own, {path}")
    writer.write(path, f'"""What operators may change."""\n\n{others}\n{name} = {value}\n')
    writer.assistant(f"`{path.rpartition('/')[2]}` has them now.")
    return writer.end()


def _change(
    material: Material, path: str, names: tuple[str, str, str], old: int, new: int
) -> Dialogue:
    words, writer = material.words, material.writer
    name, spoken, component = names
    writer.user(
        words.pick(
            f"the {spoken} of {component} should be {new}",
            f"set {name} to {new}, {words.person()} measured it",
            f"make the {spoken} {new} ({component})",
            f"{new} for {name} please",
        )
    )
    if material.random.random() < 0.6:
        writer.edit(path, f"{name} = {old}", f"{name} = {new}")
    else:
        writer.bash(f"sed -i 's/^{name} = .*/{name} = {new}/' {path} && tail -1 {path}",
                    f"{name} = {new}")  # fmt: skip
    writer.assistant(words.pick("Changed.", f"It is {new} now.", "Done, and the tests pass."))
    return writer.end()


def undo(material: Material, number: int) -> Plant:
    """A request to undo an edit; the answer is the text before it."""
    _, words, _, writer = material
    file, function, old = _lines_to_replace(material)
    short = function.name.rpartition(".")[2]
    indent = old[0][: len(old[0]) - len(old[0].lstrip())]
    helper = f"_{words.pick('apply', 'collect', 'resolve', 'prepare')}_{words.thing()}"
    new = f"{indent}return {helper}(self, strict={words.pick('True', 'False')})"
    purpose = words.pick("simplify", "shorten", "clean up", "speed up")
    writer.user(f"{purpose} {short} in {file.name}, it does too much")
    first = max(function.first_line - 3, 1)
    writer.read(file, "", (first, min(function.last_line + 5, len(file.lines))))
    writer.edit(file.path, "\n".join(old), new, words.pick("", f"I move that into `{helper}`."))
    writer.bash("python -m pytest -q -x", f"{words.number()} passed in 3.2s")
    writer.assistant(words.pick(f"`{short}` is shorter now.", f"`{helper}` does that part now."))
    question = (
        f"Undo your change to {short}, put the old code back.",
        f"the edit in {file.name} was a mistake, restore what was there",
        f"revert {short} in {file.name}",
        f"{helper} broke production. Bring back the original lines in place of it.",
        f"I want the previous version of {short} again",
    )[number % 5]
    answers = sorted(dict.fromkeys(line.strip() for line in old), key=len)[-3:]
    return Plant("undo", (writer.end(),), ask(material, question), tuple(answers))


def _lines_to_replace(material: Material) -> tuple[SourceFile, Function, list[str]]:
    """Return a file, a function in it, and some lines of its body that say something."""
    random = material.random
    while True:
        file = material.tree.take(80, 500)
        for function in random.sample(file.functions, k=len(file.functions)):
            count = random.randrange(3, 6)
            first = function.body_line + random.randrange(-1, 2)
            lines = file.lines[first : first + count]
            is_inside = first + count <= function.last_line
            if is_inside and all(len(line.strip()) > 16 for line in lines):
                return file, function, lines
