# Correos sobre la cuenta.

notices-title = Correos sobre tu cuenta
notices-text = Enviamos los correos sobre tu cuenta a { $email }.
notices-no-email = Tu cuenta no tiene dirección de correo, así que no podemos enviarte correos.
notices-new-device = Cuando alguien inicia sesión con tu contraseña en un navegador nuevo
notices-failed-logins = Cuando fallan muchos inicios de sesión, como máximo una vez al día
notices-button = Guardar
notices-always = Siempre recibes correos sobre cambios de tu contraseña, tu dirección, tu nombre y tus roles, y cuando alguien puede tener una copia de tu sesión.
notices-done = Guardado.

mail-failed-logins-subject = Muchos inicios de sesión fallidos en tu cuenta de { $site }
mail-failed-logins =
    Hola, { $name }:

    en las últimas 24 horas han fallado { $count } inicios de sesión en tu cuenta de { $site } por una contraseña incorrecta. Nadie ha entrado así.

    Si te equivocaste al escribir, no tienes que hacer nada. Si no fuiste tú, asegúrate de no usar tu contraseña en ningún otro sitio.
mail-password-set-subject = Se ha establecido una contraseña nueva para tu cuenta de { $site }
mail-password-set =
    Hola, { $name }:

    un administrador ha establecido una contraseña nueva para tu cuenta de { $site }. Se ha cerrado tu sesión en todas partes y tu contraseña anterior ya no sirve.

    Si no sabes nada de esto, pregunta al administrador de { $url }.
mail-role-granted-subject = Tienes un rol nuevo en { $site }
mail-role-granted =
    Hola, { $name }:

    un administrador ha dado a tu cuenta de { $site } el rol { $detail }. Vuelve a iniciar sesión para usarlo.
mail-role-revoked-subject = Te han quitado un rol en { $site }
mail-role-revoked =
    Hola, { $name }:

    un administrador ha quitado a tu cuenta de { $site } el rol { $detail }.
mail-account-disabled-subject = Tu cuenta de { $site } ha sido desactivada
mail-account-disabled =
    Hola, { $name }:

    un administrador ha desactivado tu cuenta de { $site }. Se ha cerrado tu sesión en todas partes y no puedes iniciarla.

    Si crees que es un error, pregunta al administrador de { $url }.
mail-account-enabled-subject = Tu cuenta de { $site } ha sido activada de nuevo
mail-account-enabled =
    Hola, { $name }:

    un administrador ha activado de nuevo tu cuenta de { $site }. Ya puedes iniciar sesión.
mail-account-deleted-subject = Tu cuenta de { $site } ha sido eliminada
mail-account-deleted =
    Hola, { $name }:

    tu cuenta de { $site } ha sido eliminada, con todo lo que contenía. No se puede recuperar.

    Si no sabes nada de esto, pregunta al administrador de { $url }.
