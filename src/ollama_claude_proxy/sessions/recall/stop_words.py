"""Words that hold a sentence together and tell nothing of what it is about.

A line with many of them is prose; a search leaves them out.
"""

import re
from collections.abc import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


ENGLISH = _words(
    """a about after again all also am an and any anything are as at be because been before
    being both but by can could did do does doing don done down during each earlier else
    ever every everything few for from further get gets getting give go goes going good got
    had has have having he her here him his how i if in into is it its itself just know let
    like ll look looks made make makes many may maybe me might more most much must my need
    needs no nor not now of off ok okay on once one only onto or other our ours out over own
    please put re really s same say says see seem she should so some something still such
    sure t take tell than thanks that the their them then there these they thing things
    think this those though through to together too try under until up us use used using ve
    very via want wants was way we well went were what whatever when where whether which
    while who whom whose why will with within without won would yes yet you your yours"""
)
GERMAN = _words(
    """aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei
    beim bin bis bist bitte da dabei damit danach dann daran darauf das dass dein deine dem
    den denn der des dessen die dies diese diesem diesen dieser dieses dir doch dort du
    durch ein eine einem einen einer eines einmal er es etwas euch euer für gab ganz gar
    geben gegen genau gibt habe haben hast hat hatte hatten hattest hier hin ich ihm ihn
    ihnen ihr ihre im in ins ist ja jede jedem jeden jeder jedes jetzt kann kannst kein
    keine können könnte machen mal man mehr mein meine mich mir mit muss müssen nach nicht
    nichts noch nochmal nun nur ob oder ohne schon sehr sein seine seit selbst sich sie sind
    so soll sollen sollte sollten um und uns unser unsere unter vom von vor vorhin war waren
    warum was wegen weil welche welchem welchen welcher welches wenn wer werden wie wieder
    wir wird wo wohl wollen wollte wollten worden wurde wurden würde zu zum zur zwischen
    über"""
)
STOP_WORDS = ENGLISH | GERMAN
# Without those that mean something else, or nothing, in English.
_SURELY_GERMAN = GERMAN - ENGLISH - _words("alle also an den der des die hat in man so war was")
_MIN_GERMAN_WORDS = 2


def is_german(words: Sequence[str]) -> bool:
    """Whether words in lower case are of a German sentence."""
    return len(_SURELY_GERMAN.intersection(words)) >= _MIN_GERMAN_WORDS
