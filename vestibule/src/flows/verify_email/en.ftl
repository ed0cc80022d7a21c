# Verifying a mail address.

verify-email-title = Verify your email address
verify-email-by-link = Confirm that { $email } is your email address.
verify-email-by-code = We have sent an email to { $email }. Follow the link in it, or enter the code from it here.
verify-email-unverified = You have not shown yet that you read email at { $email }.
verify-email-verified = You have verified { $email }.
verify-email-none = Your account has no email address.
verify-email-code = Code from the email
verify-email-code-hint = 8 letters and digits
verify-email-wrong-code = This code is wrong or no longer valid. Enter the code from the newest email.
verify-email-button = Verify
verify-email-send = Send an email with a link
verify-email-resend = Send the email again
verify-email-change = Use another address
verify-email-sent = We have sent an email to { $email }.
verify-email-enough = We have just sent an email to { $email }. Wait a minute before you ask for another one.
verify-email-nothing = There is no email address to verify.
verify-email-done = { $email } is verified.
verify-email-choose = { $email } is verified. It was registered in another browser, so choose your password now.
verify-email-awaits-approval = An administrator must approve your account before you can log in.
verify-email-choose-later = It was registered in another browser, so its password no longer works. Once the account is approved, choose a new one with “Forgot your password?”.
verify-email-taken = { $email } belongs to another account.

mail-verify-email-subject = Verify your email address for { $site }
mail-verify-email =
    Hello { $name },

    This address was entered for your account at { $site }. If it was you, confirm it here:
mail-verify-email-button = Verify email address
mail-verify-email-after =
    Link and code work once, and for one hour.

    If it was not you, there is nothing to do: without the link or the code nothing happens.
mail-email-in-use-subject = Somebody entered your email address at { $site }
mail-email-in-use =
    Hello { $name },

    Somebody entered this email address for another account at { $site }. It belongs to your account, so nothing was changed.

    If it was you: log in at { $url } with the account that you have. If you have forgotten its password, ask for a new one there.
