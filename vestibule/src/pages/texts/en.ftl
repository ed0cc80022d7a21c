# What all pages share. `{ $name }` is an argument: keep it, wherever it fits your language.

language-name = English

## Around each page

skip-to-content = Skip to content
account = Account
your-account = Your account
logged-in-as = Logged in as { $username }
administration = Administration
log-in = Log in
log-out = Log out
create-account = Create an account
language = Language
title-with-errors = Error: { $title }
start-page = Go to the start page

## Forms

username = Username
password = Password
show-password = Show
hide-password = Hide
new-password-hint = At least { $min } characters. A few unrelated words work well.
first-page = First page
next-page = Next page
confirm-first = To make changes here, { $link } first.
confirm-first-link = confirm it’s you

## Times

wait-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
wait-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}

## Passwords

password-missing = Enter your password.
password-wrong = Wrong password. Check that Caps Lock is off.
password-empty = Enter a password.
password-nul = A password can’t have a NUL character.
password-too-short = Use at least { $min } characters.
password-too-long = Use at most { $max } characters.
password-too-many-bytes = Use at most { $max } bytes: that many plain letters, fewer of other scripts.
password-common = This password is too common. Choose a few unrelated words instead.
password-repetitive = This password repeats a short pattern. Choose a few unrelated words instead.
password-personal = This password contains your username, your email address or this site’s name. Choose a few unrelated words instead.
password-breached = This password was found in a data breach of another site. Choose another one, and change it wherever you use it.
password-unchecked = We couldn’t check whether this password is known from a data breach. Try again in a moment.
password-weak = Your password is easier to guess than most. A few unrelated words make a stronger one.

## Usernames

username-empty = Enter a username.
username-length = Use { $min } to { $max } characters.
username-space = A username can’t have a space inside. Use letters and digits, with dots, underscores and hyphens inside.
username-character = A username can’t have the character { $character }. Use letters and digits, with dots, underscores and hyphens inside.
username-invisible-character = A username can’t have the invisible character { $code }. Use letters and digits, with dots, underscores and hyphens inside.
username-ends = A username begins and ends with a letter or a digit.
username-mixed-scripts = A username can’t mix letters of several scripts, such as Latin and Cyrillic.

## Fields of the app’s own

field-missing = Fill in “{ $label }”.
field-too-long = Use at most { $max } characters.
field-one-line = Use one line of text.

## Too many attempts

throttled-log-in = Too many failed log-ins. Try again in { $wait }. You don’t have to wait in a browser in which you have logged in before.
throttled-log-in-for-good = Too many failed log-ins with this name. Log in from a browser in which you have logged in before, or contact the site’s administrator.
throttled-password = Too many wrong passwords. Try again in { $wait }.
throttled-password-for-good = Too many wrong passwords. Log out, then log in again.
throttled-factor = Too many wrong codes. Try again in { $wait }.
throttled-factor-for-good = Too many wrong codes. No code of an authenticator app works any more: use a recovery code, or contact the site’s administrator.
throttled-registration = Too many people are registering from your network or on this site. Try again in { $wait }.
throttled-mail = Too many emails were requested from your network. Wait { $wait }, then try again.
throttled-token = Too many links or codes from your network did not work. Wait { $wait }, then try again.

## Sessions

sessions = Your sessions
session-browser = Browser
session-address = Address
session-since = Logged in
session-last-seen = Last seen
session-actions = Actions
session-this = This browser
session-unknown = unknown
browser-on-system = { $browser } on { $system }
session-remembered = stays logged in
session-by = with { $methods }
method-password = password
method-totp = authenticator app
method-passkey = passkey
method-verified_passkey = passkey
method-mail_code = email code
method-recovery_code = recovery code
method-trusted_browser = trusted browser
method-other = another method

## Rejected requests

problem-login-required = Log in to see this.
problem-fresh-login-required = You logged in a while ago. Confirm it’s you to continue.
problem-second-factor-required = Log in with a second factor to see this.
problem-verified-email-required = Verify your email address to see this.
problem-forbidden = You don’t have permission to view this page. Ask an administrator if you need it.
problem-visit-required = There is something to do first, at { $page }.
problem-second-factor-enrolment = Add a second factor to your account first, at { $page }.
problem-cross-origin = This request came from another site, and was not carried out. If you sent it yourself, go back, reload the page and send it again.
problem-cross-origin-elsewhere = This request came from another site, and was not carried out. This site is at { $url }: open it there, and try again.
problem-throttled = Too many attempts. Try again in { $wait }.
problem-throttled-for-good = Too many attempts. No more are accepted from this browser.
problem-internal = Something’s wrong on our side. Try again later.
problem-busy = Too many people are logging in right now. Try again in a moment.
problem-store = Something’s wrong on our side. Try again in a moment.
problem-mail = We can’t send email right now. Try again in a moment.
second-factor-code-malformed = Enter the 6 digits that your authenticator app shows.
second-factor-code-wrong = Wrong code. Each code works only once.
second-factor-needed = That’s right so far. Show a second factor to log in.
login-form-lost = Your change may not have been saved. Do what this page asks, then check.
login-cookie-copied = You were logged out because somebody used a copy of this browser’s login cookie. Log in, then change your password.

form-wrong-type = Send the form as application/x-www-form-urlencoded, or a JSON object as application/json.
form-wrong-charset = Send the form in UTF-8, and no other charset.
form-too-large = The form is too large. All fields together may have { $max } bytes, and a password 256 characters.
form-too-many-fields = The form has more than { $max } fields.
form-broken = The form did not arrive completely. Send it again.
form-not-utf8 = The form is not valid UTF-8. Send it as UTF-8.
form-not-json = The body is not a JSON object whose values are strings, true or false.
form-nul = The field "{ $field }" has a NUL character. Leave it out.
form-repeated = The field "{ $field }" occurs more than once. Send it once.
form-unknown = The field "{ $field }" is not known here. The fields are: { $known }.
form-unknown-and-none = The field "{ $field }" is not known here. Send no fields.

## Rejected by the program, before the site sees the request

program-http-version = Send the request with HTTP/1.1.
program-not-a-proxy = This server is not a proxy. Request one of its own pages.
program-host-count = Send exactly one Host header.
program-host-malformed = The Host header is not a host name.
program-host-ambiguous = The Host header and the address of the request name two different hosts.
program-host-elsewhere = This site has another address. Follow the link.

## Error pages

title-401 = Log in first
title-403 = Access denied
title-404 = Page not found
title-405 = Not possible here
title-408 = Request timed out
title-409 = Not possible right now
title-410 = This link no longer works
title-413 = Too large
title-429 = Too many attempts
title-4xx = Request not understood
title-500 = Something went wrong
title-503 = Temporarily unavailable
explain-404 = There is no page at this address. Check the address for typos.
explain-405 = This page can’t be used that way.
explain-408 = The request took too long to arrive. Send it again.
explain-413 = What you sent is too large for this page.
explain-4xx = The request can’t be carried out as it was sent.
explain-503 = The service is busy. Try again in a few seconds.
error-status = Error { $status }
error-id = Error { $status }, id { $id }. Include this id if you report the problem.
newer = Newer
older = Older
log-times = ({ $count } times)

## Mails

mail-when = When:
mail-browser = Browser:
mail-address = Address:
mail-not-me = If this was not you, secure your account here:
mail-code = Or enter this code where you are logged in:
link-dead = This link no longer works: it was used before, has expired, or was replaced by a newer one.
link-new = Ask for a new link
email-verified = verified
email-unverified = not verified
