# Registering.

register-title = Create an account
register-username-hint = 3–64 letters or digits; dots, underscores and hyphens allowed inside.
register-button = Create account
register-have-account = Already have an account?
register-username-taken = This username is taken. Choose another one.
register-username-reserved = This username is reserved for the site. Choose another one.
register-done = Your account is ready, and you are logged in.
register-inactive = Your account is ready. You can log in once it is active.
register-email = Mail address
register-email-optional = Mail address (optional)
register-email-hint = We send a mail there. Follow the link in it.
register-email-invalid = Enter a mail address such as name@example.com.
register-mail-sent = We have sent a mail to { $email }. Follow the link in it to verify the address.
register-sent-title = Check your mail
register-sent = We have sent a mail to { $email }. Follow the link in it to go on.
register-sent-hint = No mail? Look into the spam folder, and check that you typed the right address.

mail-have-account-subject = You have an account at { $site }
mail-have-account =
    Hello { $name },

    somebody has just registered at { $site } with this mail address. You have an account with it already, so nothing was changed.

    If it was you, log in:
mail-have-account-button = Log in
mail-have-account-after =
    If you have forgotten your password, choose a new one: { $forgot }

    If it was not you, there is nothing to do.
