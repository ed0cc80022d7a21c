# El segundo factor al iniciar sesión.

second-factor-title = Segundo factor
second-factor-code = Código de tu aplicación de autenticación
second-factor-code-hint = 6 dígitos
second-factor-recovery-code = Código de recuperación
second-factor-recovery-code-hint = Uno de los códigos que has guardado. Cada uno sirve una vez.
second-factor-trust = No pedir un segundo factor en este navegador durante 30 días
second-factor-button = Continuar
second-factor-other-ways = Probar de otra manera
second-factor-by-totp = Usar tu aplicación de autenticación
second-factor-by-passkey = Usar una llave de acceso
second-factor-by-recovery-code = Usar un código de recuperación
second-factor-recovery-code-malformed = Escribe uno de tus códigos de recuperación: 16 letras y dígitos.
second-factor-too-many-sessions = Has iniciado sesión en tantos sitios como se permite. Cierra una de las sesiones y escribe después un código nuevo.
second-factor-mail-code-title = Revisa tu correo
second-factor-mail-code-text = Para entrar necesitas además un código que enviamos a tu dirección de correo.
second-factor-mail-code-send = Enviarme un código
second-factor-mail-code-again = Enviar otro código
second-factor-mail-code-sent = Te hemos enviado un correo con un código. Sirve durante 10 minutos.
second-factor-mail-code-limited = Te acabamos de enviar un código. Mira en tu bandeja de entrada y en la carpeta de spam, o inténtalo más tarde.
second-factor-mail-code = Código del correo
second-factor-mail-code-hint = 8 dígitos
second-factor-mail-code-malformed = Escribe los 8 dígitos del correo.
second-factor-trust-mail-code = No pedir un código en este navegador durante 30 días
second-factor-by-mail-code = Recibir un código por correo
second-factor-required-from = A partir del { $date }, este sitio exige un segundo factor.
second-factor-add = Añadir uno ahora
mail-login-code-subject = Tu código para { $site }
mail-login-code =
    Hola, { $name }:

    tu código para entrar en { $site }:
mail-login-code-after =
    Sirve una sola vez y caduca a los 10 minutos. Escríbelo solo en { $url } y no se lo des a nadie.

    Si no acabas de iniciar sesión, alguien conoce tu contraseña. Elige una nueva.
