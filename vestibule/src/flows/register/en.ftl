# Registering.

register-title = Create an account
register-username-hint = 3–64 letters or digits; dots, underscores and hyphens allowed inside.
register-button = Create account
register-have-account = Already have an account?
register-username-taken = This username is taken. Choose another one.
register-username-reserved = This username is reserved for the site. Choose another one.
register-done = Your account is ready, and you are logged in.
register-inactive = Your account is ready. You can log in once it is active.
