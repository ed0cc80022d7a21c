# Die eigenen zweiten Faktoren.

factors-title = Anmeldung in zwei Schritten
factors-text = Mit einem zweiten Faktor kommt niemand allein mit deinem Passwort in dein Konto.
factors-owed = Diese Website verlangt einen zweiten Faktor. Füge einen hinzu, um weiterzumachen.
factors-none = Du hast noch keinen zweiten Faktor.
factors-reset-at = Jemand hat der Administration gesagt, dass du deine zweiten Faktoren verloren hast. Alle werden am { $when } entfernt.
factors-reset-stop = Wenn das nicht stimmt, brich es ab und ändere dein Passwort: Wer das gesagt hat, kennt es vielleicht.
factors-reset-cancel = Meine zweiten Faktoren behalten
factors-reset-cancelled = Deine zweiten Faktoren bleiben.
factors-reset-none = Es ist kein Zurücksetzen deiner zweiten Faktoren geplant.
factors-since = hinzugefügt
factors-last-used = zuletzt benutzt
factors-never-used = nie benutzt
factors-remove = Entfernen
factors-remove-one = { $name } entfernen
factors-remove-title = Letzten zweiten Faktor entfernen
factors-remove-last = { $name } ist dein letzter zweiter Faktor. Ohne ihn genügt dein Passwort zur Anmeldung, und deine Wiederherstellungscodes gelten nicht mehr.
factors-keep = Behalten
factors-back = Zurück zur Anmeldung in zwei Schritten
factors-removed = { $name } wurde entfernt. Überall sonst bist du abgemeldet.
factors-removed-last = Dein letzter zweiter Faktor wurde entfernt. Zur Anmeldung genügt jetzt dein Passwort.
factors-only-credential = Nur mit diesem Passkey kannst du dich an deinem Konto anmelden. Lege zuerst ein Passwort fest, oder füge einen weiteren Passkey hinzu.
factors-only-passkey = Nur mit diesem Passkey kannst du dich an deinem Konto anmelden. Füge zuerst einen weiteren Passkey hinzu.
factors-add-totp = Authenticator-App hinzufügen
factors-add-totp-hint = Eine App auf deinem Telefon, die alle 30 Sekunden einen neuen Code zeigt
factors-passkeys-hint = Passkey hinzufügen oder umbenennen

totp-title = Authenticator-App hinzufügen
totp-text = Scanne diesen Code mit deiner Authenticator-App. Gib dann die 6 Ziffern ein, die sie zeigt.
totp-qr = QR-Code für deine Authenticator-App
totp-key = Oder tippe diesen Schlüssel in die App:
totp-name = Name (freiwillig)
totp-name-hint = Damit du sie später erkennst, zum Beispiel „Telefon“
totp-default-name = Authenticator-App
totp-code = Code
totp-code-hint = 6 Ziffern
totp-button = Hinzufügen
totp-code-malformed = Gib die 6 Ziffern ein, die deine Authenticator-App zeigt.
totp-code-wrong = Falscher Code. Gib den Code ein, den deine App jetzt zeigt, und prüfe, ob die Uhr deines Telefons stimmt.
totp-expired = Das hat zu lange gedauert. Scanne den neuen Code unten, und lösche den alten Eintrag in deiner App.
totp-too-many = Du hast { $max } Authenticator-Apps. Mehr sind nicht möglich. Entferne zuerst eine.
totp-added = { $name } wurde hinzugefügt. Du brauchst sie bei deiner nächsten Anmeldung.
totp-added-first = Überall sonst bist du abgemeldet. Erstelle jetzt Wiederherstellungscodes, für den Fall, dass du dein Telefon verlierst.

trusted-browsers-title = Vertraute Browser
trusted-browsers-text = In diesen Browsern genügt dein Passwort zur Anmeldung.
trusted-browsers-until = vertraut bis
trusted-browsers-end = Wieder nach zweitem Faktor fragen
trusted-browsers-end-one = In { $browser } wieder nach zweitem Faktor fragen
trusted-browsers-ended = In diesem Browser brauchst du wieder einen zweiten Faktor.

