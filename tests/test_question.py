"""What a request asks is told from what is pasted with it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.question import Question, is_prose, read_question

ASKED = "Why does the pool run empty at night?"
WANTED = "Please find out why it fails and then fix it."
GERMAN = "Warum ist der Pool nachts leer, und was kann man da machen?"
PASTED = {
    "log": "\n".join(
        f"2031-05-04 12:00:{at:02} INFO worker-{at} job={at * 7} done in {at}ms" for at in range(40)
    ),
    "access log": "\n".join(
        f'10.0.0.{at} - - [05/May/2031:12:00:{at:02} +0000] "GET /a/{at} HTTP/1.1" 200 {at}12'
        for at in range(40)
    ),
    "code": "\n".join(
        f"def handler_{at}(ledger):\n    total = ledger.total + {at}\n    return total * rate[{at}]"
        for at in range(30)
    ),
    "fenced code": "```python\n" + "print(total)\n" * 80 + "```",
    "Go": "\n".join(f"func Take{at}(p *Pool) error {{\n\treturn p.take()\n}}" for at in range(30)),
    "SQL": "\n".join(f"SELECT id, name FROM users WHERE id = {at};" for at in range(30)),
    "JSON": "{\n" + "".join(f'  "key_{at}": {{"id": {at}}},\n' for at in range(60)) + "}",
    "JSON in one line": "[" + '{"id": 1, "name": "a heron", "is_in_the_list": true}, ' * 40 + "1]",
    "Python trace": "Traceback (most recent call last):\n"
    + "".join(f'  File "/srv/mod_{at}.py", line {at}, in step_{at}\n' for at in range(30))
    + "ValueError: bad heron",
    "Java trace": "java.lang.IllegalStateException: pool is empty\n"
    + "\n".join(f"\tat com.acme.Pool.take{at}(Pool.java:{at})" for at in range(30)),
    "diff": "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n"
    + "".join(f"@@ -{at},3 +{at},3 @@\n-    return {at}\n+    return a\n" for at in range(30)),
    "pytest": "\n".join(f"tests/test_a.py::test_{at} PASSED   [ {at}%]" for at in range(30)),
    "table": "\n".join(f"{at},alice,{at * 3}.50,EUR,2031-01-{at % 28 + 1:02}" for at in range(40)),
}


@pytest.mark.parametrize("pasted", PASTED.values(), ids=PASTED)
@pytest.mark.parametrize(
    ("above", "below"),
    [
        (WANTED, ""),
        ("", ASKED),
        (GERMAN, ""),
        ("", GERMAN),
        ("This is what I see.", ASKED),
        ("", f"This is from the host.\n\n{ASKED}"),
        ("", "为什么数据库的测试失败了？"),
    ],
)
def test_the_question_is_what_stands_around_what_is_pasted(
    pasted: str, above: str, below: str
) -> None:
    question = read_question(f"{above}\n\n{pasted}\n\n{below}")
    assert question.words == "\n".join(filter(None, (above, below)))
    assert question.pasted


def test_a_caption_is_of_what_is_pasted_where_something_else_is_asked() -> None:
    pasted = PASTED["log"]
    question = read_question(f"From the other host:\n{pasted}\nWhat did the gateway answer?")
    assert question.words == "What did the gateway answer?"
    question = read_question(f"Explain why the gateway fails:\n{pasted}\nThanks a lot.")
    assert question.words == "Explain why the gateway fails:\nThanks a lot."


@pytest.mark.parametrize("wanted", ["Исправь ошибку в пуле", "Répare la réserve", "プールを直して"])
@pytest.mark.parametrize("layout", ["{0}\n{1}", "{1}\n{0}"])
def test_words_of_an_unknown_language_are_among_what_is_asked(wanted: str, layout: str) -> None:
    question = read_question(layout.format(wanted, PASTED["log"]))
    assert wanted in question.words.splitlines()
    assert len(question.words.splitlines()) <= 4


@pytest.mark.parametrize("text", ["", "  \n", ASKED, f"  {ASKED}\n", "x = 1\n" * 20, "x" * 600])
def test_a_short_text_is_all_question(text: str) -> None:
    assert read_question(text, "a step", "context") == Question(
        text.strip(), "", "a step", "context"
    )


def test_a_long_text_of_sentences_is_all_question_without_its_middle() -> None:
    lines = [f"This is what we want to have for number {at} of them." for at in range(200)]
    question = read_question("\n".join(lines))
    assert question.pasted == ""
    assert question.words.startswith(lines[0])
    assert question.words.endswith(lines[-1])
    assert lines[100] not in question.words


def test_paragraphs_stay_together() -> None:
    text = f"{WANTED}\n\n{ASKED}\n\n\n{GERMAN}"
    assert read_question(f"{text}\n\n{PASTED['log']}").words == text


def test_of_what_is_pasted_the_failures_are_kept_each_once() -> None:
    log = PASTED["log"].splitlines()
    log[7:7] = log[30:30] = ["2031-05-04 12:00:08 ERROR heron is lost"]
    log.insert(20, "2031-05-04 12:00:09 WARN the panic button is out of order")
    question = read_question("\n".join([*log, ASKED]))
    assert question.pasted.splitlines() == [log[7], log[20]]
    assert read_question(f"{PASTED['log']}\n{ASKED}").pasted == PASTED["log"]


def test_the_text_of_a_question_is_its_words_and_the_step() -> None:
    assert Question("words", "pasted", "step", "context").text == "words\nstep"
    assert Question(step="step").text == "step"
    assert Question().text == ""


@pytest.mark.parametrize(
    "line",
    [
        "Where is the retry configured",
        "and then it should stop.",
        "The `pool` (see above) isn't what I'd like it to be!",
        "heron?",
        "Das ist nicht, was ich wollte.",
        "¿y la reserva?",
        "なぜ？",
    ],
)
def test_a_sentence_is_prose(line: str) -> None:
    assert is_prose(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "    return it to the pool",
        "12:04 the worker was not there",
        "2031-05-04 is it in the list?",
        "ERROR the pool is not there",
        "> and this is what they said",
        "$ find out what is in there",
        "pool_size = 12",
        "------",
        "42",
        "for (let i = 0; i < it.length; i++) {",
        "import the.pool;",
        "GET /pool/heron HTTP",
    ],
)
def test_a_line_of_a_log_or_of_code_is_not(line: str) -> None:
    assert not is_prose(line)


def lines() -> st.SearchStrategy[str]:
    known = [ASKED, WANTED, GERMAN, "", "Error: no", *(PASTED["log"].splitlines()[:5])]
    return st.one_of(
        st.sampled_from(known), st.text(max_size=80), st.text("ab ?{\t", max_size=9000)
    )


def words(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())


@given(st.lists(lines(), max_size=40).map("\n".join))
def test_a_question_is_bounded_and_of_the_text(text: str) -> None:
    question = read_question(text)
    assert len(question.words) <= 7000
    assert len(question.pasted) <= 3000
    assert all(line in text for line in words(question.words))
    assert all(line in text for line in words(question.pasted))
    assert bool(question.words.strip()) == bool(text.strip())
