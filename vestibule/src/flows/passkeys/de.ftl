# Passkeys.

passkey = Passkey
passkeys = Passkeys
passkeys-text = Mit einem Passkey meldest du dich mit Fingerabdruck, Gesicht oder der PIN deines Geräts an, ohne Passwort. Er funktioniert nur auf dieser Website, eine gefälschte Website kann ihn also nicht stehlen.
passkeys-caption = Deine Passkeys, der älteste zuerst; Zeiten in UTC
passkeys-name = Name
passkeys-name-hint = Damit du ihn später erkennst, zum Beispiel „Mein Telefon“. Freiwillig.
passkeys-name-of = Name von { $name }
passkeys-created = Hinzugefügt
passkeys-last-used = Zuletzt benutzt
passkeys-never = nie
passkeys-synced = zwischen deinen Geräten synchronisiert
passkeys-one-device = nur auf einem Gerät
passkeys-none = Du hast noch keinen Passkey.
passkeys-add = Passkey hinzufügen
passkeys-needs = Um einen Passkey hinzuzufügen, brauchst du JavaScript und einen Browser mit Passkeys.
passkeys-rename = Umbenennen
passkeys-rename-one = { $name } umbenennen
passkeys-remove = Entfernen
passkeys-remove-one = { $name } entfernen
passkey-added = { $name } wurde hinzugefügt. Du kannst dich ab jetzt damit anmelden.
passkey-renamed = Der Passkey hat einen neuen Namen.
passkey-gone = Diesen Passkey hast du nicht. Vielleicht hast du ihn in einem anderen Fenster entfernt.
passkey-not-added = Dieser Passkey konnte nicht hinzugefügt werden. Versuche es noch einmal.
passkey-too-many = Du hast { $max } Passkeys, mehr sind nicht möglich. Entferne einen, bevor du einen weiteren hinzufügst.
passkey-name-invalid = Gib einen Namen mit 1 bis { $max } Zeichen ein.
passkey-log-in = Mit einem Passkey anmelden
passkey-confirm = Mit einem Passkey weiter
passkey-wrong = Dieser Passkey hat nicht funktioniert. Versuche es noch einmal oder wähle einen anderen Weg.
passkey-cancelled = Es wurde kein Passkey benutzt. Versuche es noch einmal oder wähle einen anderen Weg.
passkey-known = Dieses Gerät hat schon einen Passkey für dein Konto.
passkey-needs = Für einen Passkey brauchst du JavaScript und einen Browser, der Passkeys unterstützt.
account-passkeys = Passkeys

mail-passkey-clone-suspected-subject = Vielleicht hat jemand eine Kopie deines Passkeys für { $site }
mail-passkey-clone-suspected =
    Hallo { $name },

    einer deiner Passkeys für { $site } wurde so benutzt, dass wahrscheinlich jemand eine Kopie davon hat. Wir haben die Anmeldung abgelehnt.

    Melde dich unter { $url } auf andere Weise an, entferne den Passkey und füge einen neuen hinzu.
