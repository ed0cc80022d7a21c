# Registrieren.

register-title = Konto anlegen
register-username-hint = 3–64 Buchstaben oder Ziffern; innen auch Punkte, Unterstriche und Bindestriche.
register-button = Konto anlegen
register-have-account = Du hast schon ein Konto?
register-username-taken = Dieser Benutzername ist vergeben. Wähle einen anderen.
register-username-reserved = Dieser Benutzername ist für die Website reserviert. Wähle einen anderen.
register-done = Dein Konto ist angelegt, und du bist angemeldet.
register-inactive = Dein Konto ist angelegt. Du kannst dich anmelden, sobald es aktiv ist.
