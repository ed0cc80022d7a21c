# Eliminar la propia cuenta.

delete-account-title = Eliminar tu cuenta
delete-account-text = Esto elimina la cuenta { $username } y cierra tu sesión en todas partes. No se puede deshacer.
delete-account-button = Eliminar la cuenta
delete-account-keep = Conservar tu cuenta
delete-account-done = Se ha eliminado tu cuenta.
mail-account-deleted-subject = Se ha eliminado tu cuenta en { $site }
mail-account-deleted =
    Hola, { $name }:

    tu cuenta en { $site } se ha eliminado hace un momento, por alguien que conocía tu contraseña.

    Si has sido tú, no tienes que hacer nada. Si no, contacta con la administración de { $url } y cambia esta contraseña allí donde más la uses.
