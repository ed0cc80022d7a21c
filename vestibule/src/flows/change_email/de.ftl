# Ändern der E-Mail-Adresse.

change-email-title = E-Mail-Adresse
change-email-now = Zurzeit:
change-email-new = Neue E-Mail-Adresse
change-email-hint = Wir schicken eine E-Mail dorthin. Bis du dem Link darin folgst, ändert sich nichts.
change-email-button = E-Mail schicken
change-email-verify = Diese Adresse bestätigen
change-email-invalid = Gib eine E-Mail-Adresse wie name@example.com ein.
change-email-same = Das ist schon deine E-Mail-Adresse.
change-email-sent = Wir haben eine E-Mail an { $email } geschickt. Folge dem Link darin, oder gib hier ihren Code ein.
undo-email-title = E-Mail-Adresse zurücknehmen
undo-email-text = Das Konto { $username } bekommt wieder { $former } als E-Mail-Adresse. Es wird überall abgemeldet, und sein Passwort gilt nicht mehr. Danach wählst du ein neues.
undo-email-button = Zurücknehmen
undo-email-done = Deine E-Mail-Adresse ist wieder die vorige. Wähle ein neues Passwort.

mail-email-replaced-subject = Deine E-Mail-Adresse bei { $site } wurde geändert
mail-email-replaced =
    Hallo { $name },

    die E-Mail-Adresse deines Kontos bei { $site } ist jetzt { $email }. An diese Adresse bekommst du von dort keine E-Mails mehr.

    Wenn du es warst, ist nichts zu tun. Wenn nicht, nimm es hier zurück:
mail-email-replaced-button = Das war ich nicht
mail-email-replaced-after =
    Der Link gilt sieben Tage. Er meldet alle aus deinem Konto ab, und du wählst ein neues Passwort.
mail-email-changed-subject = Deine E-Mail-Adresse bei { $site } wurde geändert
mail-email-changed =
    Hallo { $name },

    die Administration hat die E-Mail-Adresse deines Kontos bei { $site } geändert. Wenn du davon nichts weißt, wende dich an die Administration von { $url }.
