# Die eigenen Daten exportieren.

export-title = Deine Daten
export-text = Das ist über dich gespeichert. Die Listen haben die neuesten 50 Einträge. Der Download hat alle, als JSON. Er enthält keine Passwörter.
export-download = Alles herunterladen
export-account = Konto
export-id = Id
export-username = Benutzername
export-former-usernames = Frühere Benutzernamen, für dich reserviert
export-email = Mailadresse
export-email-verified-at = Mailadresse bestätigt
export-is-email-verified = Mailadresse bestätigt
export-must-change-password = Muss das Passwort ändern
export-roles = Rollen
export-permissions = Rechte
export-created-at = Angelegt
export-updated-at = Zuletzt geändert
export-known-browsers = Browser, in denen du bekannt bist
export-links = Links, die du per Mail bekommen hast
export-mails-off = Abgestellte Mails
export-app = Weiteres
export-sessions = Sitzungen
export-log = Aktivität
export-actions = Was du als Administrator getan hast
export-mails = Mails an dich
export-none = Nichts.
export-yes = ja
export-no = nein
