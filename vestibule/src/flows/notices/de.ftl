# Mails zum Konto.

notices-title = Mails zu deinem Konto
notices-text = Mails zu deinem Konto schicken wir an { $email }.
notices-no-email = Dein Konto hat keine Mailadresse. Deshalb können wir dir keine Mails schicken.
notices-new-device = Wenn sich jemand mit deinem Passwort in einem neuen Browser anmeldet
notices-failed-logins = Wenn viele Anmeldungen scheitern, höchstens einmal am Tag
notices-button = Speichern
notices-always = Immer bekommst du Mails über Änderungen deines Passworts, deiner Adresse, deines Namens und deiner Rollen, und wenn jemand womöglich eine Kopie deiner Anmeldung hat.
notices-done = Gespeichert.

mail-failed-logins-subject = Viele gescheiterte Anmeldungen bei deinem Konto bei { $site }
mail-failed-logins =
    Hallo { $name },

    in den letzten 24 Stunden sind { $count } Anmeldungen bei deinem Konto bei { $site } am falschen Passwort gescheitert. So ist niemand hineingekommen.

    Wenn du dich vertippt hast, ist nichts zu tun. Wenn nicht, stelle sicher, dass du dein Passwort nirgendwo sonst verwendest.
mail-password-set-subject = Für dein Konto bei { $site } wurde ein neues Passwort gesetzt
mail-password-set =
    Hallo { $name },

    ein Administrator hat für dein Konto bei { $site } ein neues Passwort gesetzt. Du bist überall abgemeldet, und dein altes Passwort gilt nicht mehr.

    Wenn du davon nichts weißt, frage den Administrator von { $url }.
mail-role-granted-subject = Du hast eine neue Rolle bei { $site }
mail-role-granted =
    Hallo { $name },

    ein Administrator hat deinem Konto bei { $site } die Rolle { $detail } gegeben. Melde dich neu an, um sie zu nutzen.
mail-role-revoked-subject = Dir wurde eine Rolle bei { $site } entzogen
mail-role-revoked =
    Hallo { $name },

    ein Administrator hat deinem Konto bei { $site } die Rolle { $detail } entzogen.
mail-account-disabled-subject = Dein Konto bei { $site } wurde gesperrt
mail-account-disabled =
    Hallo { $name },

    ein Administrator hat dein Konto bei { $site } gesperrt. Du bist überall abgemeldet und kannst dich nicht anmelden.

    Wenn du das für einen Irrtum hältst, frage den Administrator von { $url }.
mail-account-enabled-subject = Dein Konto bei { $site } wurde wieder freigegeben
mail-account-enabled =
    Hallo { $name },

    ein Administrator hat dein Konto bei { $site } wieder freigegeben. Du kannst dich anmelden.
mail-account-deleted-subject = Dein Konto bei { $site } wurde gelöscht
mail-account-deleted =
    Hallo { $name },

    dein Konto bei { $site } wurde gelöscht, mit allem, was dazugehört. Es kann nicht wiederhergestellt werden.

    Wenn du davon nichts weißt, frage den Administrator von { $url }.
