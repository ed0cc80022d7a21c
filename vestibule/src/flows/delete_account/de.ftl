# Das eigene Konto löschen.

delete-account-title = Konto löschen
delete-account-text = Damit wird das Konto { $username } gelöscht, und du wirst überall abgemeldet. Das lässt sich nicht rückgängig machen.
delete-account-button = Konto löschen
delete-account-keep = Konto behalten
delete-account-done = Dein Konto wurde gelöscht.
mail-account-deleted-subject = Dein Konto bei { $site } wurde gelöscht
mail-account-deleted =
    Hallo { $name },

    dein Konto bei { $site } wurde gerade gelöscht, von jemandem, der dein Passwort kannte.

    Wenn du es warst, ist nichts zu tun. Wenn nicht, wende dich an die Administration von { $url } und ändere dieses Passwort überall, wo du es sonst verwendest.
