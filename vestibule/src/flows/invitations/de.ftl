# Einladen.

admin-invitations = Einladungen
admin-invitations-caption = Einladungen, die neuesten zuerst; Zeiten in UTC
admin-no-invitations = Keine Einladungen.
admin-invitation-is-open = offen
admin-invitation-is-used = benutzt
admin-invitation-is-revoked = widerrufen
admin-invitation-is-expired = abgelaufen
admin-invitation-is-inviter-lacks-role = ungültig: Der Absender ist kein Admin mehr
admin-invitation-by = Eingeladen von
admin-invitation-until = Gilt bis
admin-invitation-resend = Noch einmal schicken
admin-invitation-resend-to = Einladung an { $address } noch einmal schicken
admin-invitation-revoke = Widerrufen
admin-invitation-revoke-of = Einladung an { $address } widerrufen
admin-invite = Jemanden einladen
admin-invite-no-role = Keine Rolle
admin-invite-effect = Wir schicken einen Link an diese Adresse. Er funktioniert einmal, eine Woche lang. Das neue Konto hat diese Adresse und die Rolle.
admin-invite-button = Einladung schicken
admin-invite-has-account = Es gibt schon ein Konto mit dieser Adresse.
admin-invited = { $address } ist eingeladen.
admin-invitation-resent = Die Einladung wurde noch einmal geschickt. Der frühere Link funktioniert nicht mehr.
admin-invitation-revoked = Die Einladung ist widerrufen. Ihr Link funktioniert nicht mehr.

mail-invitation-subject = Deine Einladung zu { $site }
mail-invitation =
    Hallo,

    du bist eingeladen, ein Konto bei { $site } anzulegen:
mail-invitation-button = Konto anlegen
mail-invitation-after =
    Der Link funktioniert einmal, eine Woche lang.

    Wenn du diese E-Mail nicht erwartet hast, ist nichts zu tun.
