# Die Website verwalten.

admin-users = Benutzer
admin-roles = Rollen
admin-log = Sicherheitsprotokoll
admin-search-label = Nach Benutzername oder genauer E-Mail suchen
admin-search = Suchen
admin-users-caption = Benutzer nach Namen
admin-no-users = Noch keine Benutzer.
admin-no-users-match = Kein Benutzer passt zu „{ $search }“.
admin-no-more-users = Keine weiteren Benutzer.
admin-state = Zustand
admin-last-login = Letzte Anmeldung
admin-since = Seit
admin-id = Kennung
admin-email = E-Mail
admin-active = aktiv
admin-disabled = deaktiviert
admin-closed = geschlossen
admin-must-change-password = muss das Passwort ändern
admin-none = Keine.
admin-remove = Entfernen
admin-remove-one = Entfernen: { $name }
admin-add = Hinzufügen
admin-add-role = Rolle hinzufügen
admin-gives-permissions = Berechtigungen aus diesen Rollen: { $permissions }.
admin-sessions = Sitzungen
admin-sessions-caption = Sitzungen, die zuletzt benutzte zuerst; Zeiten in UTC
admin-session-from-copy = begann in einem zweiten Tab eines gemerkten Browsers oder mit einer Kopie seines Cookies
admin-log-out-session = Sitzung seit { $since } abmelden
admin-log-out-all = Überall abmelden
admin-account = Konto
admin-require-password-change = Passwortänderung verlangen
admin-enable = Aktivieren
admin-disable = Deaktivieren und überall abmelden
admin-delete-label = Gib den Benutzernamen ein, um das Konto endgültig zu löschen
admin-delete = Konto löschen
admin-delete-mismatch = Der Benutzername stimmt nicht überein. Gib ihn genau so ein.
admin-activity = Aktivität
admin-nothing = Nichts.
admin-new-user = Benutzer anlegen
admin-new-user-again = Noch einen Benutzer anlegen
admin-new-user-effect = Der Benutzer bekommt ein vorläufiges Passwort, das du einmal siehst, und muss es bei der ersten Anmeldung ändern.
admin-email-optional = E-Mail (freiwillig)
admin-user-added = { $username } ist angelegt
admin-temporary-password = Vorläufiges Passwort
admin-temporary-password-once = Gib { $username } dieses Passwort jetzt: Es wird nicht noch einmal angezeigt. Es muss bei der ersten Anmeldung geändert werden.
admin-user-page = Zum Benutzer
admin-any = alle
admin-users-total =
    { $count ->
        [one] { $count } Benutzer
       *[other] { $count } Benutzer
    }
admin-users-more-than = Mehr als { $count } Benutzer
admin-previous = Vorherige Seite
admin-choose-role = Rolle wählen…
admin-role-missing = Wähle eine Rolle.
admin-session-count =
    { $count ->
        [0] keine Sitzungen
        [one] { $count } Sitzung
       *[other] { $count } Sitzungen
    }
admin-many-sessions = mehr als { $count } Sitzungen
admin-add-role-effect = Beendet { $sessions }. Der Benutzer hat die Rolle nach der nächsten Anmeldung.
admin-disable-effect = Das Konto zu deaktivieren beendet { $sessions }.
admin-delete-effect = Beendet { $sessions }. Das lässt sich nicht rückgängig machen.
admin-email-address = E-Mail-Adresse
admin-email-hint = Lass das Feld leer, um sie zu entfernen. Eine neue Adresse ist nicht bestätigt.
admin-email-invalid = Gib eine E-Mail-Adresse wie name@example.com ein.
admin-email-set = E-Mail-Adresse gespeichert.
admin-email-removed = E-Mail-Adresse entfernt.
admin-save = Speichern
admin-delete-button = Löschen
admin-log-caption = Änderungen und Versuche, die neuesten zuerst; Zeiten in UTC
admin-log-when = Wann
admin-log-what = Was
admin-log-whose = Konto
admin-log-by = Durch
admin-log-action = Aktion
admin-log-all = alle
admin-log-no-match = Keine Zeilen passen.
admin-log-empty = Noch nichts.
admin-log-nothing-older = Nichts Älteres.
admin-newest = Neueste
admin-role = Rolle { $role }
admin-role-name = Rolle
admin-roles-caption = Rollen und ihre Berechtigungen
admin-role-holders =
    { $count ->
        [one] { $count } Benutzer hat sie.
       *[other] { $count } Benutzer haben sie.
    }
