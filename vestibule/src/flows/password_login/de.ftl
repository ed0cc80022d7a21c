# Anmelden.

login-title = Anmelden
login-name-email = E-Mail-Adresse
login-name-either = Benutzername oder E-Mail-Adresse
login-asked-for = Melde dich an, um diese Seite zu sehen.
login-no-cookies = Wenn du dich gerade angemeldet hast, speichert dein Browser keine Cookies dieser Website. Erlaube sie und melde dich dann noch einmal an.
login-remember = In diesem Browser angemeldet bleiben
login-new-here = Neu hier?
login-username-missing = Gib deinen Benutzernamen ein.
login-email-missing = Gib deine E-Mail-Adresse ein.
login-either-missing = Gib deinen Benutzernamen oder deine E-Mail-Adresse ein.
login-username-wrong = Benutzername oder Passwort falsch. Prüfe, ob die Feststelltaste aus ist.
login-email-wrong = Die E-Mail-Adresse oder das Passwort ist falsch. Prüfe, ob die Feststelltaste aus ist.
login-either-wrong = Benutzername, E-Mail-Adresse oder Passwort ist falsch. Prüfe, ob die Feststelltaste aus ist.
login-too-many-sessions = Du bist schon an so vielen Orten angemeldet wie erlaubt. Melde dich an einem davon ab und versuche es dann noch einmal.
login-reopened = Willkommen zurück. Dein Konto ist wieder offen.
login-forgot-password = Passwort vergessen?

mail-new-device-subject = Neue Anmeldung bei { $site }
mail-new-device =
    Hallo { $name },

    gerade hat sich jemand bei { $site } als du angemeldet, in einem Browser, der für dein Konto neu ist.

    Wenn du es warst, ist nichts zu tun. Wenn nicht, kennt jemand dein Passwort: Melde dich auf { $url } an, ändere dein Passwort und melde die Sitzungen ab, die du nicht kennst.
mail-remember-cookie-reused-subject = Jemand hat womöglich eine Kopie deiner Anmeldung bei { $site }
mail-remember-cookie-reused =
    Hallo { $name },

    ein Browser, der bei { $site } als du angemeldet bleibt, wurde an zwei Orten benutzt, als hätte jemand eine Kopie seines Anmelde-Cookies. Er ist jetzt an beiden Orten abgemeldet.

    Wenn du diesen Browser selbst kopiert oder wiederhergestellt hast, melde dich einfach wieder an. Wenn nicht, finde heraus, was mit dem Gerät nicht stimmt, melde dich dann auf { $url } an und ändere dein Passwort.
mail-guessing-subject = Jemand versucht, dein Passwort bei { $site } zu erraten
mail-guessing =
    Hallo { $name },

    jemand hat viele falsche Passwörter für dein Konto bei { $site } versucht, ohne Erfolg. Vor jedem weiteren Versuch muss er jetzt warten.

    Wenn du es warst, ist nichts zu tun. Wenn nicht, stelle sicher, dass du dein Passwort nirgendwo sonst verwendest. In einem Browser, den du für { $site } schon benutzt hast, kannst du dich wie gewohnt anmelden. In einem neuen musst du vielleicht warten, solange das andauert: { $url }
