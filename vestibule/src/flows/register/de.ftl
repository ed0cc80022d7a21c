# Registrieren.

register-title = Konto anlegen
register-username-hint = 3–64 Buchstaben oder Ziffern; innen auch Punkte, Unterstriche und Bindestriche.
register-button = Konto anlegen
register-by-passkey = Konto mit einem Passkey anlegen
register-by-passkey-hint = Ohne Passwort: Dein Fingerabdruck, dein Gesicht oder die PIN deines Geräts meldet dich an.
register-passkey-alone = Dein Konto hat kein Passwort. Füge auch auf einem zweiten Gerät einen Passkey hinzu, damit du dich noch anmelden kannst, wenn du dieses verlierst.
register-have-account = Du hast schon ein Konto?
register-username-taken = Dieser Benutzername ist vergeben. Wähle einen anderen.
register-username-reserved = Dieser Benutzername ist für die Website reserviert. Wähle einen anderen.
register-done = Dein Konto ist angelegt, und du bist angemeldet.
register-inactive = Dein Konto ist angelegt. Du kannst dich anmelden, sobald es aktiv ist.
register-awaits-approval = Dein Konto ist angelegt. Ein Admin muss es freigeben, bevor du dich anmelden kannst.
register-invited = Du bist durch eine E-Mail an { $address } eingeladen. Das Konto bekommt diese Adresse.
register-invited-email-hint = Gib nur dann eine Adresse ein, wenn das Konto eine andere bekommen soll. Wir schicken eine E-Mail dorthin.
register-invitation-dead = Diese Einladung funktioniert nicht mehr: Sie wurde schon benutzt, ist abgelaufen, wurde widerrufen oder durch eine neuere ersetzt. Bitte um eine neue.
register-invitation-needed = Du brauchst eine Einladung, um hier ein Konto anzulegen. Bitte einen Admin darum, und folge dem Link in der E-Mail.
register-email = E-Mail-Adresse
register-email-optional = E-Mail-Adresse (freiwillig)
register-email-hint = Wir schicken eine E-Mail dorthin. Folge dem Link darin.
register-email-invalid = Gib eine E-Mail-Adresse wie name@example.com ein.
register-mail-sent = Wir haben eine E-Mail an { $email } geschickt. Folge dem Link darin, um die Adresse zu bestätigen.
register-sent-title = Sieh in deine E-Mails
register-sent = Wir haben eine E-Mail an { $email } geschickt. Folge dem Link darin, um fortzufahren.
register-sent-hint = Keine E-Mail da? Sieh im Spam-Ordner nach, und prüfe, ob die Adresse stimmt.

mail-have-account-subject = Du hast ein Konto bei { $site }
mail-have-account =
    Hallo { $name },

    gerade hat sich jemand bei { $site } mit dieser E-Mail-Adresse registriert. Du hast damit schon ein Konto, deshalb wurde nichts geändert.

    Wenn du das warst, melde dich an:
mail-have-account-button = Anmelden
mail-have-account-after =
    Wenn du dein Passwort vergessen hast, wähle ein neues: { $forgot }

    Wenn du das nicht warst, brauchst du nichts zu tun.
