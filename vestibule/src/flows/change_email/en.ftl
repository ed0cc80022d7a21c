# Changing the mail address.

change-email-title = Email address
change-email-now = Now:
change-email-new = New email address
change-email-hint = We send an email there. Nothing changes until you follow the link in it.
change-email-button = Send email
change-email-verify = Verify this address
change-email-invalid = Enter an email address such as name@example.com.
change-email-same = This is your email address already.
change-email-sent = We have sent an email to { $email }. Follow the link in it, or enter its code here.
undo-email-title = Take back your email address
undo-email-text = The account { $username } gets { $former } as its email address again. It is logged out everywhere, and its password no longer works. Then you choose a new one.
undo-email-button = Take it back
undo-email-done = Your email address is what it was before. Choose a new password.

mail-email-replaced-subject = Your email address at { $site } was changed
mail-email-replaced =
    Hello { $name },

    The email address of your account at { $site } is now { $email }. You get no more email from there at this address.

    If it was you, there is nothing to do. If it was not you, take it back here:
mail-email-replaced-button = This was not me
mail-email-replaced-after =
    The link works for seven days. It logs everybody out of your account, and you choose a new password.
mail-email-changed-subject = Your email address at { $site } was changed
mail-email-changed =
    Hello { $name },

    An administrator has changed the email address of your account at { $site }. If you know nothing about it, contact the administrator of { $url }.
