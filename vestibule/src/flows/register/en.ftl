# Registering.

register-title = Create an account
register-username-hint = 3–64 letters or digits; dots, underscores and hyphens allowed inside.
register-button = Create account
register-by-passkey = Create account with a passkey
register-by-passkey-hint = No password needed: log in with your fingerprint, your face or your device’s PIN.
register-passkey-alone = Your account has no password. Add a passkey on a second device too, so that you can still log in if you lose this one.
register-have-account = Already have an account?
register-username-taken = This username is taken. Choose another one.
register-username-reserved = This username is reserved for the site. Choose another one.
register-done = Your account is ready, and you are logged in.
register-inactive = Your account is ready. You can log in once it is active.
register-awaits-approval = Your account is ready. An administrator must approve it before you can log in.
register-invited = You are invited by an email to { $address }. The account gets this address.
register-invited-email-hint = Enter an address only if the account should get another one. We send an email there.
register-invitation-dead = This invitation no longer works: it was used before, has expired, was revoked, or was replaced by a newer one. Ask for a new one.
register-invitation-needed = You need an invitation to create an account here. Ask an administrator for one, and follow the link in the email.
register-email = Email address
register-email-optional = Email address (optional)
register-email-hint = We send an email there. Follow the link in it.
register-email-invalid = Enter an email address such as name@example.com.
register-mail-sent = We have sent an email to { $email }. Follow the link in it to verify the address.
register-sent-title = Check your email
register-sent = We have sent an email to { $email }. Follow the link in it to go on.
register-sent-hint = No email? Look into the spam folder, and check that you typed the right address.

mail-have-account-subject = You have an account at { $site }
mail-have-account =
    Hello { $name },

    Somebody has just registered at { $site } with this email address. You have an account with it already, so nothing was changed.

    If it was you, log in:
mail-have-account-button = Log in
mail-have-account-after =
    If you have forgotten your password, choose a new one: { $forgot }

    If it was not you, there is nothing to do.
