# Was alle Seiten gemeinsam haben. `{ $name }` ist ein Argument.

language-name = Deutsch

## Rund um jede Seite

skip-to-content = Zum Inhalt springen
account = Konto
your-account = Dein Konto
logged-in-as = Angemeldet als { $username }
administration = Verwaltung
log-in = Anmelden
log-out = Abmelden
create-account = Konto anlegen
language = Sprache
title-with-errors = Fehler: { $title }
start-page = Zur Startseite

## Formulare

username = Benutzername
password = Passwort
show-password = Anzeigen
hide-password = Verbergen
new-password-hint = Mindestens { $min } Zeichen. Einige Wörter ohne Zusammenhang eignen sich gut.
first-page = Erste Seite
next-page = Nächste Seite
confirm-first = Um hier etwas zu ändern, { $link }.
confirm-first-link = bestätige zuerst, dass du es bist

## Zeiten

wait-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
wait-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
wait-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}

## Passwörter

password-missing = Gib dein Passwort ein.
password-wrong = Falsches Passwort. Prüfe, ob die Feststelltaste aus ist.
password-empty = Gib ein Passwort ein.
password-nul = Ein Passwort darf kein NUL-Zeichen enthalten.
password-too-short = Verwende mindestens { $min } Zeichen.
password-too-long = Verwende höchstens { $max } Zeichen.
password-too-many-bytes = Verwende höchstens { $max } Bytes: so viele einfache Buchstaben, weniger aus anderen Schriften.
password-common = Dieses Passwort ist zu verbreitet. Wähle stattdessen einige Wörter ohne Zusammenhang.
password-repetitive = Dieses Passwort wiederholt ein kurzes Muster. Wähle stattdessen einige Wörter ohne Zusammenhang.
password-personal = Dieses Passwort enthält deinen Benutzernamen, deine E-Mail-Adresse oder den Namen dieser Website. Wähle stattdessen einige Wörter ohne Zusammenhang.
password-breached = Dieses Passwort stand in einem Datenleck einer anderen Website. Wähle ein anderes und ändere es überall, wo du es verwendest.
password-unchecked = Wir konnten nicht prüfen, ob dieses Passwort aus einem Datenleck bekannt ist. Versuche es gleich noch einmal.
password-weak = Dein Passwort ist leichter zu erraten als die meisten. Einige Wörter ohne Zusammenhang ergeben ein stärkeres.

## Benutzernamen

username-empty = Gib einen Benutzernamen ein.
username-length = Verwende { $min } bis { $max } Zeichen.
username-space = Ein Benutzername darf innen kein Leerzeichen enthalten. Verwende Buchstaben und Ziffern, innen auch Punkte, Unterstriche und Bindestriche.
username-character = Ein Benutzername darf das Zeichen { $character } nicht enthalten. Verwende Buchstaben und Ziffern, innen auch Punkte, Unterstriche und Bindestriche.
username-invisible-character = Ein Benutzername darf das unsichtbare Zeichen { $code } nicht enthalten. Verwende Buchstaben und Ziffern, innen auch Punkte, Unterstriche und Bindestriche.
username-ends = Ein Benutzername beginnt und endet mit einem Buchstaben oder einer Ziffer.
username-mixed-scripts = Ein Benutzername darf nicht Buchstaben mehrerer Schriften mischen, etwa lateinische und kyrillische.

## Eigene Felder der App

field-missing = Fülle „{ $label }“ aus.
field-too-long = Verwende höchstens { $max } Zeichen.
field-one-line = Verwende nur eine Zeile Text.

## Zu viele Versuche

throttled-log-in = Zu viele fehlgeschlagene Anmeldungen. Versuche es in { $wait } wieder. In einem Browser, in dem du schon angemeldet warst, musst du nicht warten.
throttled-log-in-for-good = Zu viele fehlgeschlagene Anmeldungen mit diesem Namen. Melde dich in einem Browser an, in dem du schon angemeldet warst, oder wende dich an die Administration der Website.
throttled-password = Zu viele falsche Passwörter. Versuche es in { $wait } wieder.
throttled-password-for-good = Zu viele falsche Passwörter. Melde dich ab und dann wieder an.
throttled-factor = Zu viele falsche Codes. Versuche es in { $wait } wieder.
throttled-factor-for-good = Zu viele falsche Codes. Kein Code einer Authenticator-App gilt mehr: Benutze einen Wiederherstellungscode, oder wende dich an die Administration.
throttled-registration = Aus deinem Netz oder auf dieser Website legen gerade zu viele Leute ein Konto an. Versuche es in { $wait } wieder.
throttled-mail = Aus deinem Netz wurden zu viele E-Mails angefordert. Warte { $wait } und versuche es dann noch einmal.
throttled-token = Zu viele Links oder Codes aus deinem Netz haben nicht funktioniert. Warte { $wait } und versuche es dann noch einmal.

## Sitzungen

sessions = Deine Sitzungen
session-browser = Browser
session-address = Adresse
session-since = Angemeldet
session-last-seen = Zuletzt gesehen
session-actions = Aktionen
session-this = Dieser Browser
session-unknown = unbekannt
browser-on-system = { $browser } auf { $system }
session-remembered = bleibt angemeldet
session-by = mit { $methods }
method-password = Passwort
method-totp = Authenticator-App
method-passkey = Passkey
method-verified_passkey = Passkey
method-mail_code = E-Mail-Code
method-recovery_code = Wiederherstellungscode
method-trusted_browser = vertrauter Browser
method-other = anderem Verfahren

## Abgelehnte Anfragen

