# Logging out.

logout-title = Log out
logout-stay = Stay logged in
logout-done = You are logged out.
