"""How a request points to what was before: by order, by an old state, by a list, or by nothing.

Such requests hardly share words with what they mean. "The second approach" needs the text in which
approaches were numbered, "undo that" the text that an edit replaced, "go on" what was announced.
The words are English and German.
"""

import re
from enum import Enum, auto

from msgspec import Struct

from ollama_claude_proxy.sessions.recall.phrases import any_phrase
from ollama_claude_proxy.sessions.recall.stop_words import STOP_WORDS


class Intent(Enum):
    """A way to point to what was before."""

    ORDER = auto()
    UNDO = auto()
    LIST = auto()
    BACK_REFERENCE = auto()
    REASON = auto()


class Ordinal(Struct, frozen=True):
    """A place in an order, from 1 (the last is -1), and the `noun` that it is of, if any."""

    place: int
    noun: str


_PLACES = {
    "first": 1, "1st": 1, "one": 1, "erste": 1, "a": 1, "i": 1,
    "second": 2, "2nd": 2, "two": 2, "zweite": 2, "b": 2, "ii": 2,
    "third": 3, "3rd": 3, "three": 3, "dritte": 3, "c": 3, "iii": 3,
    "fourth": 4, "4th": 4, "four": 4, "vierte": 4, "d": 4, "iv": 4,
    "fifth": 5, "5th": 5, "five": 5, "fünfte": 5, "e": 5,
    "sixth": 6, "6th": 6, "six": 6, "sechste": 6,
    "last": -1, "final": -1, "latter": -1, "letzte": -1, "former": 1,
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b(first|(?<!\bone )(?<!\bper )(?<!\d )second|third|fourth|fifth|sixth|[1-6](?:st|nd|rd|th)"
    r"|(?<!\bat )last|final|latter|former"
    r"|(?:erste|zweite|dritte|vierte|fünfte|sechste|letzte)[nrs]?)\b"
    r"(?:[\s-]+(?:of|one|von)\b)?(?:[\s-]+(?:the|your|my|our|those|these|two|three|four|der|den"
    r"|deiner|deinen))*[\s-]*(\w+)?(?:[\s-]+(\w+))?",
    re.IGNORECASE,
)
# "plan a release" and "a way I know" count nothing: before a further word such a letter is a word.
_NUMBERED = re.compile(
    r"\b(option|approach|step|point|item|variant|plan|idea|suggestion|alternative|proposal|way"
    r"|choice|number|no(?=\.?\s*#?\d)|task|möglichkeit|variante|ansatz|vorschlag|schritt|punkt"
    r"|nummer)(?:\b|(?=\d))\.?\s*[#(]?([1-9]|[ai](?!\s+(?!(?:and|or|is|instead|please|then|but|und"
    r"|oder|ist|bitte)\b)\w)|[b-e]|one|two|three|four|five|six|i{2,3}|iv)\b\)?"
    r"|(?<!\bissue )(?<!\bpr )(?<!\bticket )#([1-9])\b",
    re.IGNORECASE,
)
# What has an order by itself, in code and in data: "the last line" was not said by anybody.
_OF_DATA = frozenset({
    "argument", "arguments", "byte", "character", "column", "digit", "element", "elements", "entry",
    "key", "letter", "line", "lines", "match", "page", "parameter", "row", "rows",
    "feld", "spalte", "zeichen", "zeile", "zeilen",
})  # fmt: skip
_UNDO = any_phrase(r"""
    undo | undid | revert* | roll(?:ed|ing)? (?:\w+ ){0,3}back | put (?:\w+ ){0,4}back | restore
    (?:bring|change|set|switch|take|turn) (?:\w+ ){0,3}back | get rid of your
    back out | (?:as|how|like) (?:\w+ ){1,4}(?:was|were(?! \w+ing)|looked|had been|used to be)
    used to (?:be|say|read) | original(?:ly)? | previous(?:ly)?
    (?:old|earlier|former) (?:\w+ )?(?:text|version|code|value|line|wording|body|one|state|message)
    before (?:\w+ ){0,3}(?:chang|edit|touch|rewr|replac|modif|patch|refactor)\w*
    (?:was|were|said|did) (?:\w+ ){1,5}before(?=\s*(?:[?.!]|$))
    rückgängig | vorher | zuvor | ursprünglich* | vor deine[nrm]? (?:änderung|bearbeitung)
    (?:mach|nimm|nehm|setz|dreh|stell)\w* (?:\S+ ){0,5}zurück
    zurück(?:setzen|nehmen|drehen)
    (?:alte|frühere)[nrs]? (?:text|version|code|wert|zeile|fassung|stand)
""")
# A word that ends like one, and is not known to be another.
_PLURAL = r"(?!(?:was|does|has|this|its|happens|causes)\b)\w+[^\Wsu]s"
# "how many milliseconds" asks for one number.
_UNIT = (
    r"(?:ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|bytes|kb|mb|gb"
    r"|percent|tokens|times|retries)\b"
)
_LIST = any_phrase(rf"""
    all | every | each | everything | everybody | everyone | anybody | who | how many(?! {_UNIT})
    list (?:all|every|each|the|them|out|what|which) | (?:a|complete|whole|full) list
    lists? of all | on (?:our|the|my|your) list | summar* | overview | recap | so far | complete
    enumerate
    (?:which|what) (?:(?!(?:is|was|does|has|happens|causes)\b)\w+ ){{0,2}}?{_PLURAL}
    what (?:are|were) (?:\w+ ){{0,3}}?{_PLURAL} | what(?:'s| is) (?:still )?open | name the \w+s
    alle[ns]? | sämtliche* | liste | auflist* | übersicht | bisher | jede[nrs]? | wie viele
    wer | wem | noch offen | zusammenfass* | (?:fass|zähl)\w* (?:\S+ ){{0,5}}(?:zusammen|auf)
    welche[nr]? (?:\w+ ){{0,2}}?(?:\w{{2,}}en|tests|befehle|fehler|module)
""")
_BACK_REFERENCE = any_phrase(r"""
    the same | same (?:thing|way|for) | the other | others? | that one | this one | both | again
    likewise | as (?:before|above|there|discussed|agreed|well) | like (?:before|there|that|we did)
    do (?:it|that) | go on | continue | carry on | proceed | keep going | resume
    next(?! \w) | next (?:file|item|module|one|part|point|step|task)s?
    what(?:'s| is) left | where were we | and now | pick up | finish
    weiter* | fortfahren | dasselbe | das gleiche | genauso | ebenso | das andere | die andere
    den anderen | auch (?:für|bei) | wie (?:vorhin|dort|eben|besprochen)
""")
_REASON = any_phrase(r"""
    why | (?:the|what|which|our|your) reason* | rationale | justif* | how come | what for | decid*
    decision* | chose* | (?:our|your|the) choice | in favou?r
    warum | wieso | weshalb | grund | gründe | begründ* | entsch(?:eid|ied)*
""")
_FAILURE = any_phrase(r"""
    crash* | exception* | error* | traceback | stack ?trace | raise[sd]? | threw | thrown | panic*
    fail(?:s|ed|ing|ure)? | broke | abort* | absturz | abgestürzt | fehler* | ausnahme
""")
_WORD = re.compile(r"\w+")
_QUESTION = re.compile(
    r"\W*(?:(?:and|so|but|ok|und|also|aber)\W+)?(?:what|which|who|whom|whose|when|where|why|how|remind"
    r"|was|welche[nrs]?|wer|wem|wen|wann|wo|warum|wieso|weshalb|wie)\b",
    re.IGNORECASE,
)
# What people say who only want it to go on.
_GOING_ON = frozenset(
    _WORD.findall(
        "continue carry proceed resume next finish weiter fortfahren same other others again"
    )
)
# A request with so few words of its own can only mean what was before.
_MAX_BARE_WORDS = 3


def read_intents(text: str) -> frozenset[Intent]:
    """Return how a question points to what was before."""
    if not text.strip():
        return frozenset()
    found = {
        intent
        for intent, pattern in (
            (Intent.UNDO, _UNDO),
            (Intent.LIST, _LIST),
            (Intent.BACK_REFERENCE, _BACK_REFERENCE),
            (Intent.REASON, _REASON),
        )
        if pattern.search(text)
    }
    if any(ordinal.noun not in _OF_DATA for ordinal in read_ordinals(text)):
        found.add(Intent.ORDER)
    words = own_words(text)
    if len(words) <= 1 or (len(words) <= _MAX_BARE_WORDS and not _is_question(text)):
        found.add(Intent.BACK_REFERENCE)
    return frozenset(found)


def asks_back(text: str) -> bool:
    """Whether a request needs what was before: it asks, or it only points to something.

    Others tell what to do next, and need little of it.
    """
    intents = read_intents(text)
    points = intents & {Intent.ORDER, Intent.UNDO, Intent.LIST}
    is_short = Intent.BACK_REFERENCE in intents and len(own_words(text)) <= _MAX_BARE_WORDS
    return _is_question(text) or bool(points) or is_short


def asks_of_failure(text: str) -> bool:
    """Whether a request is about something that failed."""
    return _FAILURE.search(text) is not None


def _is_question(text: str) -> bool:
    return "?" in text or _QUESTION.match(text) is not None


def own_words(text: str) -> list[str]:
    """Return the words of a request that say what it is about, in lower case."""
    words = _WORD.findall(text.lower())
    return [word for word in words if word not in STOP_WORDS and word not in _GOING_ON]


def read_ordinals(text: str) -> list[Ordinal]:
    """Return the places that a question names: "the second approach", "option 3"."""
    found = [
        Ordinal(_place(match[1]), _noun(match[2], match[3])) for match in _ORDINAL.finditer(text)
    ]
    found += [
        Ordinal(_place(match[2] or match[3]), (match[1] or "").lower())
        for match in _NUMBERED.finditer(text)
    ]
    return found


def _place(word: str) -> int:
    word = word.lower()
    if word.isdigit():
        return int(word)
    return _PLACES.get(word) or _PLACES.get(word.rstrip("nrs"), 1)


def _noun(*words: str | None) -> str:
    """Return the first word that is one of content, in lower case."""
    lower = (word.lower() for word in words if word)
    return next((word for word in lower if word not in STOP_WORDS), "")
