# Das eigene Konto schließen.

close-account-title = Konto schließen
close-account-text = Damit wird das Konto { $username } geschlossen, und du wirst überall abgemeldet. Bis { $until } kannst du dich anmelden, um es wieder zu öffnen. Danach wird es gelöscht, und das lässt sich nicht rückgängig machen.
close-account-at-once = Damit wird das Konto { $username } gelöscht, und du wirst überall abgemeldet. Das lässt sich nicht rückgängig machen.
close-account-button = Konto schließen
close-account-keep = Konto behalten
close-account-done = Dein Konto ist geschlossen. Melde dich bis { $until } an, um es wieder zu öffnen.
close-account-done-at-once = Dein Konto wurde gelöscht.

mail-account-closed-subject = Dein Konto bei { $site } ist geschlossen
mail-account-closed =
    Hallo { $name },

    dein Konto bei { $site } wurde gerade geschlossen, von jemandem, der dort angemeldet war. Am { $detail } wird es gelöscht, mit allem, was dazugehört.

    Wenn du es dir anders überlegst, melde dich vorher auf { $url } an: Damit öffnest du dein Konto wieder.
