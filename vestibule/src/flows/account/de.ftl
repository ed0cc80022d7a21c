# Die Seite des Kontos.

account-title = Dein Konto
account-email = E-Mail
account-email-hint = E-Mail-Adresse bestätigen oder ändern
account-password = Passwort
account-password-hint = Passwort ändern
account-factors = Anmeldung in zwei Schritten
account-factors-hint = Zweiten Faktor wie eine Authenticator-App hinzufügen oder entfernen
account-sessions = Sitzungen
account-sessions-hint = Sieh, wo du angemeldet bist, und melde dich anderswo ab
account-close = Konto schließen
account-close-hint = Dein Konto schließen und später alles löschen, was dazugehört
account-log = Aktivität
account-log-hint = Sieh Anmeldungen und Änderungen deines Kontos
account-notices = Mails
account-notices-hint = Wähle, welche Mails du zu deinem Konto bekommst
account-username = Benutzername
account-username-hint = Benutzernamen ändern
account-export = Deine Daten
account-export-hint = Sieh und lade herunter, was über dich gespeichert ist
