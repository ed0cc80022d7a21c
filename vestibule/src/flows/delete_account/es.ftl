# Eliminar la propia cuenta.

delete-account-title = Eliminar tu cuenta
delete-account-text = Esto elimina la cuenta { $username } y cierra tu sesión en todas partes. No se puede deshacer.
delete-account-button = Eliminar la cuenta
delete-account-keep = Conservar tu cuenta
delete-account-done = Se ha eliminado tu cuenta.
