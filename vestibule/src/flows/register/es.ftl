# Registrarse.

register-title = Crear una cuenta
register-username-hint = De 3 a 64 letras o cifras; en medio también puntos, guiones bajos y guiones.
register-button = Crear la cuenta
register-by-passkey = Crear cuenta con una llave de acceso
register-by-passkey-hint = Sin contraseña: entras con tu huella, tu cara o el PIN de tu dispositivo.
register-passkey-alone = Tu cuenta no tiene contraseña. Añade también una llave de acceso en otro dispositivo, para poder entrar si pierdes este.
register-have-account = ¿Ya tienes una cuenta?
register-username-taken = Este nombre de usuario ya está en uso. Elige otro.
register-username-reserved = Este nombre de usuario está reservado para el sitio. Elige otro.
register-done = Tu cuenta está lista y has iniciado sesión.
register-inactive = Tu cuenta está lista. Podrás iniciar sesión cuando esté activa.
register-awaits-approval = Tu cuenta está lista. Un administrador debe aprobarla antes de que puedas iniciar sesión.
register-invited = Te ha invitado un correo a { $address }. La cuenta tendrá esta dirección.
register-invited-email-hint = Escribe una dirección solo si la cuenta debe tener otra. Enviaremos un correo allí.
register-invitation-dead = Esta invitación ya no sirve: ya se usó, ha caducado, se revocó o se sustituyó por una más reciente. Pide una nueva.
register-invitation-needed = Necesitas una invitación para crear una cuenta aquí. Pídesela a un administrador y sigue el enlace del correo.
register-email = Dirección de correo
register-email-optional = Dirección de correo (opcional)
register-email-hint = Enviamos un correo allí. Sigue el enlace que contiene.
register-email-invalid = Escribe una dirección de correo como nombre@example.com.
register-mail-sent = Hemos enviado un correo a { $email }. Sigue el enlace para verificar la dirección.
register-sent-title = Mira tu correo
register-sent = Hemos enviado un correo a { $email }. Sigue el enlace para continuar.
register-sent-hint = ¿No ha llegado? Mira en la carpeta de correo no deseado y comprueba que la dirección es correcta.

mail-have-account-subject = Tienes una cuenta en { $site }
mail-have-account =
    Hola, { $name }:

    alguien acaba de registrarse en { $site } con esta dirección de correo. Ya tienes una cuenta con ella, así que no ha cambiado nada.

    Si has sido tú, inicia sesión:
mail-have-account-button = Iniciar sesión
mail-have-account-after =
    Si has olvidado tu contraseña, elige una nueva: { $forgot }

    Si no has sido tú, no tienes que hacer nada.
