"""Single facts that come up in a session, each with ways to ask for it later."""

from collections.abc import Callable
from typing import NamedTuple

from recall.dialogue import Dialogue
from recall.plant import Material
from recall.tool_output import git_log, grep_matches, log_lines, pip_install, pytest_run, traceback


class Fact(NamedTuple):
    """A fact: how it comes up, how it is asked for, and what the answer must hold.

    `mention` is how a model comes across its subject while it works on something else.
    """

    scene: Dialogue
    question: str
    german: str
    mention: str
    answer: str


def address(material: Material) -> Fact:
    """The user says in passing where a service is."""
    _, words, tree, writer = material
    service, where, file = words.service(), words.address(), tree.take(60, 300)
    function = material.random.choice(file.functions)
    writer.user(
        words.pick(
            f"{service} is at {where} in staging, in case you need it. Please check what "
            f"{function.name} in {file.name} does when the connection drops.",
            f"Before you go on: the staging instance of {service} listens on {where} (not on the "
            f"port in the README). Then look at {function.name}, it hangs sometimes.",
            f"I moved {service} yesterday, it answers on {where} now. Can you see whether "
            f"{file.name} still works with that?",
        )
    )
    writer.read(file, "I'll look at it.", (function.first_line, function.last_line + 6))
    writer.assistant(f"`{function.name}` does not reconnect; it leaves that to its caller.")
    question = words.pick(
        f"What's the address of {service} in staging again?",
        f"can you curl {service} for me? staging, I told you where it is",
        f"Write a smoke test that connects to {service} in staging.",
        f"on which host and port does {service} listen?",
    )
    german = words.pick(
        f"Unter welcher Adresse läuft {service} nochmal?", f"Auf welchem Port lauscht {service}?"
    )
    mention = f"This opens a connection to {service}, so its address matters here."
    return Fact(writer.end(), question, german, mention, where)


def exception(material: Material) -> Fact:
    """A command fails with a stack trace."""
    random, words, tree, writer = material
    file = tree.take(90, 500)
    function = random.choice(file.functions)
    short = function.name.rpartition(".")[2]
    kind = words.pick("ValueError", "KeyError", "TypeError", "RuntimeError", "LookupError")
    detail = words.pick(
        f"unexpected marker 0x{words.hash(4)} at offset {words.number()}",
        f"no handler for frame {words.number()} in state {words.thing()}-open",
        f"expected {words.number()} bytes but the {words.thing()} has {words.number()}",
        f"{words.thing()} {words.hash(6)} is already closed",
    )
    command = words.pick(f"python -m app.{words.thing()} --all", "make smoke", "python run.py -v")
    writer.user(words.pick("run it again, it crashed for me", f"`{command}` dies, have a look"))
    writer.bash(command, traceback(random, file, function, f"{kind}: {detail}"), failed=True)
    writer.read(file, "It fails in this file.", (function.first_line, function.last_line))
    writer.assistant(
        words.pick(
            f"It comes from `{short}`, which trusts what its caller passes. I'd check that first.",
            f"`{short}` is where it breaks; the input is not what it expects.",
        )
    )
    question = words.pick(
        f"What exactly was the error that {short} raised?",
        f"the crash in {short} from before - what was the message?",
        f"Open an issue for the exception in {file.name} ({short}), quote the message.",
        f"which exception did we get in {short}?",
    )
    german = words.pick(
        f"Welcher Fehler kam vorhin aus {short}?",
        f"Wie lautete die Meldung beim Absturz in {short}?",
    )
    mention = f"`{short}` again, where the earlier run crashed. Let me compare that error."
    return Fact(writer.end(), question, german, mention, detail)


