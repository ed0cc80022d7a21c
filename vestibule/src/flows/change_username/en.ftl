# Changing the username.

change-username-title = Change your username
change-username-text = Your username is { $username }. If you change it, the old one stays reserved for you for 90 days. After that, others may take it.
change-username-first = You have no username yet. With one, you log in with it too, and others see it instead of your email address.
change-username-new = New username
change-username-button = Change username
change-username-same = This is your username already.
change-username-taken = This username is taken, or looks like one that is taken.
change-username-reserved = This username is reserved.
change-username-done = Your username is now { $username }.

mail-username-changed-subject = Your username at { $site } was changed
mail-username-changed =
    Hello { $name },

    The username of your account at { $site } is now { $detail }. From now on you log in with it. A username that you had before stays reserved for you for 90 days.
