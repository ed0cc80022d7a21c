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
second-factor-passkey-needs = To use a passkey, you need JavaScript and a browser with passkeys. Choose another way.
second-factor-by-recovery-code = Use a recovery code
second-factor-recovery-code-malformed = Enter one of your recovery codes: 16 letters and digits.
second-factor-too-many-sessions = You are logged in in as many places as allowed. Log out in one of them, then enter a new code.
