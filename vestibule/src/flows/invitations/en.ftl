# Inviting people.

admin-invitations = Invitations
admin-invitations-caption = Invitations, the newest first; times are UTC
admin-no-invitations = No invitations.
admin-invitation-is-open = open
admin-invitation-is-used = used
admin-invitation-is-revoked = revoked
admin-invitation-is-expired = expired
admin-invitation-is-inviter-lacks-role = void: its sender is no longer an admin
admin-invitation-by = Invited by
admin-invitation-until = Expires
admin-invitation-resend = Resend
admin-invitation-resend-to = Resend the invitation to { $address }
admin-invitation-revoke = Revoke
admin-invitation-revoke-of = Revoke the invitation to { $address }
admin-invite = Invite somebody
admin-invite-no-role = No role
admin-invite-effect = We send a link to this address. It works once, for a week. The new account has this address and the role.
admin-invite-button = Send invitation
admin-invite-has-account = There is an account with this address already.
admin-invited = { $address } has been invited.
admin-invitation-resent = The invitation has been sent again. The earlier link no longer works.
admin-invitation-revoked = The invitation has been revoked. Its link no longer works.

mail-invitation-subject = Your invitation to { $site }
mail-invitation =
    Hello,

    You are invited to create an account at { $site }:
mail-invitation-button = Create an account
mail-invitation-after =
    The link works once, and for a week.

    If you did not expect this email, there is nothing to do.
