# Bestätigen einer E-Mail-Adresse.

verify-email-title = E-Mail-Adresse bestätigen
verify-email-by-link = Bestätige, dass { $email } deine E-Mail-Adresse ist.
verify-email-by-code = Wir haben eine E-Mail an { $email } geschickt. Folge dem Link darin, oder gib hier den Code daraus ein.
verify-email-unverified = Du hast noch nicht gezeigt, dass du E-Mails an { $email } liest.
verify-email-verified = Du hast { $email } bestätigt.
verify-email-none = Dein Konto hat keine E-Mail-Adresse.
verify-email-code = Code aus der E-Mail
verify-email-code-hint = 8 Buchstaben und Ziffern
verify-email-wrong-code = Dieser Code ist falsch oder gilt nicht mehr. Gib den Code aus der neuesten E-Mail ein.
verify-email-button = Bestätigen
verify-email-send = E-Mail mit einem Link schicken
verify-email-resend = E-Mail noch einmal schicken
verify-email-change = Eine andere Adresse verwenden
verify-email-sent = Wir haben eine E-Mail an { $email } geschickt.
verify-email-enough = Wir haben gerade erst eine E-Mail an { $email } geschickt. Warte eine Minute, bevor du noch eine anforderst.
verify-email-nothing = Es gibt keine E-Mail-Adresse zu bestätigen.
verify-email-done = { $email } ist bestätigt.
verify-email-choose = { $email } ist bestätigt. Registriert wurde in einem anderen Browser; wähle deshalb jetzt dein Passwort.
verify-email-awaits-approval = Ein Admin muss dein Konto freigeben, bevor du dich anmelden kannst.
verify-email-choose-later = Registriert wurde in einem anderen Browser, deshalb gilt das Passwort nicht mehr. Wähle ein neues mit „Passwort vergessen?“, sobald das Konto freigegeben ist.
verify-email-taken = { $email } gehört zu einem anderen Konto.

mail-verify-email-subject = E-Mail-Adresse für { $site } bestätigen
mail-verify-email =
    Hallo { $name },

    diese Adresse wurde für dein Konto bei { $site } eingegeben. Wenn du es warst, bestätige sie hier:
mail-verify-email-button = E-Mail-Adresse bestätigen
mail-verify-email-after =
    Link und Code funktionieren einmal, eine Stunde lang.

    Wenn du es nicht warst, ist nichts zu tun: Ohne den Link oder den Code geschieht nichts.
mail-email-in-use-subject = Jemand hat deine E-Mail-Adresse bei { $site } eingegeben
mail-email-in-use =
    Hallo { $name },

    jemand hat diese E-Mail-Adresse bei { $site } für ein anderes Konto eingegeben. Sie gehört zu deinem Konto, darum wurde nichts geändert.

    Wenn du es warst: Melde dich auf { $url } mit dem Konto an, das du hast. Wenn du das Passwort vergessen hast, fordere dort ein neues an.
