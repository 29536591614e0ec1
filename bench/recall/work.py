"""Everyday work on a source tree: what fills a session between the things asked for later."""

from recall.dialogue import Dialogue
from recall.plant import Material
from recall.tool_output import build_error, git_log, grep_matches, log_lines, pytest_run, traceback


def everyday_work(material: Material) -> Dialogue:
    """Return some turns of one small task."""
    return material.random.choice(_TASKS)(material)


def _explain(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    function = random.choice(file.functions)
    short = function.name.rpartition(".")[2]
    writer.user(
        words.pick(
            f"how does {short} in {file.name} work?",
            f"Is {function.name} safe to call twice?",
            f"who uses {short}? I'd like to get rid of it",
            f"why is {file.name} so complicated?",
        )
    )
    writer.bash(f"rg -n {short} {file.path}", grep_matches(file, short))
    last = min(function.last_line + random.randrange(10, 90), len(file.lines))
    writer.read(file, "", (max(function.first_line - 5, 1), last))
    others = [one for one in file.functions if one.summary and one is not function][:3]
    parts = "\n".join(f"- `{one.name}` (line {one.first_line}): {one.summary}" for one in others)
    writer.assistant(
        f"`{function.name}` takes {function.last_line - function.first_line} lines. "
        f"{function.summary or 'It has no docstring.'}\n\nAround it:\n{parts}\n\n"
        + words.pick("I would leave it.", "It can be called twice.", "Nothing else depends on it.")
    )
    return writer.end()


def _fix(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    function = random.choice(file.functions)
    short = function.name.rpartition(".")[2]
    test = f"tests/test_{file.name.removesuffix('.py')}.py::test_{short}_{words.thing()}"
    failure = (test, f"assert {words.number()} == {words.number()}")
    modules = [words.thing() for _ in range(random.randrange(6, 20))]
    writer.user(words.pick("CI is red", f"{short} breaks for an empty {words.thing()}", "fix it"))
    writer.bash("python -m pytest -q", pytest_run(words, modules, failure), failed=True)
    first = max(function.first_line - random.randrange(1, 30), 1)
    last = min(function.last_line + random.randrange(5, 60), len(file.lines))
    writer.read(file, "I'll look at the code.", (first, last))
    at = random.randrange(function.first_line, function.last_line)
    old = file.lines[at] or file.lines[function.first_line]
    indent = old[: len(old) - len(old.lstrip())]
    guard = f"{indent}if not {words.thing()}s:\n{indent}    return None"
    writer.edit(file.path, old, f"{guard}\n{old}")
    writer.bash("python -m pytest -q", pytest_run(words, modules))
    writer.assistant(words.pick("Green again.", f"`{short}` handles that now.", "Fixed."))
    return writer.end()


def _operate(material: Material) -> Dialogue:
    random, words, _, writer = material
    service = f"{words.thing()}-{words.pick('sync', 'import', 'gateway', 'worker', 'indexer')}"
    writer.user(
        words.pick(f"is {service} healthy?", f"look at the {service} log", "what's going on there?")
    )
    writer.bash(
        f"kubectl logs deploy/{service} --tail 60", log_lines(words, random.randrange(25, 60))
    )
    health = f'{{"status":"ok","uptime":{words.number()},"version":"{words.version()}"}}'
    writer.bash(f"curl -s http://{words.host()}:{words.number()}/health", health)
    writer.assistant(
        words.pick(
            f"{service} is fine: no errors in the last {random.randrange(10, 60)} lines.",
            f"Some retries to {words.host()}, but each of them worked the second time.",
            "Nothing unusual. The slowest request took under a second.",
        )
    )
    return writer.end()


def _build(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    message = words.pick(
        f"use of undeclared identifier '{words.thing()}_{words.hash(3)}'",
        f"invalid conversion from '{words.thing()}' to 'int'",
        f"'{words.thing()}.h' file not found",
    )
    writer.user(words.pick("build it", "does the image build?", "make a release build"))
    writer.bash("make build", build_error(words, f"ext/{words.thing()}.c", message), failed=True)
    first = random.randrange(1, max(len(file.lines) - 80, 2))
    writer.read(file, "", (first, min(first + 80, len(file.lines))))
    writer.bash("make clean && make build", f"built in {words.number()} ms")
    writer.assistant(words.pick("A stale object file; a clean build works.", "It builds now."))
    return writer.end()


def _talk(material: Material) -> Dialogue:
    _, words, _, writer = material
    one, two = words.thing(), words.thing()
    writer.user(
        words.pick(
            f"should {one}s and {two}s share a table?",
            f"I'm not sure about the names. {one} or {two}?",
            f"do we need a cache for the {one}s?",
        )
    )
    writer.assistant(
        words.pick(
            f"Not yet. There are about {words.number()} {one}s, and each is read once a day. I "
            f"would first find out who reads them, then decide. Two things speak for waiting: the "
            f"{two}s will change anyway, and a cache is easier to add than to remove.",
            f"I'd keep them apart. A {one} lives for days, a {two} for years, and the only thing "
            f"they share is an owner. Joining them is cheap; untangling a table is not.",
            f"1. `{one}` is what the customers say.\n2. `{two}` is what the code says.\n\nI would "
            "follow the customers, and rename step by step.",
        )
    )
    writer.user(words.pick("ok", "makes sense", "hm, fine", "let's keep that in mind"))
    writer.assistant(words.pick("Good.", "Then I change nothing for now.", "All right."))
    return writer.end()


def _history(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    function = random.choice(file.functions)
    subjects = [
        f"{words.pick('Fix', 'Add', 'Drop', 'Test', 'Rename')} the {words.thing()} "
        f"{words.pick('view', 'job', 'cache', 'check')}"
        for _ in range(12)
    ]
    removed = file.lines[function.first_line : function.first_line + 8]
    head = f"diff --git a/{file.name} b/{file.name}\n@@ -1,8 +1,2 @@"
    diff = "\n".join([head, *(f"-{line}" for line in removed), f"+    # see {words.hash(6)}"])
    writer.user(words.pick(f"who changed {file.name} last?", "what is in the branch so far?"))
    writer.bash(f"git log --oneline -12 -- {file.path}", git_log(words, subjects))
    writer.bash(f"git diff HEAD~1 -- {file.path}", diff)
    writer.assistant(f"The last change there removed a part of `{function.name}`.")
    return writer.end()


def _extract(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    function = random.choice(file.functions)
    short = function.name.rpartition(".")[2]
    code = "\n".join(file.lines[function.first_line - 1 : function.last_line])
    target = f"{tree.root}/{words.thing()}/{short.strip('_') or 'helper'}_{words.hash(3)}.py"
    writer.user(
        words.pick(
            f"I'd like to have {short} in a module of its own",
            f"move {function.name} out of {file.name}, it has nothing to do with the rest there",
            f"copy {short} into the {words.thing()} package, we need a variant of it",
        )
    )
    writer.read(file, "", (function.first_line, function.last_line))
    writer.write(target, f'"""{function.summary or short}"""\n\n{code}\n')
    writer.bash(
        "ruff check . && mypy", f"All checks passed!\nSuccess: no issues in {words.number()} files"
    )
    writer.assistant(
        f"`{short}` is in `{target.rpartition('/')[2]}` now:\n\n```python\n"
        + "\n".join(code.splitlines()[: random.randrange(3, 12)])
        + "\n    ...\n```\n\n"
        + words.pick("The old place imports it.", "Its callers are unchanged.", "Shall I commit?")
    )
    return writer.end()


def _compare(material: Material) -> Dialogue:
    random, words, tree, writer = material
    one, two = tree.browse(), tree.browse()
    writer.user(
        words.pick(
            f"do {one.name} and {two.name} do the same thing?",
            f"Which is better style, {one.name} or {two.name}?",
            f"can {two.name} use something of {one.name} instead of its own code?",
        )
    )
    for file in (one, two):
        function = random.choice(file.functions)
        last = min(function.last_line + 20, len(file.lines))
        writer.read(file, "", (max(function.first_line - 10, 1), last))
    lines = [f"| {file.name} | {len(file.lines)} | {len(file.functions)} |" for file in (one, two)]
    first = random.choice(one.functions)
    second = random.choice(two.functions)
    writer.assistant(
        "\n".join(["| file | lines | functions |", "| --- | --- | --- |", *lines])
        + f"\n\n`{first.name}`: {first.summary or 'no description'} "
        + f"`{second.name}`: {second.summary or 'no description'} "
        + words.pick("They overlap only in names.", "I would not join them.", "Both are fine.")
    )
    return writer.end()


def _complain(material: Material) -> Dialogue:
    random, words, tree, writer = material
    file = tree.browse()
    function = random.choice(file.functions)
    error = (
        f"{words.pick('OSError', 'ValueError', 'AttributeError')}: {words.thing()} {words.hash()}"
    )
    trace = traceback(random, file, function, error)
    writer.user(words.pick(f"users get this:\n\n{trace}", f"```\n{trace}\n```\nany idea?"))
    first = max(function.first_line - 20, 1)
    writer.read(file, "", (first, min(function.last_line + 30, len(file.lines))))
    writer.assistant(
        words.pick(
            f"`{function.name}` gets something it does not expect; its caller should check.",
            "I think the file was written by an older release. It is safe to ignore once.",
            f"That is in {file.name}, but the cause is earlier. I'd add a log line first.",
        )
    )
    return writer.end()


_TASKS = (
    _explain, _explain, _explain, _fix, _fix, _operate, _build, _talk, _history, _extract,
    _compare, _complain,
)  # fmt: skip
