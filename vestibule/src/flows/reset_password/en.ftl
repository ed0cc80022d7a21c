# Forgotten passwords.

forgot-password-title = Forgot your password?
forgot-password-text = We send you a link with which you can choose a new one.
forgot-password-email = Email or username
forgot-password-empty = Enter your email address or your username.
forgot-password-button = Send link
forgot-password-back = Back to log in
forgot-password-sent-title = Check your email
forgot-password-sent = If an account has this address or name, we have sent a link to its email address. The link works for 30 minutes.
forgot-password-sent-hint = No email? Look into the spam folder, and check that you typed the right address.
reset-password-title = Choose a new password
reset-password-text = For the account { $username }, with the email address { $email }.
reset-password-button = Save password
reset-password-effect = You are logged out everywhere, and can log in with the new password.
reset-password-done = Your password has been changed. Log in with the new one.

mail-reset-password-subject = Choose a new password for { $site }
mail-reset-password =
    Hello { $name },

    Somebody asked for a new password for your account at { $site }. If it was you, choose one here:
mail-reset-password-button = Choose a new password
mail-reset-password-after =
    The link works once, and for 30 minutes.

    If it was not you, there is nothing to do: your password stays as it is.
