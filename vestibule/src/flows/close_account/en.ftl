# Closing one’s own account.

close-account-title = Close your account
close-account-text = This closes the account { $username } and logs you out everywhere. Until { $until } you can log in to open it again. After that, it is deleted, and that can’t be undone.
close-account-at-once = This deletes the account { $username } and logs you out everywhere. This can’t be undone.
close-account-button = Close account
close-account-keep = Keep your account
close-account-done = Your account is closed. Log in until { $until } to open it again.
close-account-done-at-once = Your account has been deleted.

mail-account-closed-subject = Your account at { $site } is closed
mail-account-closed =
    Hello { $name },

    Your account at { $site } was closed a moment ago, by somebody who was logged in to it. On { $detail } it will be deleted, with everything in it.

    If you change your mind, log in before that at { $url }: this opens your account again.
