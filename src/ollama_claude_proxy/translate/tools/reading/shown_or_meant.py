"""Whether what reads as a call is meant as one, or only shown: one rule set for every dialect.

A call that is not made costs a turn; text that is run may cost a home folder. So a call must stand
where a model makes its calls, and the text around it must not say anything else:

* **Where it stands.** In inline code, a quotation, a line of a diff, a log, a list or a table, an
  indented block, an open element such as `<pre>`, or in a value of a document, it is shown. (A
  fence of code is never searched at all.)
* **What introduces it**, which is the sentence before it. *Nothing*: the turn begins with it, or
  the model had only been thinking. An *announcement* ("I'll read the file:"). What *shows* it ("for
  example", "looks like this", "never run") or *describes* messages ("a call is written:"), or
  anything else, which is *neutral*. A finished sentence shows a call only if it speaks of calls or
  examples: agents report what they found ("The log shows a timeout.") and go on with a call.
* **What follows it.** Nothing, a *question* or an *explanation* of the form, or other prose.
* **How it is written.** In the marks of a dialect, which hardly anybody writes but to call; or as
  plain JSON, also in a fence, which is the commonest document of all.

========================= ============== ===================== ==========================
introduced by             nothing after  prose after           question or explanation
========================= ============== ===================== ==========================
nothing, an announcement  call           call                  shown
neutral                   call           shown                 shown
neutral, a colon, heading call in marks  shown                 shown
a description             shown          shown                 shown
what shows or asks        shown          shown                 shown
========================= ============== ===================== ==========================

An answer that has shown one call shows the others too, unless they are announced.
"""

import re
from typing import Literal

from ollama_claude_proxy.translate.tools.reading.wordings import (
    ACTS,
    ANNOUNCES,
    ASKS,
    DESCRIBES,
    EXPLAINS,
    REFERS,
    SHOWS,
)

# "label": a heading, or neutral words that end with a colon: what follows is what they name.
Introduction = Literal["none", "announcement", "neutral", "label", "description", "shown"]

# So much of what follows tells what it is.
FOLLOWING_CHARS = 160

_THINKING_ENDS = (
    "</think>",
    "</thinking>",
    "<channel|>",
    "[/THINK]",
    "</mm:think>",
    "[BEGIN FINAL RESPONSE]",
)
_CONTROL_TOKEN = re.compile(r"<[|｜][^<>|｜\n]{1,40}[|｜]>|</?(?:assistant|s|bos|eos)>")
_SENTENCE_BREAK = re.compile(r"(?<=[.!?。！？…])[\s*_]+|(?<=[。！？])|\n+")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]+\*\*\s*:?\s*$|={3,}|-{3,}\s*$)")
# A text that goes on in the same line and in the middle of a sentence.
_GOES_ON = re.compile(r"[ \t]*(?:[`\"'\u2019\u201d»)\]},:]|[a-zß-öø-ÿ])")
_ROLE_NAME = re.compile(r"[ \t]*(?:assistant|user|system|commentary|analysis|final)\b")
# A sentence that is at its end, and does not lead into what follows.
_FINISHED = re.compile(r"[.!。！…][)\"'*_`»\u201d]*\s*$")
_STEP = re.compile(r"\W*(?:step|schritt|étape|paso|passo)\s*\d", re.IGNORECASE)
_MAX_INTERJECTION_WORDS = 3


def after_thinking(text: str) -> str:
    """Return what follows the thinking in a text, which is the whole text if there is none."""
    end = max(text.rfind(mark) + len(mark) if mark in text else 0 for mark in _THINKING_ENDS)
    return text[end:]


def classify_introduction(text: str) -> Introduction:
    """Return what the text before a call makes of it, by its last sentence."""
    text = _CONTROL_TOKEN.sub("", after_thinking(text)).rstrip()
    if not text.strip():
        return "none"
    paragraph = text.rpartition("\n\n")[2]
    sentences = [one for one in _SENTENCE_BREAK.split(paragraph) if one.strip(" \t*_-#>")]
    last = sentences[-1] if sentences else paragraph
    if ASKS.search(paragraph):
        return "shown"
    if ACTS.search(last):
        return "announcement"
    if (REFERS if _FINISHED.search(last) else SHOWS).search(last):
        return "shown"
    if ANNOUNCES.search(last) and not _HEADING.match(last):
        return "announcement"
    return _classify_other(last)


def _classify_other(sentence: str) -> Introduction:
    """Return what a sentence makes of a call that it neither shows nor announces."""
    is_label = sentence.rstrip(" \t*_`").endswith((":", "："))
    is_short = sentence.isascii() and len(sentence.split()) <= _MAX_INTERJECTION_WORDS
    if is_short and not (is_label or _HEADING.match(sentence)):
        return "announcement"
    if _FINISHED.search(sentence):
        return "neutral"
    if _HEADING.match(sentence) or _STEP.match(sentence):
        return "label"
    if DESCRIBES.search(sentence):
        return "description"
    return "label" if is_label else "neutral"


def is_meant(
    introduction: Introduction, following: str, *, in_marks: bool, shown_before: bool
) -> bool:
    """Whether a call is meant, by its introduction and the text that follows it up to the end.

    `in_marks`: it is written in the marks of a dialect and not as plain JSON. `shown_before`: the
    same answer has shown another call.
    """
    if introduction in {"shown", "description"}:
        return False
    if shown_before and introduction != "announcement":
        return False
    words = following.strip()
    if not words:
        return in_marks or introduction != "label"
    if introduction in {"neutral", "label"}:
        return False
    goes_on = _GOES_ON.match(following) is not None and not _ROLE_NAME.match(following)
    return not (goes_on or ASKS.search(words) or EXPLAINS.search(words))
