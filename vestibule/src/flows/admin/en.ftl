# Administering the site.

admin-users = Users
admin-roles = Roles
admin-log = Security log
admin-search-label = Search by username or exact email
admin-search = Search
admin-users-caption = Users by name
admin-no-users = No users yet.
admin-no-users-match = No users match “{ $search }”.
admin-no-more-users = No more users.
admin-state = State
admin-last-login = Last log-in
admin-since = Since
admin-id = Id
admin-email = Email
admin-active = active
admin-disabled = disabled
admin-closed = closed
admin-must-change-password = must change password
admin-none = None.
admin-remove = Remove
admin-remove-one = Remove: { $name }
admin-add = Add
admin-add-role = Add a role
admin-gives-permissions = Permissions from these roles: { $permissions }.
admin-sessions = Sessions
admin-sessions-caption = Sessions, the most recently used first; times are UTC
admin-session-from-copy = began in a second tab of a remembered browser, or with a copy of its cookie
admin-log-out-session = Log out the session since { $since }
admin-log-out-all = Log out everywhere
admin-account = Account
admin-require-password-change = Require password change
admin-enable = Enable
admin-disable = Disable and log out everywhere
admin-delete-label = Type the username to delete the account permanently
admin-delete = Delete the account
admin-delete-mismatch = The username didn’t match. Type it exactly.
admin-activity = Activity
admin-nothing = Nothing.
admin-new-user = Add a user
admin-new-user-again = Add another user
admin-new-user-effect = The user gets a temporary password, which you see once, and must change it at the first log-in.
admin-email-optional = Email (optional)
admin-user-added = Added { $username }
admin-temporary-password = Temporary password
admin-temporary-password-once = Give { $username } this password now: it is not shown again. It must be changed at the first log-in.
admin-user-page = Go to the user
admin-any = any
admin-users-total =
    { $count ->
        [one] { $count } user
       *[other] { $count } users
    }
admin-users-more-than = More than { $count } users
admin-previous = Previous page
admin-choose-role = Choose a role…
admin-role-missing = Choose a role.
admin-session-count =
    { $count ->
        [0] no sessions
        [one] { $count } session
       *[other] { $count } sessions
    }
admin-many-sessions = more than { $count } sessions
admin-add-role-effect = Ends { $sessions }. The user has the role after the next log-in.
admin-disable-effect = Disabling the account ends { $sessions }.
admin-delete-effect = Ends { $sessions }. This can’t be undone.
admin-email-address = Email address
admin-email-hint = Leave it empty to remove it. A new address is not verified.
admin-email-invalid = Enter an email address such as name@example.com.
admin-email-set = Email address saved.
admin-email-removed = Email address removed.
admin-save = Save
admin-delete-button = Delete
admin-log-caption = Changes and attempts, the newest first; times are UTC
admin-log-when = When
admin-log-what = What
admin-log-whose = Account
admin-log-by = Done by
admin-log-action = Action
admin-log-all = all
admin-log-no-match = No lines match.
admin-log-empty = Nothing yet.
admin-log-nothing-older = Nothing older.
admin-newest = Newest
admin-role = Role { $role }
admin-role-name = Role
admin-roles-caption = Roles and their permissions
admin-role-holders =
    { $count ->
        [one] Assigned to { $count } user.
       *[other] Assigned to { $count } users.
    }
admin-role-built-in = Its users can open these administration pages.
admin-permissions = Permissions
admin-permission-name = Add a permission
admin-permission-hint = Lowercase letters, digits and . _ - : as in posts.edit.
admin-new-role = Create a role
admin-name = Name
admin-role-hint = Lowercase letters, digits and . _ - : as in editor or team-7:owner.
admin-delete-role = Delete the role
admin-delete-role-effect =
    { $count ->
        [0] Nobody has this role. This can’t be undone.
        [one] Removes this role and its permissions from { $count } user. This can’t be undone.
       *[other] Removes this role and its permissions from { $count } users. This can’t be undone.
    }
