# Exporting one’s own data.

export-title = Your data
export-text = This is what we keep about you. The lists have the newest 50 entries. The download has all of them, as JSON. It has no passwords.
export-download = Download everything
export-account = Account
export-id = Id
export-username = Username
export-former-usernames = Former usernames, reserved for you
export-email = Email address
export-email-verified-at = Email address verified
export-is-email-verified = Email address verified
export-must-change-password = Must change the password
export-roles = Roles
export-permissions = Permissions
export-created-at = Created
export-updated-at = Last changed
export-known-browsers = Browsers in which you are known
export-links = Links sent to you by email
export-mails-off = Emails turned off
export-app = More
export-sessions = Sessions
export-log = Activity
export-actions = What you did as an administrator
export-mails = Emails to you
export-none = Nothing.
export-yes = yes
export-no = no
