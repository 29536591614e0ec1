"""Requests that say little by themselves: "the other one", and "continue"."""

from typing import NamedTuple

from recall.code_changes import small_change
from recall.dialogue import Dialogue
from recall.plant import Material, Plant
from recall.tool_output import grep_matches


def pronoun(material: Material, number: int) -> Plant:
    """A request to do the same for the other one of two, which were named long ago."""
    return _other_function(material) if number % 2 == 0 else _other_thing(material, number)


def _other_function(material: Material) -> Plant:
    random, words, tree, writer = material
    first, second = tree.take(60, 400), tree.take(60, 400)
    one, two = random.choice(first.functions), random.choice(second.functions)
    fault = words.pick(
        "swallows the exception", "mutates its argument", "ignores the timeout", "leaks the handle"
    )
    writer.user(words.pick("review the helpers for real bugs", f"who else {fault}? find them"))
    short = one.name.rpartition(".")[2]
    writer.bash(f"rg -n {short} {first.path}", grep_matches(first, short, 8))
    writer.assistant(
        words.pick(
            f"Two places have the same problem: `{one.name}` in {first.name} and `{two.name}` in "
            f"{second.name}; each {fault}.",
            f"`{one.name}` ({first.name}) {fault}. `{two.name}` in {second.name} has that too.",
        )
    )
    writer.user(words.pick("ok. we'll do these when the release is out", "later, not today"))
    writer.assistant("All right.")
    scene = writer.end()
    writer.user(f"the release is out. fix {one.name} now")
    writer.edit(first.path, *small_change(words, first, one), "It is a small change.")
    writer.assistant(words.pick(f"`{short}` is fixed.", f"Done, {first.name} is in order now."))
    writer.user(
        words.pick("great, do the same for the other one", "and now the other one",
                   "Now the second one, in the same way.", "the other place too please")
    )  # fmt: skip
    return Plant("pronoun", (scene,), writer.end(), (two.name.rpartition(".")[2], second.name))


class _Pair(NamedTuple):
    """Two things that belong together."""

    said: str
    done: str


_PAIRS = (
    _Pair(
        "The certificates of {one} and {two} run out on the same day; {two} is on host {host}",
        "renew the certificate of {one}",
    ),
    _Pair(
        "{person} reads the reports of two systems, {one} and {two} ({two} writes to {host})",
        "switch the report of {one} to the new layout",
    ),
    _Pair(
        "only {one} and {two} still use the old token; {two} keeps it in vault path kv/{hash}",
        "rotate the token in {one}",
    ),
    _Pair(
        "we have two consumers of that topic: {one}, and {two} with group id {hash}",
        "move {one} to the new topic",
    ),
    _Pair(
        "Both {one} and {two} pin the broken driver, {two} in {hash}/constraints.txt",
        "unpin the driver in {one}",
    ),
)


