# Vergessene Passwörter.

forgot-password-title = Passwort vergessen?
forgot-password-text = Wir schicken dir einen Link, mit dem du ein neues wählen kannst.
forgot-password-email = E-Mail oder Benutzername
forgot-password-empty = Gib deine E-Mail-Adresse oder deinen Benutzernamen ein.
forgot-password-button = Link schicken
forgot-password-back = Zurück zur Anmeldung
forgot-password-sent-title = Sieh in deine E-Mails
forgot-password-sent = Wenn ein Konto diese Adresse oder diesen Namen hat, haben wir einen Link an seine E-Mail-Adresse geschickt. Der Link gilt 30 Minuten.
forgot-password-sent-hint = Keine E-Mail? Sieh im Spam-Ordner nach, und prüfe, ob die Adresse stimmt.
reset-password-title = Neues Passwort wählen
reset-password-text = Für das Konto { $username } mit der E-Mail-Adresse { $email }.
reset-password-button = Passwort speichern
reset-password-effect = Du wirst überall abgemeldet und kannst dich mit dem neuen Passwort anmelden.
reset-password-done = Dein Passwort wurde geändert. Melde dich mit dem neuen an.

mail-reset-password-subject = Neues Passwort für { $site } wählen
mail-reset-password =
    Hallo { $name },

    jemand hat ein neues Passwort für dein Konto bei { $site } angefordert. Wenn du es warst, wähle es hier:
mail-reset-password-button = Neues Passwort wählen
mail-reset-password-after =
    Der Link funktioniert einmal, 30 Minuten lang.

    Wenn du es nicht warst, ist nichts zu tun: Dein Passwort bleibt, wie es ist.
