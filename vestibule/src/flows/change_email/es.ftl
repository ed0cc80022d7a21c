# Cambiar la dirección de correo.

change-email-title = Dirección de correo
change-email-now = Ahora:
change-email-new = Nueva dirección de correo
change-email-hint = Enviaremos un correo allí. Nada cambia hasta que sigas el enlace que contiene.
change-email-button = Enviar correo
change-email-verify = Confirmar esta dirección
change-email-invalid = Escribe una dirección de correo como nombre@example.com.
change-email-same = Esta ya es tu dirección de correo.
change-email-sent = Hemos enviado un correo a { $email }. Sigue el enlace que contiene, o escribe aquí su código.
undo-email-title = Recuperar tu dirección de correo
undo-email-text = La cuenta { $username } vuelve a tener { $former } como dirección de correo. Se cierra su sesión en todas partes y su contraseña deja de servir. Después eliges una nueva.
undo-email-button = Recuperarla
undo-email-done = Tu dirección de correo vuelve a ser la de antes. Elige una contraseña nueva.

mail-email-replaced-subject = Se ha cambiado tu dirección de correo en { $site }
mail-email-replaced =
    Hola, { $name }:

    la dirección de correo de tu cuenta en { $site } es ahora { $email }. Ya no recibirás correo de allí en esta dirección.

    Si has sido tú, no tienes que hacer nada. Si no, recupérala aquí:
mail-email-replaced-button = No he sido yo
mail-email-replaced-after =
    El enlace sirve durante siete días. Cierra todas las sesiones de tu cuenta, y eliges una contraseña nueva.
mail-email-changed-subject = Se ha cambiado tu dirección de correo en { $site }
mail-email-changed =
    Hola, { $name }:

    la administración ha cambiado la dirección de correo de tu cuenta en { $site }. Si no sabes nada de ello, contacta con la administración de { $url }.
