# Confirmar una dirección de correo.

verify-email-title = Confirma tu dirección de correo
verify-email-by-link = Confirma que { $email } es tu dirección de correo.
verify-email-by-code = Hemos enviado un correo a { $email }. Sigue el enlace que contiene, o escribe aquí su código.
verify-email-unverified = Aún no has mostrado que lees el correo de { $email }.
verify-email-verified = Has confirmado { $email }.
verify-email-none = Tu cuenta no tiene dirección de correo.
verify-email-code = Código del correo
verify-email-code-hint = 8 letras y cifras
verify-email-wrong-code = Este código es incorrecto o ya no sirve. Escribe el código del correo más reciente.
verify-email-button = Confirmar
verify-email-send = Enviar un correo con un enlace
verify-email-resend = Enviar el correo otra vez
verify-email-change = Usar otra dirección
verify-email-sent = Hemos enviado un correo a { $email }.
verify-email-enough = Acabamos de enviar un correo a { $email }. Espera un minuto antes de pedir otro.
verify-email-nothing = No hay ninguna dirección de correo que confirmar.
verify-email-done = { $email } está confirmada.
verify-email-choose = { $email } está verificada. El registro se hizo en otro navegador, así que elige ahora tu contraseña.
verify-email-awaits-approval = Un administrador debe aprobar tu cuenta antes de que puedas iniciar sesión.
verify-email-choose-later = El registro se hizo en otro navegador, así que su contraseña ya no sirve. Cuando se apruebe la cuenta, elige una nueva con «¿Has olvidado tu contraseña?».
verify-email-taken = { $email } pertenece a otra cuenta.

mail-verify-email-subject = Confirma tu dirección de correo para { $site }
mail-verify-email =
    Hola, { $name }:

    se ha indicado esta dirección para tu cuenta en { $site }. Si has sido tú, confírmala aquí:
mail-verify-email-button = Confirmar la dirección
mail-verify-email-after =
    El enlace y el código sirven una sola vez, durante una hora.

    Si no has sido tú, no tienes que hacer nada: sin el enlace o el código no ocurre nada.
mail-email-in-use-subject = Alguien ha indicado tu dirección de correo en { $site }
mail-email-in-use =
    Hola, { $name }:

    alguien ha indicado esta dirección de correo para otra cuenta en { $site }. Pertenece a tu cuenta, así que no ha cambiado nada.

    Si has sido tú: inicia sesión en { $url } con la cuenta que tienes. Si has olvidado su contraseña, pide allí una nueva.