def assertion(material: Material) -> Fact:
    """A test fails."""
    _, words, _, writer = material
    thing, verb = words.thing(), words.pick("rejects", "keeps", "rounds", "merges", "expires")
    name = f"test_{verb}_{thing}_{words.pick('twice', 'after_restart', 'in_utc', 'when_empty')}"
    test = f"tests/test_{thing}s.py::{name}"
    left, right = words.number(), words.number()
    message = words.pick(f"assert {left} == {right}", f"assert total == {left}.{right}")
    modules = [words.thing() for _ in range(7)]
    writer.user(words.pick("run the tests", "does the suite pass?", "pytest please"))
    writer.bash("python -m pytest -q", pytest_run(words, modules, (test, message)), failed=True)
    writer.assistant(
        words.pick(
            "One test fails. It looks like an old expectation; do I change the test or the code?",
            "All but one pass. I would not touch it before we know which side is right.",
        )
    )
    writer.user(words.pick("leave it for now", "not now, later", "ok, skip it for the moment"))
    writer.assistant("Fine, I leave it as it is.")
    question = words.pick(
        f"What did {name} compare when it failed?",
        f"fix {name} now please, you saw the values",
        f"which assertion failed in {name}?",
    )
    german = f"Woran ist {name} gescheitert?"
    mention = f"`{name}` covers this path; it failed before. I need to know with which values."
    return Fact(writer.end(), question, german, mention, message)


def package(material: Material) -> Fact:
    """A package is installed."""
    _, words, _, writer = material
    name = words.pick("multidict", "orjson", "tenacity", "structlog", "lxml", "pyarrow", "redis")
    name = f"{name}-{words.thing()}"
    version = words.version()
    writer.user(words.pick(f"we need {name}, install it", f"add {name} to the environment"))
    writer.bash(f"pip install {name}", pip_install(words, name, version))
    writer.assistant(words.pick("Installed.", "It is installed; nothing else was changed."))
    question = words.pick(
        f"pin {name} in requirements.txt to what we installed",
        f"Which version of {name} did pip pick?",
        f"{name} - which release do we have?",
    )
    german = f"Welche Version von {name} wurde installiert?"
    mention = f"This imports {name}; whether that works depends on the version we installed."
    return Fact(writer.end(), question, german, mention, f"{name}-{version}")


def commit(material: Material) -> Fact:
    """The log of git is searched."""
    random, words, _, writer = material
    service = words.service()
    subject = f"{words.pick('Throttle', 'Batch', 'Vendor', 'Split', 'Cache')} the {service} calls"
    others = [f"{words.pick('Fix', 'Move', 'Test')} the {words.thing()} view" for _ in range(14)]
    others.insert(random.randrange(4, 10), subject)
    log = git_log(words, others)
    found = next(line for line in log.splitlines() if subject in line)
    writer.user(words.pick("what happened in the repo lately?", "show me the recent commits"))
    writer.bash("git log --oneline -15", log)
    writer.assistant("Mostly small fixes, and some work on how other services are called.")
    question = words.pick(
        f"Revert the commit that did something to the {service} calls. Which hash is it?",
        f"which commit touched {service}?",
        f"cherry-pick the {service} commit from the log onto the release branch",
    )
    german = f"Welcher Commit betraf {service}?"
    mention = f"That looks like the change to {service} which was in the log."
    return Fact(writer.end(), question, german, mention, found.partition(" ")[0])


def slow_job(material: Material) -> Fact:
    """A log has one line that matters."""
    _, words, _, writer = material
    service, duration = words.service(), words.number(20_000, 98_000)
    line = words.pick(
        f'{{"level":"error","job":"{service}","msg":"deadline exceeded","elapsed":{duration}}}',
        f"2026-03-14T09:12:44 ERROR [{service}] gave up after {duration} ms",
    )
    writer.user(words.pick("anything odd in the log?", "tail the log of last night please"))
    writer.bash("tail -n 60 var/log/app.log", log_lines(words, 58, line))
    writer.assistant(words.pick("One job ran into its deadline, the rest is normal.", "One error."))
    question = words.pick(
        f"after how many ms did {service} give up?",
        f"How long had {service} been running when it hit the deadline?",
        f"Put the elapsed time of {service} from the log into the incident report.",
    )
    german = f"Nach wie vielen Millisekunden hat {service} aufgegeben?"
    mention = f"{service} is started from here. In the log it ran into its deadline."
    return Fact(writer.end(), question, german, mention, str(duration))


