# Mails about the account.

notices-title = Emails about your account
notices-text = We send emails about your account to { $email }.
notices-no-email = Your account has no email address, so we cannot send you emails.
notices-new-device = When somebody logs in with your password in a new browser
notices-failed-logins = When there are many failed log-ins, at most once a day
notices-button = Save
notices-always = You always get emails about changes of your password, your address, your name and your roles, and when somebody may have a copy of your login.
notices-done = Saved.

mail-failed-logins-subject = Many failed log-ins to your account at { $site }
mail-failed-logins =
    Hello { $name },

    In the last 24 hours, { $count } log-ins to your account at { $site } failed because of a wrong password. Nobody got in that way.

    If you mistyped your password, there is nothing to do. If not, make sure that you use your password nowhere else.
mail-password-set-subject = A new password was set for your account at { $site }
mail-password-set =
    Hello { $name },

    An administrator has set a new password for your account at { $site }. You are logged out everywhere, and your old password no longer works.

    If you know nothing about it, ask the administrator of { $url }.
mail-role-granted-subject = You have a new role at { $site }
mail-role-granted =
    Hello { $name },

    An administrator has given your account at { $site } the role { $detail }. Log in again to use it.
mail-role-revoked-subject = A role at { $site } was taken from you
mail-role-revoked =
    Hello { $name },

    An administrator has taken the role { $detail } from your account at { $site }.
mail-account-disabled-subject = Your account at { $site } was disabled
mail-account-disabled =
    Hello { $name },

    An administrator has disabled your account at { $site }. You are logged out everywhere, and you cannot log in.

    If you think that this is a mistake, ask the administrator of { $url }.
mail-account-enabled-subject = Your account at { $site } was enabled again
mail-account-enabled =
    Hello { $name },

    An administrator has enabled your account at { $site } again. You can log in.
mail-account-deleted-subject = Your account at { $site } was deleted
mail-account-deleted =
    Hello { $name },

    Your account at { $site } was deleted, with everything in it. It cannot be brought back.

    If you know nothing about it, ask the administrator of { $url }.
