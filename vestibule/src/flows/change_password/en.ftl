# Changing the password.

change-password-title = Change your password
change-password-required = Choose a new password to continue.
change-password-current = Current password
change-password-new = New password
change-password-button = Change password
change-password-effect = This logs you out on all your other devices.
change-password-missing = Enter your current password.
change-password-same = Your new password must differ from the current one.
change-password-conflict = Your account was changed a moment ago. Try again.
change-password-done = Your password has been changed. You are logged out everywhere else.
change-password-set-title = Set a password
change-password-set-text = Your account has no password. If you set one, you can log in with the password and a second factor, or with your passkey.
change-password-set-button = Set password
change-password-set-done = Your account has a password now. You are logged out everywhere else.
mail-password-changed-subject = Your password at { $site } was changed
mail-password-changed =
    Hello { $name },

    Your password at { $site } was changed a moment ago, and every other browser has been logged out.

    If it was you, there is nothing to do. If not, somebody knew your old password and has taken over your account: contact the administrator of { $url } at once.
