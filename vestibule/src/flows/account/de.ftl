# Die Seite des Kontos.

account-title = Dein Konto
account-email = E-Mail
account-email-hint = E-Mail-Adresse bestätigen oder ändern
account-password = Passwort
account-password-hint = Passwort ändern
account-sessions = Sitzungen
account-sessions-hint = Sieh, wo du angemeldet bist, und melde dich anderswo ab
account-delete = Konto löschen
account-delete-hint = Dein Konto und alles, was dazugehört, löschen
account-log = Aktivität
account-log-hint = Sieh Anmeldungen und Änderungen deines Kontos
account-notices = Mails
account-notices-hint = Wähle, welche Mails du zu deinem Konto bekommst
