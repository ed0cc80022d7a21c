# Den Benutzernamen ändern.

change-username-title = Benutzernamen ändern
change-username-text = Dein Benutzername ist { $username }. Wenn du ihn änderst, bleibt der alte 90 Tage für dich reserviert. Danach können ihn andere nehmen.
change-username-first = Du hast noch keinen Benutzernamen. Mit einem kannst du dich auch anmelden, und andere sehen ihn statt deiner Mailadresse.
change-username-new = Neuer Benutzername
change-username-button = Benutzernamen ändern
change-username-same = Das ist schon dein Benutzername.
change-username-taken = Dieser Benutzername ist vergeben oder sieht wie ein vergebener aus.
change-username-reserved = Dieser Benutzername ist reserviert.
change-username-done = Dein Benutzername ist jetzt { $username }.

mail-username-changed-subject = Dein Benutzername bei { $site } wurde geändert
mail-username-changed =
    Hallo { $name },

    der Benutzername deines Kontos bei { $site } ist jetzt { $detail }. Von nun an meldest du dich damit an. Ein Benutzername, den du vorher hattest, bleibt 90 Tage für dich reserviert.
