# Iniciar sesión.

login-title = Iniciar sesión
login-name-email = Dirección de correo
login-name-either = Nombre de usuario o dirección de correo
login-asked-for = Inicia sesión para ver esa página.
login-no-cookies = Si acabas de iniciar sesión, tu navegador no guarda cookies de este sitio. Permítelas y vuelve a iniciar sesión.
login-remember = Mantener la sesión iniciada en este navegador
login-new-here = ¿Es tu primera vez aquí?
login-username-missing = Escribe tu nombre de usuario.
login-email-missing = Escribe tu dirección de correo.
login-either-missing = Escribe tu nombre de usuario o tu dirección de correo.
login-username-wrong = Nombre de usuario o contraseña incorrectos. Comprueba que el bloqueo de mayúsculas está desactivado.
login-email-wrong = La dirección de correo o la contraseña no son correctas. Comprueba que no esté activado el bloqueo de mayúsculas.
login-either-wrong = El nombre de usuario, la dirección de correo o la contraseña no son correctos. Comprueba que no esté activado el bloqueo de mayúsculas.
login-too-many-sessions = Ya tienes la sesión iniciada en tantos lugares como se permite. Ciérrala en uno de ellos y vuelve a intentarlo.
login-reopened = Te damos la bienvenida de nuevo. Tu cuenta vuelve a estar abierta.
login-forgot-password = ¿Has olvidado tu contraseña?

mail-new-device-subject = Nuevo inicio de sesión en { $site }
mail-new-device =
    Hola, { $name }:

    alguien acaba de iniciar sesión en { $site } con tu cuenta, en un navegador nuevo para ella.

    Si has sido tú, no tienes que hacer nada. Si no, alguien conoce tu contraseña: inicia sesión en { $url }, cambia tu contraseña y cierra las sesiones que no reconozcas.
mail-remember-cookie-reused-subject = Alguien puede tener una copia de tu sesión en { $site }
mail-remember-cookie-reused =
    Hola, { $name }:

    un navegador que mantiene tu sesión iniciada en { $site } se ha usado en dos lugares, como si alguien tuviera una copia de su cookie de inicio de sesión. Se ha cerrado la sesión en ambos.

    Si copiaste o restauraste ese navegador tú mismo, basta con que inicies sesión de nuevo. Si no, averigua qué le pasa a ese dispositivo, inicia sesión en { $url } y cambia tu contraseña.
mail-guessing-subject = Alguien intenta adivinar tu contraseña en { $site }
mail-guessing =
    Hola, { $name }:

    alguien ha probado muchas contraseñas incorrectas para tu cuenta en { $site }, sin éxito. A partir de ahora tiene que esperar antes de cada intento.

    Si has sido tú, no tienes que hacer nada. Si no, asegúrate de no usar tu contraseña en ningún otro sitio. Puedes iniciar sesión como siempre en un navegador que ya hayas usado para { $site }. En uno nuevo puede que tengas que esperar mientras esto dure: { $url }