recovery-codes-title = Wiederherstellungscodes
recovery-codes-none = Du hast keine Wiederherstellungscodes. Erstelle sie jetzt: Ohne sie kann dich vielleicht niemand einlassen, wenn du deine anderen Faktoren verlierst.
recovery-codes-left = { $count ->
    [one] Du hast { $count } unbenutzten Wiederherstellungscode.
   *[other] Du hast { $count } unbenutzte Wiederherstellungscodes.
}
recovery-codes-make = Wiederherstellungscodes erstellen
recovery-codes-renew = Neue Wiederherstellungscodes erstellen
recovery-codes-renew-effect = Deine jetzigen Codes gelten dann nicht mehr.
recovery-codes-once = Diese Codes werden nur einmal gezeigt. Drucke sie aus, oder kopiere sie an einen sicheren Ort, getrennt von deinem Telefon.
recovery-codes-use = Jeder Code gilt einmal, anstelle deines zweiten Faktors.
recovery-codes-kept = Ich habe meine Codes aufbewahrt
recovery-codes-no-factor = Füge zuerst einen zweiten Faktor hinzu.

mail-factor-added-subject = Neuer zweiter Faktor bei { $site }
mail-factor-added =
    Hallo { $name },

    zu deinem Konto bei { $site } wurde ein zweiter Faktor hinzugefügt. Von nun an genügt dein Passwort allein nicht mehr zur Anmeldung.

    Wenn du es warst, ist nichts zu tun.
mail-factor-removed-subject = Zweiter Faktor bei { $site } entfernt
mail-factor-removed =
    Hallo { $name },

    aus deinem Konto bei { $site } wurde ein zweiter Faktor entfernt.

    Wenn du es warst, ist nichts zu tun.
mail-recovery-codes-renewed-subject = Neue Wiederherstellungscodes bei { $site }
mail-recovery-codes-renewed =
    Hallo { $name },

    für dein Konto bei { $site } wurden neue Wiederherstellungscodes erstellt. Die bisherigen gelten nicht mehr.

    Wenn du es warst, ist nichts zu tun.
mail-recovery-code-used-subject = Wiederherstellungscode bei { $site } benutzt
mail-recovery-code-used =
    Hallo { $name },

    jemand hat einen deiner Wiederherstellungscodes bei { $site } benutzt. Der Code gilt nicht noch einmal.

    Wenn du es warst, ist nichts zu tun. Wenn du deinen anderen Faktor verloren hast, entferne ihn aus deinem Konto.
mail-factors-reset-subject = Deine zweiten Faktoren bei { $site } wurden entfernt
mail-factors-reset =
    Hallo { $name },

    die Administration hat alle zweiten Faktoren und Wiederherstellungscodes aus deinem Konto bei { $site } entfernt und dich überall abgemeldet. Bis du wieder einen hinzufügst, schützt nur das Passwort dein Konto. Wenn es keines hat, wähle eines über „Passwort vergessen?“, oder wende dich an die Administration.

    Wenn du davon nichts weißt, wende dich an die Administration von { $url }.
mail-factors-reset-planned-subject = Deine zweiten Faktoren bei { $site } werden entfernt
mail-factors-reset-planned =
    Hallo { $name },

    jemand hat der Administration gesagt, dass du deine zweiten Faktoren bei { $site } verloren hast. Am { $detail } werden alle zweiten Faktoren und Wiederherstellungscodes aus deinem Konto entfernt. Danach genügt dein Passwort zur Anmeldung. Wenn dein Konto keines hat, wähle eines über „Passwort vergessen?“, oder wende dich an die Administration.

    Wenn du sie nicht verloren hast, melde dich auf { $url } mit einem davon an, oder öffne dort die Seite deines Kontos und wähle „Meine zweiten Faktoren behalten“. Dann wird nichts entfernt. Ändere auch dein Passwort: Wer das gesagt hat, kennt es vielleicht.
mail-factors-reset-cancelled-subject = Deine zweiten Faktoren bei { $site } bleiben
mail-factors-reset-cancelled =
    Hallo { $name },

    die zweiten Faktoren deines Kontos bei { $site } werden nicht entfernt: Du oder die Administration hat das abgebrochen, einer davon wurde benutzt, es gab zu viele falsche Codes, oder dein Konto war nicht benutzbar.

    Wenn du sie verloren und nichts abgebrochen hast, wende dich an die Administration von { $url }: Vielleicht hat jemand anderes einen davon.
