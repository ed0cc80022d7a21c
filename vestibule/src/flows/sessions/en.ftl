# The user’s own sessions.

sessions-text = These browsers are logged in to your account. If you don’t recognize one, log it out.
sessions-text-and-change-password = These browsers are logged in to your account. If you don’t recognize one, log it out and { $link }.
sessions-change-password = change your password
sessions-caption = Your sessions, the most recently used first; times are UTC
sessions-same-login = same remembered log-in as this browser: logging it out logs you out here too
sessions-from-copy = began in a second tab of a browser that stays logged in, or with a copy of its cookie. If you don’t recognize it, log it out
sessions-log-out-one = Log out { $browser }, logged in { $since }
sessions-log-out-others = Log out everywhere else
sessions-ended-one = That browser has been logged out.
sessions-ended-others = You are logged out everywhere else.
sessions-ended-already = That session has already ended.
sessions-activity = See your account’s activity
