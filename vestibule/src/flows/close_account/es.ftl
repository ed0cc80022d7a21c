# Cerrar la propia cuenta.

close-account-title = Cerrar tu cuenta
close-account-text = Esto cierra la cuenta { $username } y cierra tu sesión en todas partes. Hasta el { $until } puedes iniciar sesión para abrirla de nuevo. Después se elimina, y no se puede deshacer.
close-account-at-once = Esto elimina la cuenta { $username } y cierra tu sesión en todas partes. No se puede deshacer.
close-account-button = Cerrar la cuenta
close-account-keep = Conservar tu cuenta
close-account-done = Tu cuenta está cerrada. Inicia sesión antes del { $until } para abrirla de nuevo.
close-account-done-at-once = Se ha eliminado tu cuenta.

mail-account-closed-subject = Tu cuenta de { $site } está cerrada
mail-account-closed =
    Hola, { $name }:

    alguien que tenía la sesión iniciada acaba de cerrar tu cuenta de { $site }. El { $detail } se eliminará, con todo lo que contiene.

    Si cambias de idea, inicia sesión antes en { $url }: así tu cuenta se abre de nuevo.
