# Confirming a log-in.

confirm-login-title = Confirm it’s you
confirm-login-text = To continue as { $username }, enter your password again.
confirm-login-button = Continue
confirm-login-by-factor = Use a code instead
confirm-login-not-you = Not you?
