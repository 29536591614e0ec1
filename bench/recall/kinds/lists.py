"""Questions for all things of a kind that came up over many turns."""

from recall.code_changes import small_change
from recall.dialogue import Dialogue
from recall.plant import Material, Plant, ask
from recall.tool_output import pip_install, pytest_run


def list_of(material: Material, number: int) -> Plant:
    """A question whose answer is a list; every item was said in another turn."""
    makers = (
        _edited_files, _failed_tests, _parked_ideas, _installed_packages, _check_commands,
        _house_rules,
    )  # fmt: skip
    return makers[number % len(makers)](material)


def _edited_files(material: Material) -> Plant:
    random, words, tree, writer = material
    old, new = f"{words.thing()}_id", f"{words.thing()}_ref"
    scenes, names = [], []
    for index in range(random.randrange(4, 7)):
        file = tree.take(60, 300)
        function = random.choice(file.functions)
        changed, text = small_change(words, file, function)
        writer.user(
            f"we rename {old} to {new} everywhere; begin with {file.name}"
            if index == 0
            else words.pick(f"go on with the {new} rename", f"next file for the rename to {new}")
        )
        first = function.first_line
        writer.read(file, "", (first, min(first + 30, len(file.lines))))
        renamed = text.replace(changed, f"{changed}  # was {old}").replace("log.", f"{new}_log.")
        writer.edit(file.path, changed, renamed, words.pick("", f"`{old}` is used here."))
        writer.assistant(words.pick("Renamed here, too.", f"Done: `{new}` in this one as well."))
        scenes.append(writer.end())
        names.append(file.name)
    question = words.pick(
        f"Which files did you change for the rename to {new}?",
        f"list every file we touched when renaming {old}",
        f"I need all files of the {new} rename for the commit message",
    )
    return Plant("list", tuple(scenes), ask(material, question), tuple(names))


def _failed_tests(material: Material) -> Plant:
    random, words, _, writer = material
    suite = f"{words.service().replace('-', '_')}"
    scenes, names = [], []
    for _ in range(random.randrange(4, 6)):
        name = (
            f"test_{words.pick('opens', 'drops', 'sorts', 'sends')}_{words.thing()}_{words.hash(4)}"
        )
        test = f"tests/{suite}/test_{words.thing()}.py::{name}"
        message = f"assert {words.number()} == {words.number()}"
        writer.user(words.pick(f"run the {suite} tests", f"{suite}: tests again please"))
        modules = [words.thing() for _ in range(5)]
        command = f"python -m pytest tests/{suite} -q"
        writer.bash(command, pytest_run(words, modules, (test, message)), failed=True)
        writer.assistant(
            words.pick("One fails.", "There is one failure left, I'll fix it.", "Red.")
        )
        scenes.append(writer.end())
        names.append(name)
    question = words.pick(
        f"Which tests of {suite} failed today? all of them",
        f"give me the complete list of failing tests we saw in {suite}",
        f"mark every test of {suite} that failed so far as flaky",
    )
    return Plant("list", tuple(scenes), ask(material, question), tuple(names))


def _parked_ideas(material: Material) -> Plant:
    random, words, tree, writer = material
    ideas = [
        f"rename the {words.thing()} table to {words.thing()}_{words.hash(3)}",
        f"drop the {words.thing()} view v{words.number()}",
        f"ask {words.person()} about ticket {words.number()}",
        f"cache the {words.thing()} totals for {words.number()} s",
        f"replace the {words.thing()} cron by a timer at :{words.number()}",
        f"move {words.thing()} fixtures to s3://fixtures-{words.hash(4)}",
    ]
    scenes = []
    for idea in ideas[: random.randrange(4, 7)]:
        file = tree.take(60, 260)
        function = random.choice(file.functions)
        writer.user(
            words.pick(
                f"for later, not now: {idea}. now explain {function.name} in {file.name}",
                f"do this later: {idea}. What is {function.name} for?",
                f"Put on the list for later: {idea}. Where is {function.name} used?",
            )
        )
        writer.read(file, "", (function.first_line, function.last_line))
        writer.assistant(f"Noted for later. {function.summary or 'It is a small helper.'}")
        scenes.append(writer.end())
    question = words.pick(
        "What did I put aside for later? Everything please.",
        "show me the complete list of things to do later",
        "ok now let's do the things I told you to keep for later - which were they?",
    )
    answers = tuple(ideas[: len(scenes)])
    return Plant("list", tuple(scenes), ask(material, question), answers)


