"""The words of the trade in German and in English.

People ask in their own language about a session whose code, tools and model speak English. What is
technical is often the same word in both; this is for the rest. Endings and compounds are taken
apart: `Fehlermeldungen` is looked up as `fehler` and `meldung`.
"""

_ENDINGS = (
    "",
    "en",
    "ern",
    "er",
    "es",
    "em",
    "e",
    "n",
    "s",
    "ung",
    "ungen",
    "te",
    "ten",
    "t",
    "st",
)
_MIN_PART = 4
# A longer one is no word: to take it apart takes quadratic time.
_MAX_LETTERS = 60
_WORDS = """
abbrechen: abort cancel | abbruch: abort cancel | abfrage: query | abgelaufen: expired
abhängigkeit: dependency | ablage: storage store | ablauf: expiry flow | absturz: crash
abstürz: crash | alternativ: alternative | anbindung: connection binding | anfrage: request
angabe: value option | anhalten: stop pause | anhang: attachment | anlegen: create
anmelden: login sign | anmeldung: login sign | antwort: response reply answer
anzahl: number count | anzeige: display | arbeit: work | archiv: archive | art: kind type
aufgabe: task todo | aufgerufen: called | aufruf: call | aufrufen: call invoke
aufräum: clean cleanup | ausgabe: output | ausgeführt: run executed | auslagern: move extract
auslieferung: delivery deploy | auslöser: trigger cause | ausnahme: exception
ausrollen: deploy rollout | ausschalten: disable | ausstehend: pending
auswahl: selection choice | auszug: excerpt | bauen: build | bearbeit: edit process
bedingung: condition | befehl: command | begrenz: limit cap | begründung: reason | beheb: fix
beispiel: example | benachrichtigung: notification | benenn: name rename | benutzer: user
berechnung: calculation compute | berechtigung: permission | bereich: range scope area
bericht: report | beschränkung: limit | beschädig: damaged damage | besitzer: owner
bestellung: order | bestätig: confirm | betrag: amount | bewilligung: approval
bezahlung: payment | bibliothek: library | bild: image | breite: width | datei: file
daten: data | datenbank: database db | datum: date | dauer: duration | deckel: cap limit
dienst: service | doppelt: duplicate twice | drehen: rotate | dritte: third
drossel: throttle rate | druck: print | durchlauf: run pass | durchsatz: throughput
eigenschaft: property | eindeutig: unique | einfügen: insert paste | eingabe: input
eingestellt: set configured | einheit: unit | einstellung: setting | eintrag: entry record
entfernen: remove delete | entfernt: removed | entscheiden: decide
entscheidung: decision decided | entschieden: decided decision chose | entwurf: draft design
ereignis: event | ergebnis: result | erhöh: raise increase | erlaubt: allowed
erneut: retry again | ersetz: replace | erste: first | erstellt: created | erwart: expect
erzeug: create generate | faden: thread | fehlend: missing | fehler: error failure bug
fehlgeschlagen: failed | fehlgeschlagene: failed | feld: field | filter: filter
freigabe: release approval | frist: deadline timeout | funktion: function | gebühr: fee
geheim: secret | geheimnis: secret | gelöscht: deleted removed | genehmig: approve approval
gerundet: rounded | gerät: device | gescheitert: failed | geschrieben: written wrote
geschwindigkeit: speed | gespeichert: stored saved | gewählt: chose chosen | geändert: changed
gleich: equal | gleichzeitig: concurrent parallel | grenze: limit bound
grenzwert: threshold limit | grund: reason because | größe: size | gründe: reasons because
gültig: valid | haupt: main | heraus: out | herkunft: origin | herunterfahren: shutdown
herunterladen: download | hinterleg: store | hinweis: note hint | hinzugefügt: added
hochladen: upload | häufig: often frequent | höchst: maximum | höhe: height
integritat: integrity | intervall: interval | kanal: channel | kante: edge
kennung: id identifier | kennwort: password | klasse: class | knoten: node
kommandozeile: command line | konstante: constant | konto: account | kopf: head header
kopie: copy | kunde: customer client | kürz: shorten truncate | langsam: slow | last: load
laufen: run | laufzeit: runtime | leck: leak | leer: empty | leerlauf: idle
leistung: performance | lesen: read | liste: list | länge: length | lösch: delete remove
löschfrist: retention | lösung: solution fix | mahnung: reminder dunning | mandant: tenant
marke: tag token mark | maximal: maximum | mehrwertsteuer: vat tax | meldung: message
menge: set amount | merkmal: feature | messung: measurement | methode: method
migration: migration | mindest: minimum | modul: module | nachricht: message
nachtschicht: night shift | name: name | nebenläufig: concurrent | netz: network
netzwerk: network | neu: new | neustart: restart | niedrig: low | nummer: number | nutzer: user
oberfläche: interface | obergrenze: limit cap maximum | objekt: object | optional: optional
ordner: folder | paket: package | parameter: parameter argument | passwort: password
pfad: path | pflicht: required mandatory | plan: plan | platz: space place | preis: price
protokoll: log protocol | prozess: process | prüf: check verify | prüfsumme: checksum
prüfung: check | puffer: buffer | quelle: source | rabatt: discount | rechnung: invoice bill
rechte: permissions | regel: rule | reihenfolge: order sequence | rest: remaining rest
rundung: rounding | rückgabe: return | rückgängig: undo revert | rückruf: callback
sammlung: collection | satz: record sentence | schalter: flag switch | schema: schema
schicht: layer | schleife: loop | schlüssel: key | schnell: fast | schneller: faster
schnittstelle: interface api | schritt: step | schwelle: threshold | schwellwert: threshold
seite: page side | sendung: shipment parcel | server: server | sicherheit: security
sicherung: backup | sichtbar: visible | sitzung: session | skript: script | sortier: sort
spalte: column | speicher: memory storage store | speichern: store save
speicherplatz: disk space | sperre: lock | spiegel: mirror | sprache: language
stand: state status | standard: default standard | stapel: batch stack | start: start
startwert: seed initial | stelle: place position | steuer: tax | steuerung: control
streich: drop remove | struktur: structure | suche: search | summe: total sum | tabelle: table
tag: day | tauscht: swap | teil: part | telefon: phone | test: test | text: text
transaktion: transaction | treiber: driver | trenn: separate split | umbenannt: renamed
umgebung: environment | umgebungsvariable: environment variable | umsatz: revenue
umstellung: migration switch | ungültig: invalid | unterbrech: interrupt | untergrenze: minimum
unterschr: sign signature | unterstütz: support | ursache: cause reason | variable: variable
veraltet: deprecated stale | verantwortlich: owner responsible | verbindung: connection
verbot: forbid | verein: merge | verfahren: method approach | verfall: expiry
vergess: forget forgot | vergleich: comparison compare | verlauf: history | verlier: lose lost
verloren: lost | vermeid: avoid | verriegel: lock | versand: shipping | verschieb: move
verschlüssel: encrypt | verschlüsselung: encryption | version: version | versprochen: promised
versuch: attempt retry try | verteil: distribute | vertrag: contract | verweis: reference
verwendet: used | verzeichnis: directory folder | verzweig: branch | verzögerung: delay latency
vorgabe: default | vorgeschlagen: suggested | vorlage: template | vorrang: priority precedence
vorschlag: suggestion proposal | wahl: choice | warnung: warning | warten: wait
warteschlange: queue | wartezeit: wait delay backoff timeout | weg: way approach
weiterleitung: redirect forward | wert: value | wiederanlauf: retry restart
wiederherstell: restore recover | wiederholung: retry repeat | woche: week | wächst: grow
zahl: number | zahlung: payment | zeichen: character | zeichenkette: string | zeile: line
zeit: time | zeitlimit: timeout | zeitplan: schedule | zeitstempel: timestamp
zeitüberschreitung: timeout | zerleg: split parse | zertifikat: certificate
ziel: target destination | zuerst: first | zufall: random | zugang: access credentials
zugriff: access | zusammenfassung: summary | zusammenfluss: merge | zustand: state
zuständig: responsible owner | zusätzlich: additional | zuweisung: assignment | zweck: purpose
zweig: branch | zweite: second | zwischenspeicher: cache | zähler: counter
überprüf: check verify | übersicht: overview | übertragung: transfer
"""
_ENGLISH = {
    german.strip(): tuple(english.split())
    for entry in _WORDS.replace("\n", "|").split("|")
    if entry.strip()
    for german, _, english in (entry.partition(":"),)
}


def translate(word: str) -> tuple[str, ...]:
    """Return the English words for a German one in lower case; none where it is not known.

    Of a compound one part may be English already: `Verbindungspool`.
    """
    known = _simple(word)
    if known or len(word) > _MAX_LETTERS:
        return known
    splits = [(word[:at], word[at:]) for at in range(len(word) - _MIN_PART, _MIN_PART - 1, -1)]
    translated = [(_simple(head), _simple(tail), head, tail) for head, tail in splits]
    for head, tail, *_ in translated:
        if head and tail:
            return (*head, *tail)
    for head, tail, german_head, german_tail in translated:
        if head and len(german_tail) >= _MIN_PART:
            return (*head, german_tail)
        if tail:
            return (german_head.removesuffix("s"), *tail)
    return ()


def _simple(word: str) -> tuple[str, ...]:
    """Return the English words for a German one that is no compound."""
    for ending in _ENDINGS:
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            for form in (stem, f"{stem}e", f"{stem}en"):
                if form in _ENGLISH:
                    return _ENGLISH[form]
    return ()
