# Das Passwort ändern.

change-password-title = Passwort ändern
change-password-required = Wähle ein neues Passwort, um fortzufahren.
change-password-current = Aktuelles Passwort
change-password-new = Neues Passwort
change-password-button = Passwort ändern
change-password-effect = Damit wirst du auf allen anderen Geräten abgemeldet.
change-password-missing = Gib dein aktuelles Passwort ein.
change-password-same = Dein neues Passwort muss sich vom aktuellen unterscheiden.
change-password-conflict = Dein Konto wurde gerade geändert. Versuche es noch einmal.
change-password-done = Dein Passwort wurde geändert. Überall sonst bist du abgemeldet.
change-password-set-title = Passwort festlegen
change-password-set-text = Dein Konto hat kein Passwort. Wenn du eines festlegst, meldest du dich mit Passwort und zweitem Faktor oder mit deinem Passkey an.
change-password-set-button = Passwort festlegen
change-password-set-done = Dein Konto hat jetzt ein Passwort. Überall sonst bist du abgemeldet.
mail-password-changed-subject = Dein Passwort bei { $site } wurde geändert
mail-password-changed =
    Hallo { $name },

    dein Passwort bei { $site } wurde gerade geändert, und alle anderen Browser wurden abgemeldet.

    Wenn du es warst, ist nichts zu tun. Wenn nicht, kannte jemand dein altes Passwort und hat dein Konto übernommen: Wende dich sofort an die Administration von { $url }.
