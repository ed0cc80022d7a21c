# Cambiar la contraseña.

change-password-title = Cambia tu contraseña
change-password-required = Elige una contraseña nueva para continuar.
change-password-current = Contraseña actual
change-password-new = Contraseña nueva
change-password-button = Cambiar la contraseña
change-password-effect = Esto cierra tu sesión en todos los demás dispositivos.
change-password-missing = Escribe tu contraseña actual.
change-password-same = Tu contraseña nueva debe ser distinta de la actual.
change-password-conflict = Tu cuenta se ha cambiado hace un momento. Vuelve a intentarlo.
change-password-done = Se ha cambiado tu contraseña. Se ha cerrado tu sesión en todos los demás sitios.
change-password-set-title = Establece una contraseña
change-password-set-text = Tu cuenta no tiene contraseña. Si estableces una, podrás entrar con la contraseña y un segundo factor, o con tu llave de acceso.
change-password-set-button = Establecer la contraseña
change-password-set-done = Tu cuenta ya tiene contraseña. Se ha cerrado tu sesión en todos los demás sitios.
mail-password-changed-subject = Se ha cambiado tu contraseña en { $site }
mail-password-changed =
    Hola, { $name }:

    tu contraseña en { $site } se ha cambiado hace un momento, y se ha cerrado la sesión en todos los demás navegadores.

    Si has sido tú, no tienes que hacer nada. Si no, alguien conocía tu contraseña anterior y se ha apoderado de tu cuenta: contacta de inmediato con la administración de { $url }.
