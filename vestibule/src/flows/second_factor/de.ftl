# Der zweite Faktor bei der Anmeldung.

second-factor-title = Zweiter Faktor
second-factor-code = Code aus deiner Authenticator-App
second-factor-code-hint = 6 Ziffern
second-factor-recovery-code = Wiederherstellungscode
second-factor-recovery-code-hint = Einer der Codes, die du aufbewahrt hast. Jeder gilt einmal.
second-factor-trust = In diesem Browser 30 Tage lang nicht nach einem zweiten Faktor fragen
second-factor-button = Weiter
second-factor-other-ways = Auf andere Weise
second-factor-by-totp = Authenticator-App benutzen
second-factor-by-passkey = Passkey benutzen
second-factor-passkey-needs = Für einen Passkey brauchst du JavaScript und einen Browser, der Passkeys kennt. Wähle einen anderen Weg.
second-factor-by-recovery-code = Wiederherstellungscode benutzen
second-factor-recovery-code-malformed = Gib einen deiner Wiederherstellungscodes ein: 16 Buchstaben und Ziffern.
second-factor-too-many-sessions = Du bist an so vielen Orten angemeldet, wie erlaubt ist. Melde dich an einem davon ab, und gib dann einen neuen Code ein.
