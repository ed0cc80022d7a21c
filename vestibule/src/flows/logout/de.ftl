# Abmelden.

logout-title = Abmelden
logout-stay = Angemeldet bleiben
logout-done = Du bist abgemeldet.
