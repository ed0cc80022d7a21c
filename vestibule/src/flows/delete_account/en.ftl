# Deleting one’s own account.

delete-account-title = Delete your account
delete-account-text = This deletes the account { $username } and logs you out everywhere. This can’t be undone.
delete-account-button = Delete account
delete-account-keep = Keep your account
delete-account-done = Your account has been deleted.
mail-account-deleted-subject = Your account at { $site } was deleted
mail-account-deleted =
    Hello { $name },

    your account at { $site } was deleted a moment ago, by somebody who knew your password.

    If it was you, there is nothing to do. If not, contact the administrator of { $url }, and change this password wherever else you use it.
