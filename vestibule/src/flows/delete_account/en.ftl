# Deleting one’s own account.

delete-account-title = Delete your account
delete-account-text = This deletes the account { $username } and logs you out everywhere. This can’t be undone.
delete-account-button = Delete account
delete-account-keep = Keep your account
delete-account-done = Your account has been deleted.