admin-role-built-in = Ihre Benutzer können diese Verwaltungsseiten öffnen.
admin-permissions = Berechtigungen
admin-permission-name = Berechtigung hinzufügen
admin-permission-hint = Kleinbuchstaben, Ziffern und . _ - : wie in posts.edit.
admin-new-role = Rolle anlegen
admin-name = Name
admin-role-hint = Kleinbuchstaben, Ziffern und . _ - : wie in editor oder team-7:owner.
admin-delete-role = Rolle löschen
admin-delete-role-effect =
    { $count ->
        [0] Niemand hat diese Rolle. Das lässt sich nicht rückgängig machen.
        [one] Entzieht { $count } Benutzer diese Rolle und ihre Berechtigungen. Das lässt sich nicht rückgängig machen.
       *[other] Entzieht { $count } Benutzern diese Rolle und ihre Berechtigungen. Das lässt sich nicht rückgängig machen.
    }
admin-role-added = Rolle hinzugefügt. Der Benutzer wird überall abgemeldet und hat sie nach der nächsten Anmeldung.
admin-role-removed = Rolle entfernt; gilt ab sofort.
admin-account-disabled = Das Konto ist deaktiviert und überall abgemeldet.
admin-account-enabled = Das Konto ist aktiviert.
admin-password-change-required = Der Benutzer muss ein neues Passwort wählen, bevor es weitergeht.
admin-session-ended = Die Sitzung ist beendet.
admin-sessions-ended = Alle Sitzungen sind beendet.
admin-deleted = Das Konto { $username } wurde gelöscht.
admin-role-created = Die Rolle wurde angelegt.
admin-permission-added = Berechtigung hinzugefügt.
admin-permission-removed = Berechtigung entfernt; gilt ab sofort.
admin-role-deleted = Die Rolle { $role } wurde gelöscht.
name-empty = Gib einen Namen ein.
name-length = Verwende höchstens { $max } Zeichen.
name-characters = Verwende Kleinbuchstaben a bis z, Ziffern und dazwischen . _ - : und beginne mit einem Buchstaben.
change-done = Erledigt.
change-nothing = Es gibt nichts zu ändern.
change-no-user = Diesen Benutzer gibt es nicht. Geh zurück und lade die Seite neu.
change-no-role = Diese Rolle gibt es nicht.
change-no-role-but = Diese Rolle gibt es nicht. Meintest du { $nearest }?
change-no-permission = Die Rolle hat diese Berechtigung nicht.
change-no-permission-but = Die Rolle hat diese Berechtigung nicht. Meintest du { $nearest }?
change-no-session = Diese Sitzung ist schon beendet.
change-name-taken = Dieser Name ist vergeben.
change-email-taken = Ein anderes Konto hat diese E-Mail-Adresse.
change-needs-email = Dieses Konto hat keinen Benutzernamen und braucht deshalb seine E-Mail-Adresse.
change-last-admin = Das ist der letzte Admin. Gib zuerst jemand anderem die Rolle admin.
change-built-in = Die Rolle admin kann nicht entfernt werden.
change-not-allowed = Du hast dazu keine Berechtigung mehr.
change-unusable-hash = Dieser Passwort-Hash kann nicht geprüft werden: Er ist fehlerhaft oder von unbekannter Art.
action-account-added = Konto angelegt
action-account-disabled = Konto deaktiviert
action-account-enabled = Konto aktiviert
action-account-deleted = Konto gelöscht
action-password-set = Passwort gesetzt
action-password-change-demanded = Passwortänderung verlangt
action-password-changed = Passwort geändert
action-email-changed = E-Mail geändert
action-email-verified = E-Mail bestätigt
action-account-closed = Konto geschlossen
action-account-reopened = Konto wieder geöffnet
action-username-changed = Benutzername geändert
action-password-reset-requested = neues Passwort angefordert
action-factor-added = zweiter Faktor hinzugefügt
action-factor-removed = zweiter Faktor entfernt
action-factors-reset = zweite Faktoren zurückgesetzt
action-factors-reset-planned = zweite Faktoren: Zurücksetzen geplant
action-factors-reset-cancelled = zweite Faktoren: Zurücksetzen abgebrochen
action-recovery-codes-renewed = Wiederherstellungscodes erstellt
action-recovery-code-used = Wiederherstellungscode benutzt
action-role-granted = Rolle hinzugefügt
action-role-revoked = Rolle entfernt
action-session-ended = Sitzung beendet
action-sessions-ended = alle Sitzungen beendet
action-sessions-swept = abgelaufene Sitzungen entfernt
action-role-added = Rolle angelegt
action-role-removed = Rolle gelöscht
action-permission-allowed = Berechtigung hinzugefügt
action-permission-forbidden = Berechtigung entfernt
action-log-in-failed = Anmeldung fehlgeschlagen
admin-all-lines = Alle Zeilen im Sicherheitsprotokoll
action-logged-in = angemeldet
action-log-in-resumed = durch gemerkten Browser angemeldet
action-log-in-pending = zweiter Faktor verlangt
action-log-in-rejected = Anmeldung abgelehnt
action-logged-out = abgemeldet
action-remember-cookie-reused = Kopie des Anmelde-Cookies benutzt
action-passkey-clone-suspected = mögliche Kopie eines Passkeys
action-session-protected = Sitzung in anderem Browser oder Netz benutzt
admin-awaits-approval = wartet auf Freigabe
admin-awaits-approval-text = Dieser Benutzer hat sich registriert und kann sich anmelden, sobald ein Admin das Konto freigibt.
admin-approve = Freigeben
admin-reject = Ablehnen und löschen
admin-reject-effect = Löscht das Konto. Das lässt sich nicht rückgängig machen.
admin-account-approved = Das Konto ist freigegeben, und sein Benutzer kann sich anmelden.
admin-account-rejected = Das Konto wurde abgelehnt und gelöscht.
admin-email-verified-at = Bestätigt
admin-email-unverified = Nicht bestätigt.
admin-verify-email = Adresse als bestätigt kennzeichnen
admin-email-verified = Die Adresse ist als bestätigt gekennzeichnet.
admin-send-reset-link = Link für neues Passwort schicken
admin-send-reset-link-effect = Schickt dem Benutzer einen Link für ein neues Passwort. Das jetzige gilt, bis er eins wählt.
admin-reset-link-sent = Der Link wurde geschickt.
admin-temporary-password-expired = Das vorläufige Passwort ist abgelaufen.
admin-temporary-password-until = Das vorläufige Passwort gilt bis
change-no-email = Das Konto hat keine E-Mail-Adresse.
change-not-active = Das Konto ist deaktiviert oder geschlossen, oder es wartet auf Freigabe.
change-already-invited = Für diese Adresse gibt es eine offene Einladung. Schick sie noch einmal oder widerrufe sie.
change-no-invitation = Diese Einladung gibt es nicht, oder sie wurde benutzt oder widerrufen.
change-not-oneself = Bei deinem eigenen Konto geht das nicht.
admin-factors = Zweite Faktoren
admin-reset-factors = Alle zweiten Faktoren entfernen
admin-reset-factors-effect = Entfernt alle zweiten Faktoren und Wiederherstellungscodes und meldet den Benutzer überall ab. Dann genügt das Passwort zur Anmeldung; wer keines hat, muss erst eines wählen. Prüfe zuerst, wer es ist.
admin-factors-reset = Alle zweiten Faktoren wurden entfernt.
admin-factors-reset-planned = Alle zweiten Faktoren werden am { $when } entfernt, falls der Benutzer nicht vorher einen davon benutzt oder einen hinzufügt.
admin-reset-factors-effect-later = Benachrichtigt den Benutzer per E-Mail und entfernt nach der Wartezeit alle zweiten Faktoren und Wiederherstellungscodes. Benutzt er bis dahin einen davon oder fügt er einen hinzu, wird nichts entfernt. Prüfe zuerst, wer es ist.
admin-reset-factors-no-email = Dieser Benutzer bekommt hier keine E-Mail und sieht es nur auf der Seite seines Kontos.
admin-cancel-factors-reset = Zurücksetzen abbrechen
admin-factors-reset-cancelled = Das Zurücksetzen ist abgebrochen. Die zweiten Faktoren bleiben.
change-too-many-mails = Diese Adresse hat vorerst genug E-Mails dieser Art bekommen. Versuch es in einer Stunde noch einmal.
action-account-approved = Konto freigegeben
action-account-rejected = Konto abgelehnt
action-invited = eingeladen
action-invitation-revoked = Einladung widerrufen
action-password-reset-link-sent = Link für neues Passwort geschickt

mail-approval-needed-subject = Ein neues Konto bei { $site } wartet auf Freigabe
mail-approval-needed =
    Hallo,

    jemand hat sich bei { $site } registriert und kann sich anmelden, sobald ein Admin das Konto freigibt.

    Öffne { $url } und dort Verwaltung und Benutzer, mit dem Zustand „wartet auf Freigabe“. Du bekommst höchstens eine solche E-Mail am Tag.
mail-account-approved-subject = Dein Konto bei { $site } ist freigegeben
mail-account-approved =
    Hallo { $name },

    ein Admin hat dein Konto bei { $site } freigegeben. Du kannst dich jetzt anmelden: { $url }
