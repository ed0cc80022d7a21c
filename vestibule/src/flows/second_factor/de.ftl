# Der zweite Faktor bei der Anmeldung.

second-factor-title = Zweiter Faktor
second-factor-code = Code aus deiner Authenticator-App
second-factor-code-hint = 6 Ziffern
second-factor-recovery-code = Wiederherstellungscode
second-factor-recovery-code-hint = Einer der Codes, die du aufbewahrt hast. Jeder gilt einmal.
second-factor-trust = In diesem Browser 30 Tage lang nicht nach einem zweiten Faktor fragen
second-factor-button = Weiter
second-factor-other-ways = Auf andere Weise
second-factor-by-totp = Authenticator-App benutzen
second-factor-by-passkey = Passkey benutzen
second-factor-by-recovery-code = Wiederherstellungscode benutzen
second-factor-recovery-code-malformed = Gib einen deiner Wiederherstellungscodes ein: 16 Buchstaben und Ziffern.
second-factor-too-many-sessions = Du bist an so vielen Orten angemeldet, wie erlaubt ist. Melde dich an einem davon ab, und gib dann einen neuen Code ein.
second-factor-mail-code-title = Sieh in dein E-Mail-Postfach
second-factor-mail-code-text = Zum Anmelden brauchst du noch einen Code, den wir an deine E-Mail-Adresse schicken.
second-factor-mail-code-send = Code zusenden
second-factor-mail-code-again = Neuen Code senden
second-factor-mail-code-sent = Wir haben dir eine E-Mail mit einem Code geschickt. Er gilt 10 Minuten lang.
second-factor-mail-code-limited = Wir haben dir gerade einen Code geschickt. Sieh in deinem Posteingang und im Spam-Ordner nach, oder versuche es später noch einmal.
second-factor-mail-code = Code aus der E-Mail
second-factor-mail-code-hint = 8 Ziffern
second-factor-mail-code-malformed = Gib die 8 Ziffern aus der E-Mail ein.
second-factor-trust-mail-code = In diesem Browser 30 Tage lang nicht nach einem Code fragen
second-factor-by-mail-code = Code per E-Mail anfordern
second-factor-required-from = Ab { $date } brauchst du hier einen zweiten Faktor.
second-factor-add = Jetzt einen hinzufügen
mail-login-code-subject = Dein Code für { $site }
mail-login-code =
    Hallo { $name },

    dein Code für die Anmeldung bei { $site }:
mail-login-code-after =
    Er funktioniert einmal und nur 10 Minuten lang. Gib ihn nur auf { $url } ein, und gib ihn an niemanden weiter.

    Wenn du dich nicht gerade angemeldet hast, kennt jemand dein Passwort. Wähle ein neues.
