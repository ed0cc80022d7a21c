# The home of the account.

account-title = Your account
account-email = Email
account-email-hint = Verify or change your email address
account-password = Password
account-password-hint = Change your password
account-factors = Two-step log-in
account-factors-hint = Add or remove a second factor, such as an authenticator app
account-sessions = Sessions
account-sessions-hint = See where you are logged in, and log out elsewhere
account-close = Close account
account-close-hint = Close your account, and later delete everything in it
account-log = Activity
account-log-hint = See log-ins and changes of your account
account-notices = Emails
account-notices-hint = Choose which emails you get about your account
account-username = Username
account-username-hint = Change your username
account-export = Your data
account-export-hint = See and download what is kept about you