def _installed_packages(material: Material) -> Plant:
    random, words, _, writer = material
    scenes, installed = [], []
    for _ in range(random.randrange(4, 7)):
        name = f"{words.pick('py', 'aio', 'lib', 'fast')}{words.thing()}{words.hash(2)}"
        version = words.version()
        writer.user(words.pick(f"that needs {name}, doesn't it?", "ModuleNotFoundError - fix it"))
        writer.bash(f"pip install {name}", pip_install(words, name, version))
        writer.assistant(words.pick("Installed.", f"`{name}` was missing; it is there now."))
        scenes.append(writer.end())
        installed.append(f"{name}-{version}")
    question = words.pick(
        "Which packages did we install with pip in this session? With versions.",
        "write a requirements file with everything you pip installed so far",
        "list all the packages you had to install",
    )
    return Plant("list", tuple(scenes), ask(material, question), tuple(installed))


def _check_commands(material: Material) -> Plant:
    random, words, _, writer = material
    targets = [f"{words.thing()}-{words.hash(3)}" for _ in range(random.randrange(4, 6))]
    commands = [
        f"{words.pick('make check', 'nox -s', 'tox -e', 'scripts/verify')} {one}" for one in targets
    ]
    scenes: list[Dialogue] = []
    for command in commands:
        writer.user(
            words.pick(
                f"before every release we also have to run `{command}`. try it",
                f"`{command}` is a release check too, {words.person()} says. does it work?",
            )
        )
        writer.bash(command, f"{words.thing()}: ok\n{words.number()} checks, 0 problems")
        writer.assistant(words.pick("It passes.", "No problems.", "Works, takes a few seconds."))
        scenes.append(writer.end())
    question = words.pick(
        "Which commands belong to the release checks? I need them all.",
        "write scripts/release.sh with every release check I mentioned",
        "what has to be run before a release?",
    )
    return Plant("list", tuple(scenes), ask(material, question), tuple(commands))


def _house_rules(material: Material) -> Plant:
    random, words, tree, writer = material
    rules = [
        f"no function with more than {random.randrange(31, 99)} lines",
        f"log keys begin with {words.thing()}_{words.hash(3)}",
        f"money is a Decimal with {random.randrange(4, 9)} places",
        f"tests of {words.service()} never sleep",
        f"imports of {words.service()} only inside functions",
        f"every TODO names ticket {words.thing().upper()}-{words.number()}",
    ]
    random.shuffle(rules)
    scenes: list[Dialogue] = []
    for rule in rules[: random.randrange(4, 6)]:
        file = tree.take(60, 300)
        function = random.choice(file.functions)
        writer.user(
            words.pick(
                f"one convention here: {rule}. please correct {function.name}",
                f"that's against our conventions: {rule} ({file.name})",
                f"Another convention, for all code: {rule}. Apply that to {file.name}.",
            )
        )
        writer.read(file, "", (function.first_line, function.last_line))
        writer.edit(file.path, *small_change(words, file, function))
        writer.assistant(words.pick("Corrected.", "I'll keep to that from now on.", "Done."))
        scenes.append(writer.end())
    question = words.pick(
        "Write down all conventions I told you, for CONTRIBUTING.md.",
        "does this branch follow every convention I named? list them first",
        "which conventions did I give you so far?",
    )
    return Plant("list", tuple(scenes), ask(material, question), tuple(rules[: len(scenes)]))
