# The first page after the log-in.

welcome-title = Welcome
welcome-greeting = Welcome, { $username }
welcome-text = You are logged in.
