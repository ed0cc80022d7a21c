# Contraseñas olvidadas.

forgot-password-title = ¿Has olvidado tu contraseña?
forgot-password-text = Te enviaremos un enlace con el que puedes elegir una nueva.
forgot-password-email = Correo electrónico o nombre de usuario
forgot-password-empty = Escribe tu correo electrónico o tu nombre de usuario.
forgot-password-button = Enviar enlace
forgot-password-back = Volver a iniciar sesión
forgot-password-sent-title = Mira tu correo
forgot-password-sent = Si una cuenta tiene esta dirección o este nombre, hemos enviado un enlace a su correo electrónico. El enlace sirve durante 30 minutos.
forgot-password-sent-hint = ¿No hay correo? Mira en la carpeta de spam y comprueba que la dirección es correcta.
reset-password-title = Elige una contraseña nueva
reset-password-text = Para la cuenta { $username }, con la dirección de correo { $email }.
reset-password-button = Guardar contraseña
reset-password-effect = Se cerrará tu sesión en todas partes, y podrás iniciarla con la contraseña nueva.
reset-password-done = Tu contraseña se ha cambiado. Inicia sesión con la nueva.

mail-reset-password-subject = Elige una contraseña nueva para { $site }
mail-reset-password =
    Hola, { $name }:

    alguien ha pedido una contraseña nueva para tu cuenta en { $site }. Si has sido tú, elígela aquí:
mail-reset-password-button = Elegir una contraseña nueva
mail-reset-password-after =
    El enlace sirve una sola vez, durante 30 minutos.

    Si no has sido tú, no tienes que hacer nada: tu contraseña sigue igual.
