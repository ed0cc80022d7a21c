# Die erste Seite nach der Anmeldung.

welcome-title = Willkommen
welcome-greeting = Willkommen, { $username }
welcome-text = Du bist angemeldet.
welcome-change-password = Passwort ändern
welcome-sessions = Deine Sitzungen
welcome-delete-account = Konto löschen
