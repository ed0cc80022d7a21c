# The first page after the log-in.

welcome-title = Welcome
welcome-greeting = Welcome, { $username }
welcome-text = You are logged in.
welcome-change-password = Change your password
welcome-sessions = Your sessions
welcome-delete-account = Delete your account
