# Eine Anmeldung bestätigen.

confirm-login-title = Bestätige, dass du es bist
confirm-login-text = Um als { $username } fortzufahren, gib dein Passwort noch einmal ein.
confirm-login-button = Fortfahren
confirm-login-by-factor = Stattdessen einen Code benutzen
confirm-login-not-you = Nicht du?
