# Die erste Seite nach der Anmeldung.

welcome-title = Willkommen
welcome-greeting = Willkommen, { $username }
welcome-text = Du bist angemeldet.