admin-role-added = Role added. The user is logged out everywhere, and has it after the next log-in.
admin-role-removed = Role removed; effective immediately.
admin-account-disabled = The account is disabled and logged out everywhere.
admin-account-enabled = The account is enabled.
admin-password-change-required = The user must choose a new password before continuing.
admin-session-ended = The session has ended.
admin-sessions-ended = All sessions have ended.
admin-deleted = The account { $username } has been deleted.
admin-role-created = The role has been created.
admin-permission-added = Permission added.
admin-permission-removed = Permission removed; effective immediately.
admin-role-deleted = The role { $role } has been deleted.
name-empty = Enter a name.
name-length = Use at most { $max } characters.
name-characters = Use lowercase letters a to z, digits, and . _ - : between them. Begin with a letter.
change-done = Done.
change-nothing = Nothing to change.
change-no-user = There is no such user. Go back and reload the page.
change-no-role = There is no such role.
change-no-role-but = There is no such role. Did you mean { $nearest }?
change-no-permission = The role has no such permission.
change-no-permission-but = The role has no such permission. Did you mean { $nearest }?
change-no-session = That session has already ended.
change-name-taken = This name is taken.
change-email-taken = Another account has this email address.
change-needs-email = This account has no username, so it needs its email address.
change-last-admin = This is the last admin. Give somebody else the role admin first.
change-built-in = The role admin can’t be removed.
change-not-allowed = You no longer have permission to do this.
change-unusable-hash = This password hash can’t be checked: it is malformed or of an unknown kind.
action-account-added = account created
action-account-disabled = account disabled
action-account-enabled = account enabled
action-account-deleted = account deleted
action-password-set = password set
action-password-change-demanded = password change required
action-password-changed = password changed
action-email-changed = email changed
action-email-verified = email verified
action-account-closed = account closed
action-account-reopened = account reopened
action-username-changed = username changed
action-password-reset-requested = password reset requested
action-factor-added = second factor added
action-factor-removed = second factor removed
action-factors-reset = second factors reset
action-factors-reset-planned = second factors: reset planned
action-factors-reset-cancelled = second factors: reset cancelled
action-recovery-codes-renewed = recovery codes created
action-recovery-code-used = recovery code used
action-role-granted = role added
action-role-revoked = role removed
action-session-ended = session ended
action-sessions-ended = all sessions ended
action-sessions-swept = expired sessions removed
action-role-added = role created
action-role-removed = role deleted
action-permission-allowed = permission added
action-permission-forbidden = permission removed
action-log-in-failed = log-in failed
admin-all-lines = All lines in the security log
action-logged-in = logged in
action-log-in-resumed = logged in by a remembered browser
action-log-in-pending = second factor required
action-log-in-rejected = log-in rejected
action-logged-out = logged out
action-remember-cookie-reused = copied login cookie used
action-passkey-clone-suspected = possible copy of a passkey
action-session-protected = session used in another browser or network
admin-awaits-approval = awaits approval
admin-awaits-approval-text = This user has registered, and can log in once an administrator approves the account.
admin-approve = Approve
admin-reject = Reject and delete
admin-reject-effect = Deletes the account. This can’t be undone.
admin-account-approved = The account is approved, and its user can log in.
admin-account-rejected = The account has been rejected and deleted.
admin-email-verified-at = Verified
admin-email-unverified = Not verified.
admin-verify-email = Mark address as verified
admin-email-verified = The address is marked as verified.
admin-send-reset-link = Send reset link
admin-send-reset-link-effect = Sends the user a link for a new password. The present password works until they choose one.
admin-reset-link-sent = The link has been sent.
admin-temporary-password-expired = The temporary password has expired.
admin-temporary-password-until = The temporary password works until
change-no-email = The account has no email address.
change-not-active = The account is disabled or closed, or waits for approval.
change-already-invited = This address has an open invitation. Resend or revoke that one.
change-no-invitation = This invitation does not exist, was used or was revoked.
change-not-oneself = You can’t do this to your own account.
admin-factors = Second factors
admin-reset-factors = Remove all second factors
admin-reset-factors-effect = Removes all second factors and recovery codes, and logs the user out everywhere. The password alone logs them in then; a user without one cannot log in until they have chosen one. Check who they are first.
admin-factors-reset = All second factors have been removed.
admin-factors-reset-planned = All second factors will be removed on { $when }, unless the user uses or adds one before then.
admin-reset-factors-effect-later = Tells the user by email, and removes all second factors and recovery codes when the wait is over. If the user uses or adds one before then, nothing is removed. Check who they are first.
admin-reset-factors-no-email = This user gets no email here, and sees it only on their account page.
admin-cancel-factors-reset = Cancel the reset
admin-factors-reset-cancelled = The reset has been cancelled. The second factors stay.
change-too-many-mails = This address has had enough emails of this kind for now. Try again in an hour.
action-account-approved = account approved
action-account-rejected = account rejected
action-invited = invited
action-invitation-revoked = invitation revoked
action-password-reset-link-sent = password reset link sent

mail-approval-needed-subject = A new account waits for approval at { $site }
mail-approval-needed =
    Hello,

    somebody has registered at { $site }, and can log in once an administrator approves the account.

    Open { $url }, and there Administration and Users, with the state “awaits approval”. You get at most one such email a day.
mail-account-approved-subject = Your account at { $site } is approved
mail-account-approved =
    Hello { $name },

    An administrator has approved your account at { $site }. You can log in now: { $url }
