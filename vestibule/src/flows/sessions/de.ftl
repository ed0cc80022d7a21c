# Die eigenen Sitzungen.

sessions-text = Diese Browser sind bei deinem Konto angemeldet. Wenn du einen nicht kennst, melde ihn ab.
sessions-text-and-change-password = Diese Browser sind bei deinem Konto angemeldet. Wenn du einen nicht kennst, melde ihn ab und { $link }.
sessions-change-password = ändere dein Passwort
sessions-caption = Deine Sitzungen, die zuletzt benutzte zuerst; Zeiten in UTC
sessions-same-login = gleiche gemerkte Anmeldung wie dieser Browser: Abmelden meldet dich auch hier ab
sessions-from-copy = begann in einem zweiten Tab eines angemeldeten Browsers oder mit einer Kopie seines Cookies. Wenn du sie nicht kennst, melde sie ab
sessions-log-out-one = { $browser } abmelden, angemeldet { $since }
sessions-log-out-others = Überall sonst abmelden
sessions-ended-one = Dieser Browser wurde abgemeldet.
sessions-ended-others = Du bist überall sonst abgemeldet.
sessions-ended-already = Diese Sitzung ist schon beendet.
sessions-activity = Aktivität deines Kontos ansehen