problem-login-required = Melde dich an, um das zu sehen.
problem-fresh-login-required = Deine Anmeldung liegt eine Weile zurück. Bestätige, dass du es bist, um fortzufahren.
problem-second-factor-required = Melde dich mit einem zweiten Faktor an, um das zu sehen.
problem-verified-email-required = Bestätige deine E-Mail-Adresse, um das zu sehen.
problem-forbidden = Du hast keine Berechtigung für diese Seite. Wende dich an die Administration, wenn du sie brauchst.
problem-visit-required = Vorher gibt es etwas zu erledigen: { $page }.
problem-second-factor-enrolment = Füge deinem Konto zuerst einen zweiten Faktor hinzu, unter { $page }.
problem-cross-origin = Diese Anfrage kam von einer anderen Website und wurde nicht ausgeführt. Wenn du sie selbst gesendet hast, geh zurück, lade die Seite neu und sende sie noch einmal.
problem-cross-origin-elsewhere = Diese Anfrage kam von einer anderen Website und wurde nicht ausgeführt. Diese Website ist unter { $url }: Öffne sie dort und versuche es noch einmal.
problem-throttled = Zu viele Versuche. Versuche es in { $wait } wieder.
problem-throttled-for-good = Zu viele Versuche. Aus diesem Browser werden keine weiteren angenommen.
problem-internal = Bei uns ist etwas schiefgegangen. Versuche es später noch einmal.
problem-busy = Gerade melden sich zu viele Leute an. Versuche es gleich noch einmal.
problem-store = Bei uns ist etwas schiefgegangen. Versuche es gleich noch einmal.
problem-mail = Wir können gerade keine E-Mails senden. Versuche es gleich noch einmal.
second-factor-code-malformed = Gib die 6 Ziffern ein, die deine Authenticator-App zeigt.
second-factor-code-wrong = Falscher Code. Jeder Code gilt nur einmal.
second-factor-needed = Das stimmt so weit. Zeige einen zweiten Faktor, um dich anzumelden.
login-form-lost = Deine Änderung wurde vielleicht nicht gespeichert. Tu, was diese Seite verlangt, und sieh dann nach.
login-cookie-copied = Du wurdest abgemeldet, weil jemand eine Kopie des Anmelde-Cookies dieses Browsers benutzt hat. Melde dich an und ändere dann dein Passwort.

form-wrong-type = Sende das Formular als application/x-www-form-urlencoded oder ein JSON-Objekt als application/json.
form-wrong-charset = Sende das Formular in UTF-8 und in keinem anderen Zeichensatz.
form-too-large = Das Formular ist zu groß. Alle Felder zusammen dürfen { $max } Bytes haben, ein Passwort 256 Zeichen.
form-too-many-fields = Das Formular hat mehr als { $max } Felder.
form-broken = Das Formular ist nicht vollständig angekommen. Sende es noch einmal.
form-not-utf8 = Das Formular ist kein gültiges UTF-8. Sende es als UTF-8.
form-not-json = Der Inhalt ist kein JSON-Objekt, dessen Werte Zeichenketten, true oder false sind.
form-nul = Das Feld „{ $field }“ enthält ein NUL-Zeichen. Lass es weg.
form-repeated = Das Feld „{ $field }“ kommt mehr als einmal vor. Sende es einmal.
form-unknown = Das Feld „{ $field }“ ist hier nicht bekannt. Die Felder sind: { $known }.
form-unknown-and-none = Das Feld „{ $field }“ ist hier nicht bekannt. Sende keine Felder.

## Vom Programm abgelehnt, bevor die Website die Anfrage sieht

program-http-version = Sende die Anfrage mit HTTP/1.1.
program-not-a-proxy = Dieser Server ist kein Proxy. Fordere eine seiner eigenen Seiten an.
program-host-count = Sende genau einen Host-Header.
program-host-malformed = Der Host-Header ist kein Hostname.
program-host-ambiguous = Der Host-Header und die Adresse der Anfrage nennen zwei verschiedene Hosts.
program-host-elsewhere = Diese Website hat eine andere Adresse. Folge dem Link.

## Fehlerseiten

title-401 = Melde dich zuerst an
title-403 = Zugriff verweigert
title-404 = Seite nicht gefunden
title-405 = Hier nicht möglich
title-408 = Zeitüberschreitung
title-409 = Gerade nicht möglich
title-410 = Dieser Link funktioniert nicht mehr
title-413 = Zu groß
title-429 = Zu viele Versuche
title-4xx = Anfrage nicht verstanden
title-500 = Etwas ist schiefgegangen
title-503 = Vorübergehend nicht verfügbar
explain-404 = Unter dieser Adresse gibt es keine Seite. Prüfe die Adresse auf Tippfehler.
explain-405 = Diese Seite kann so nicht benutzt werden.
explain-408 = Die Anfrage hat zu lange gebraucht. Sende sie noch einmal.
explain-413 = Was du gesendet hast, ist zu groß für diese Seite.
explain-4xx = Die Anfrage kann so nicht ausgeführt werden.
explain-503 = Der Dienst ist überlastet. Versuche es in einigen Sekunden noch einmal.
error-status = Fehler { $status }
error-id = Fehler { $status }, Kennung { $id }. Gib diese Kennung an, wenn du das Problem meldest.
newer = Neuere
older = Ältere
log-times = ({ $count }-mal)

## Mails

mail-when = Wann:
mail-browser = Browser:
mail-address = Adresse:
mail-not-me = Wenn du das nicht warst, sichere hier dein Konto:
mail-code = Oder gib diesen Code dort ein, wo du angemeldet bist:
link-dead = Dieser Link funktioniert nicht mehr: Er wurde schon benutzt, ist abgelaufen oder wurde durch einen neueren ersetzt.
link-new = Neuen Link anfordern
email-verified = bestätigt
email-unverified = nicht bestätigt
