# The second factor at a log-in.

second-factor-title = Second factor
second-factor-code = Code from your authenticator app
second-factor-code-hint = 6 digits
second-factor-recovery-code = Recovery code
second-factor-recovery-code-hint = One of the codes that you have kept. Each works once.
second-factor-trust = Don’t ask for a second factor in this browser for 30 days
second-factor-button = Continue
second-factor-other-ways = Try another way
second-factor-by-totp = Use your authenticator app
second-factor-by-passkey = Use a passkey
second-factor-by-recovery-code = Use a recovery code
second-factor-recovery-code-malformed = Enter one of your recovery codes: 16 letters and digits.
second-factor-too-many-sessions = You are logged in in as many places as allowed. Log out in one of them, then enter a new code.
second-factor-mail-code-title = Check your email
second-factor-mail-code-text = To finish logging in, you need a code that we send to your email address.
second-factor-mail-code-send = Send me a code
second-factor-mail-code-again = Send another code
second-factor-mail-code-sent = We have sent you an email with a code. It works for 10 minutes.
second-factor-mail-code-limited = We have just sent you a code. Check your inbox and the spam folder. If it isn’t there, try again later.
second-factor-mail-code = Code from the email
second-factor-mail-code-hint = 8 digits
second-factor-mail-code-malformed = Enter the 8 digits from the email.
second-factor-trust-mail-code = Don’t ask for a code in this browser for 30 days
second-factor-by-mail-code = Get a code by email
second-factor-required-from = From { $date }, this site requires a second factor.
second-factor-add = Add one now
mail-login-code-subject = Your code for { $site }
mail-login-code =
    Hello { $name },

    Your code to log in at { $site }:
mail-login-code-after =
    It works once and expires in 10 minutes. Enter it only at { $url }, and never share it.

    If you did not just log in, somebody knows your password. Choose a new one.