def limit(material: Material) -> Fact:
    """The user gives a limit and why."""
    _, words, tree, writer = material
    constant = f"MAX_{words.thing().upper()}_{words.pick('ROWS', 'BYTES', 'AGE', 'DEPTH')}"
    number, file = words.number(), tree.take(60, 400)
    function = material.random.choice(file.functions)
    writer.user(
        words.pick(
            f"whatever you do, {constant} must stay below {number}, the devices in the field "
            f"cannot take more. now: why does {function.name} copy its argument?",
            f"One constraint from {words.person()}: never let {constant} exceed {number}. And "
            f"please explain {function.name} to me.",
        )
    )
    writer.bash(f"rg -n {function.name.rpartition('.')[2]} {file.path}",
                grep_matches(file, function.name.rpartition(".")[2]))  # fmt: skip
    writer.read(file, "", (function.first_line, function.last_line))
    writer.assistant(f"Understood. {function.summary or 'It protects its caller from changes.'}")
    question = words.pick(
        f"What is the upper limit for {constant}?",
        f"I want to raise {constant}. How far can I go?",
        f"add a check for {constant} with the bound I gave you",
    )
    german = f"Wie hoch darf {constant} höchstens sein?"
    mention = f"Here {constant} is computed. I must respect the bound the user gave for it."
    return Fact(writer.end(), question, german, mention, str(number))


def error_code(material: Material) -> Fact:
    """The assistant finds something out and says it once."""
    _, words, _, writer = material
    service, code, thing = words.service(), f"E{words.number()}", words.thing()
    body = f'{{"error":{{"code":"{code}","detail":"{thing} is locked"}}}}'
    writer.user(f"why does posting a {thing} to {service} fail?")
    writer.bash(f"curl -si http://localhost:8080/{service}/{thing}s -d @body.json",
                f"HTTP/1.1 409 Conflict\ncontent-type: application/json\n\n{body}")  # fmt: skip
    writer.assistant(
        words.pick(
            f"The {thing} is locked by another request, so {service} refuses with {code}.",
            f"It answers 409 ({code}): somebody else holds the {thing}.",
        )
    )
    question = words.pick(
        f"which code does {service} return if it is locked?",
        f"handle the conflict of {service} in the client; match on the error code",
        f"What was {service}'s error code for the conflict?",
    )
    german = f"Welchen Code liefert {service} beim Konflikt?"
    mention = f"The client of {service} does not know its conflict code yet."
    return Fact(writer.end(), question, german, mention, code)


def maintenance(material: Material) -> Fact:
    """The user tells a rule."""
    _, words, _, writer = material
    service, person = words.service(), words.person()
    hour = f"{words.random.randrange(1, 23):02}:{words.random.randrange(11, 59)}"
    writer.user(
        words.pick(
            f"note: {person} says {service} may only be restarted after {hour}, they run billing "
            "before that",
            f"{person} asked us not to touch {service} before {hour} because of the night run",
        )
    )
    writer.assistant(words.pick("Noted.", "Good to know, I will keep to that.", "Understood."))
    question = words.pick(
        f"when is it safe to restart {service}?",
        f"Write the runbook entry for a restart of {service}, with the time window.",
        f"from what time on can we deploy {service}?",
    )
    german = f"Ab wann darf man {service} neu starten?"
    mention = f"The next step restarts {service}. There was a rule about when that is allowed."
    return Fact(writer.end(), question, german, mention, hour)


FACTS: tuple[Callable[[Material], Fact], ...] = (
    address, exception, assertion, package, commit, slow_job, limit, error_code, maintenance,
)  # fmt: skip
