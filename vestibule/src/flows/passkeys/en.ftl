# Passkeys.

passkey = Passkey
passkeys = Passkeys
passkeys-text = A passkey logs you in with your fingerprint, your face or the PIN of your device, without a password. It works on this site only, so a fake site cannot steal it.
passkeys-caption = Your passkeys, the oldest first; times are UTC
passkeys-name = Name
passkeys-name-hint = So that you recognize it later, such as “My phone”. Optional.
passkeys-name-of = Name of { $name }
passkeys-created = Added
passkeys-last-used = Last used
passkeys-never = never
passkeys-synced = synced between your devices
passkeys-one-device = on one device only
passkeys-none = You have no passkey yet.
passkeys-add = Add a passkey
passkeys-needs = To add a passkey, you need JavaScript and a browser with passkeys.
passkeys-rename = Rename
passkeys-rename-one = Rename { $name }
passkeys-remove = Remove
passkeys-remove-one = Remove { $name }
passkey-added = { $name } has been added. You can log in with it from now on.
passkey-renamed = The passkey has a new name.
passkey-gone = You don’t have this passkey. Perhaps you removed it in another window.
passkey-not-added = This passkey could not be added. Try again.
passkey-too-many = You have { $max } passkeys, which is the maximum. Remove one before you add another.
passkey-name-invalid = Enter a name of 1 to { $max } characters.
passkey-log-in = Log in with a passkey
passkey-confirm = Continue with a passkey
passkey-wrong = That passkey didn’t work. Try again, or choose another way.
passkey-cancelled = No passkey was used. Try again, or choose another way.
passkey-known = This device already has a passkey for your account.
passkey-needs = To use a passkey, you need JavaScript and a browser that supports passkeys.
account-passkeys = Passkeys

mail-passkey-clone-suspected-subject = Somebody may have a copy of your passkey for { $site }
mail-passkey-clone-suspected =
    Hello { $name },

    One of your passkeys for { $site } was used in a way that suggests that somebody has a copy of it. We rejected the log-in.

    Log in at { $url } in another way, remove the passkey, and add a new one.
