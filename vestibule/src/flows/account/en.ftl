# The home of the account.

account-title = Your account
account-email = Email
account-email-hint = Verify or change your mail address
account-password = Password
account-password-hint = Change your password
account-sessions = Sessions
account-sessions-hint = See where you are logged in, and log out elsewhere
account-delete = Delete account
account-delete-hint = Delete your account and everything in it
account-log = Activity
account-log-hint = See log-ins and changes of your account
account-notices = Mails
account-notices-hint = Choose which mails you get about your account