def _other_thing(material: Material, number: int) -> Plant:
    _, words, _, writer = material
    pair = _PAIRS[number // 2 % len(_PAIRS)]
    names = {
        "one": words.service(), "two": words.service(), "host": words.host(),
        "hash": words.hash(6), "person": words.person(),
    }  # fmt: skip
    said, done = pair.said.format(**names), pair.done.format(**names)
    if words.random.random() < 0.5:
        writer.user(f"for your information: {said}. nothing to do yet")
        writer.assistant(words.pick("Thanks, noted.", "Good to know."))
    else:
        writer.user("what do we know about who depends on that?")
        writer.assistant(f"From the inventory: {said}. I found no third one.")
    scene = writer.end()
    writer.user(f"please {done}")
    writer.bash(f"scripts/apply --only {names['one']}", f"{names['one']}: 1 change applied")
    writer.assistant(words.pick("Done.", "That worked.", f"`{names['one']}` is done."))
    writer.user(
        words.pick("same for the other", "good. and the other one?", "now its counterpart",
                   "do that for the other one as well")
    )  # fmt: skip
    answers = tuple(names[key] for key in ("two", "host", "hash") if f"{{{key}}}" in pair.said)
    return Plant("pronoun", (scene,), writer.end(), answers)


class _Plan(NamedTuple):
    """A task, and its steps."""

    task: str
    steps: tuple[str, ...]


_PLANS = (
    _Plan("move {thing} mails to the outbox", (
        "create the table {name}_outbox with a migration",
        "write to it in the transaction of the order",
        "add a relay that polls it every {number} ms",
        "have the relay mark rows with sent_at and delete them after {number2} hours",
        "remove the direct call of the mail client")),
    _Plan("split the {thing} module", (
        "move the dataclasses to {thing}/types.py",
        "move the SQL to {thing}/queries_{hash}.py",
        "leave deprecated aliases that warn until release {number}",
        "update the imports of the {number2} callers with a codemod",
        "delete the old module")),
    _Plan("make the {thing} import resumable", (
        "store the offset in the table import_{hash}",
        "read in chunks of {number} rows",
        "skip rows whose checksum is in seen_{hash2}",
        "add a --resume flag that refuses files older than {number2} minutes",
        "write the operator's page")),
    _Plan("replace the cron of {name}", (
        "add an entry point {name}-tick",
        "write a systemd timer with RandomizedDelaySec={number}",
        "make two runs at once impossible with flock on /run/{hash}.lock",
        "alert if there was no run for {number2} seconds",
        "remove the crontab")),
    _Plan("add API keys for {thing}s", (
        "table api_key with a prefix of eight characters",
        "hash with blake2b, pepper from secret {hash}",
        "middleware that answers 401 with the realm {name}",
        "limit to {number} requests for each key and hour",
        "audit log in the bucket audit-{hash2}")),
    _Plan("get the {thing} page below a second", (
        "measure with {number} rows of real data",
        "select only the columns that the page shows",
        "add the index {thing}_{hash}_idx",
        "preload neighbours with a window of {number2}",
        "compare again and write the numbers down")),
)  # fmt: skip


def proceed(material: Material, number: int) -> Plant:
    """A bare "continue" after a step of a plan; the plan with the next step is from long ago."""
    _, words, _, writer = material
    plan, values = _drawn_plan(material, number)
    task = plan.task.format(**values)
    steps = [step.format(**values) for step in plan.steps]
    rule = words.pick(
        f"keep {words.service()} working meanwhile", f"nothing may go to {words.host()} yet",
        f"stay compatible with client {words.version()}",
    )  # fmt: skip
    writer.user(words.pick(f"{task}. {rule}", f"Next: {task}, but {rule}. Make a plan first."))
    items = "\n".join(f"{index}. {step}" for index, step in enumerate(steps, 1))
    writer.assistant(
        words.pick("Plan:", "I'd do it in these steps:", "My plan") + f"\n\n{items}\n\n"
        + words.pick("I start with the first.", "Shall I begin?")
    )  # fmt: skip
    scenes = [writer.end(), _step(material, 1, steps[0], task)]
    done = 2 + number % 2
    scenes += [_step(material, at, steps[at - 1], task) for at in range(2, done)]
    fork = _last_step(material, done, task)
    return Plant("continue", tuple(scenes), fork, (steps[done], rule))


def resume(material: Material, number: int) -> Plant:
    """A "continue" that returns to the task that small things interrupted; one in a session."""
    _, words, tree, writer = material
    plan, values = _drawn_plan(material, number)
    task = plan.task.format(**values)
    steps = [step.format(**values) for step in plan.steps]
    done, upcoming = steps[1], steps[2]
    file = tree.take(60, 260)
    function = material.random.choice(file.functions)
    writer.user(words.pick(f"The big thing for today: {task}.", f"{task} - that's the main task"))
    writer.read(file, f"First: {steps[0]}.", (function.first_line, function.last_line))
    writer.edit(file.path, *small_change(words, file, function), f"Now: {done}.")
    writer.assistant(
        words.pick(
            f"Half of it works. Next I will {upcoming}.",
            f"So far so good; the tests pass. Next step: {upcoming}.",
            f"Done with that part. What remains: {upcoming}; after that only cleaning up.",
        )
    )
    scene = writer.end()
    writer.user(words.pick("thanks, that's all of the small things", "ok, enough of that"))
    writer.assistant(words.pick("Good.", "Fine. What's next?"))
    writer.user(
        words.pick("continue with the main task", "go on where we were before the interruptions",
                   "back to the main task", "continue")
    )  # fmt: skip
    return Plant("continue", (scene,), writer.end(), (upcoming,), is_last=True)


def _drawn_plan(material: Material, number: int) -> tuple[_Plan, dict[str, str]]:
    words = material.words
    values = {
        "thing": words.thing(), "name": words.service(), "number": str(words.number()),
        "number2": str(words.number()), "hash": words.hash(5), "hash2": words.hash(5),
    }  # fmt: skip
    return _PLANS[number % len(_PLANS)], values


def _step(material: Material, at: int, step: str, task: str) -> Dialogue:
    words, tree, writer = material.words, material.tree, material.writer
    file = tree.take(60, 260)
    function = material.random.choice(file.functions)
    writer.user(words.pick(f"ok, step {at} of: {task}", f"go on with '{task}', number {at}"))
    writer.read(file, f"Step {at}: {step}.", (function.first_line, function.last_line))
    writer.edit(file.path, *small_change(words, file, function))
    writer.bash("python -m pytest -q", f"{words.number()} passed in {words.number()} ms")
    writer.assistant(words.pick(f"Step {at} is done.", f"That was number {at}; tests pass."))
    return writer.end()


def _last_step(material: Material, at: int, task: str) -> Dialogue:
    """Return the turns in which a step is worked on, up to the user's "continue"."""
    words, tree, writer = material.words, material.tree, material.writer
    file = tree.take(60, 260)
    function = material.random.choice(file.functions)
    writer.user(words.pick(f"back to '{task}': do number {at}", f"{task}: step {at} now"))
    writer.read(file, "", (function.first_line, min(function.last_line, function.first_line + 40)))
    writer.edit(file.path, *small_change(words, file, function))
    writer.bash("python -m pytest -q", f"{words.number()} passed in {words.number()} ms")
    writer.assistant(words.pick(f"Step {at} is done.", "Done, and the tests pass."))
    writer.user(words.pick("continue", "go on", "next", "ok continue", "keep going", "Continue."))
    return writer.end()
