# The user’s own second factors.

factors-title = Two-step log-in
factors-text = With a second factor, your password alone lets nobody in.
factors-owed = This site requires a second factor. Add one to continue.
factors-none = You have no second factor yet.
factors-reset-at = An administrator was told that you have lost your second factors. All of them will be removed on { $when }.
factors-reset-stop = If you still have them, keep them, and change your password. Somebody else may know it.
factors-reset-cancel = Keep my second factors
factors-reset-cancelled = Your second factors stay.
factors-reset-none = No reset of your second factors is planned.
factors-since = added
factors-last-used = last used
factors-never-used = never used
factors-remove = Remove
factors-remove-one = Remove { $name }
factors-remove-title = Remove your last second factor
factors-remove-last = { $name } is your last second factor. Without it, your password alone logs you in, and your recovery codes no longer work.
factors-keep = Keep it
factors-back = Back to two-step log-in
factors-removed = { $name } has been removed. You are logged out everywhere else.
factors-removed-last = Your last second factor has been removed. Your password alone now logs you in.
factors-only-credential = This passkey is the only way to log in to your account. Set a password or add another passkey first.
factors-only-passkey = This passkey is the only way to log in to your account. Add another passkey first.
factors-add-totp = Add an authenticator app
factors-add-totp-hint = An app on your phone that shows a new code every 30 seconds
factors-passkeys-hint = Add a passkey, or rename one

totp-title = Add an authenticator app
totp-text = Scan this code with your authenticator app. Then enter the 6 digits that it shows.
totp-qr = QR code for your authenticator app
totp-key = Or type this key into the app:
totp-name = Name (optional)
totp-name-hint = So that you recognize it later, such as “Phone”
totp-default-name = Authenticator app
totp-code = Code
totp-code-hint = 6 digits
totp-button = Add
totp-code-malformed = Enter the 6 digits that your authenticator app shows.
totp-code-wrong = Wrong code. Enter the code that your app shows now, and check that the time on your phone is right.
totp-expired = This took too long. Scan the new code below, and remove the old entry from your app.
totp-too-many = You have { $max } authenticator apps, the maximum. Remove one first.
totp-added = { $name } has been added. You need it at your next log-in.
totp-added-first = You are logged out everywhere else. Now create recovery codes, in case you lose your phone.

trusted-browsers-title = Trusted browsers
trusted-browsers-text = In these browsers, your password alone logs you in.
trusted-browsers-until = trusted until
trusted-browsers-end = Ask for a second factor again
trusted-browsers-end-one = Ask for a second factor in { $browser } again
trusted-browsers-ended = You need a second factor in that browser again.

recovery-codes-title = Recovery codes
recovery-codes-none = You have no recovery codes. Create them now: without them, nobody may be able to let you in if you lose your other factors.
recovery-codes-left = { $count ->
    [one] You have { $count } unused recovery code.
   *[other] You have { $count } unused recovery codes.
}
recovery-codes-make = Create recovery codes
recovery-codes-renew = Create new recovery codes
recovery-codes-renew-effect = Your present codes no longer work then.
recovery-codes-once = These codes are shown only once. Print them, or copy them to a safe place, apart from your phone.
recovery-codes-use = Each code works once, in place of your second factor.
recovery-codes-kept = I have kept my codes
recovery-codes-no-factor = Add a second factor first.

mail-factor-added-subject = A second factor was added at { $site }
mail-factor-added =
    Hello { $name },

    A second factor was added to your account at { $site }. From now on, your password alone does not log you in.

    If it was you, there is nothing to do.
mail-factor-removed-subject = A second factor was removed at { $site }
mail-factor-removed =
    Hello { $name },

    A second factor was removed from your account at { $site }.

    If it was you, there is nothing to do.
mail-recovery-codes-renewed-subject = New recovery codes at { $site }
mail-recovery-codes-renewed =
    Hello { $name },

    New recovery codes were created for your account at { $site }. The ones from before no longer work.

    If it was you, there is nothing to do.
mail-recovery-code-used-subject = A recovery code was used at { $site }
mail-recovery-code-used =
    Hello { $name },

    Somebody has used one of your recovery codes at { $site }. The code does not work again.

    If it was you, there is nothing to do. If you have lost your other factor, remove it from your account.
mail-factors-reset-subject = Your second factors at { $site } were removed
mail-factors-reset =
    Hello { $name },

    An administrator has removed all second factors and recovery codes from your account at { $site }, and logged you out everywhere. Until you add one again, your account is protected by its password alone. If it has none, choose one by “Forgot your password?”, or ask the administrator.

    If you know nothing about it, ask the administrator of { $url }.
mail-factors-reset-planned-subject = Your second factors at { $site } will be removed
mail-factors-reset-planned =
    Hello { $name },

    Somebody told an administrator that you have lost your second factors at { $site }. On { $detail }, all second factors and recovery codes will be removed from your account. After that, your password alone logs you in. If it has none, choose one by “Forgot your password?”, or ask the administrator.

    If you still have them, log in at { $url } with one of them. Or open your account page there, and choose “Keep my second factors”. Then nothing is removed. Change your password too. Somebody else may know it.
mail-factors-reset-cancelled-subject = Your second factors at { $site } stay
mail-factors-reset-cancelled =
    Hello { $name },

    The second factors of your account at { $site } will not be removed: you or an administrator cancelled that, one of them was used, there were too many wrong codes, or your account could not be used.

    If you have lost them, and cancelled nothing, ask the administrator of { $url }: somebody else may have one of them.
