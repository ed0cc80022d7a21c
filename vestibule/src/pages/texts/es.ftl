# Lo que comparten todas las páginas. `{ $name }` es un argumento.

language-name = Español

## Alrededor de cada página

skip-to-content = Ir al contenido
account = Cuenta
your-account = Tu cuenta
logged-in-as = Sesión iniciada como { $username }
administration = Administración
log-in = Iniciar sesión
log-out = Cerrar sesión
create-account = Crear una cuenta
language = Idioma
title-with-errors = Error: { $title }
start-page = Ir a la página de inicio

## Formularios

username = Nombre de usuario
password = Contraseña
show-password = Mostrar
hide-password = Ocultar
new-password-hint = Al menos { $min } caracteres. Unas cuantas palabras sin relación funcionan bien.
first-page = Primera página
next-page = Página siguiente
confirm-first = Para hacer cambios aquí, { $link }.
confirm-first-link = confirma primero que eres tú

## Tiempos

wait-seconds = { $count ->
    [one] { $count } segundo
   *[other] { $count } segundos
}
wait-minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
wait-hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}

## Contraseñas

password-missing = Escribe tu contraseña.
password-wrong = Contraseña incorrecta. Comprueba que el bloqueo de mayúsculas está desactivado.
password-empty = Escribe una contraseña.
password-nul = Una contraseña no puede tener un carácter NUL.
password-too-short = Usa al menos { $min } caracteres.
password-too-long = Usa como máximo { $max } caracteres.
password-too-many-bytes = Usa como máximo { $max } bytes: tantas letras simples, menos de otras escrituras.
password-common = Esta contraseña es demasiado común. Elige unas cuantas palabras sin relación.
password-repetitive = Esta contraseña repite un patrón corto. Elige unas cuantas palabras sin relación.
password-personal = Esta contraseña contiene tu nombre de usuario, tu correo electrónico o el nombre de este sitio. Elige unas cuantas palabras sin relación.
password-breached = Esta contraseña apareció en una filtración de datos de otro sitio. Elige otra y cámbiala allí donde la uses.
password-unchecked = No hemos podido comprobar si esta contraseña aparece en una filtración de datos. Vuelve a intentarlo en un momento.
password-weak = Tu contraseña es más fácil de adivinar que la mayoría. Unas cuantas palabras sin relación forman una más segura.

## Nombres de usuario

username-empty = Escribe un nombre de usuario.
username-length = Usa de { $min } a { $max } caracteres.
username-space = Un nombre de usuario no puede tener espacios. Usa letras y cifras, y en medio también puntos, guiones bajos y guiones.
username-character = Un nombre de usuario no puede tener el carácter { $character }. Usa letras y cifras, y en medio también puntos, guiones bajos y guiones.
username-invisible-character = Un nombre de usuario no puede tener el carácter invisible { $code }. Usa letras y cifras, y en medio también puntos, guiones bajos y guiones.
username-ends = Un nombre de usuario empieza y termina con una letra o una cifra.
username-mixed-scripts = Un nombre de usuario no puede mezclar letras de varias escrituras, como la latina y la cirílica.

## Campos propios de la aplicación

field-missing = Rellena «{ $label }».
field-too-long = Usa como máximo { $max } caracteres.
field-one-line = Usa una sola línea de texto.

## Demasiados intentos

throttled-log-in = Demasiados inicios de sesión fallidos. Vuelve a intentarlo en { $wait }. En un navegador en el que ya hayas iniciado sesión no tienes que esperar.
throttled-log-in-for-good = Demasiados inicios de sesión fallidos con este nombre. Inicia sesión en un navegador en el que ya lo hayas hecho antes o contacta con la administración del sitio.
throttled-password = Demasiadas contraseñas incorrectas. Vuelve a intentarlo en { $wait }.
throttled-password-for-good = Demasiadas contraseñas incorrectas. Cierra la sesión y vuelve a iniciarla.
throttled-factor = Demasiados códigos incorrectos. Inténtalo de nuevo dentro de { $wait }.
throttled-factor-for-good = Demasiados códigos incorrectos. Ya no sirve ningún código de una aplicación de autenticación: usa un código de recuperación o contacta con la administración.
throttled-registration = Demasiadas personas se están registrando desde tu red o en este sitio. Vuelve a intentarlo en { $wait }.
throttled-mail = Se han pedido demasiados correos desde tu red. Espera { $wait } e inténtalo de nuevo.
throttled-token = Demasiados enlaces o códigos desde tu red no han funcionado. Espera { $wait } e inténtalo de nuevo.

## Sesiones

sessions = Tus sesiones
session-browser = Navegador
session-address = Dirección
session-since = Inicio
session-last-seen = Última actividad
session-actions = Acciones
session-this = Este navegador
session-unknown = desconocido
browser-on-system = { $browser } en { $system }
session-remembered = permanece abierta
session-by = con { $methods }
method-password = contraseña
method-totp = aplicación de autenticación
method-passkey = llave de acceso
method-verified_passkey = llave de acceso
method-mail_code = código por correo
method-recovery_code = código de recuperación
method-trusted_browser = navegador de confianza
method-other = otro método

## Solicitudes rechazadas

problem-login-required = Inicia sesión para ver esto.
problem-fresh-login-required = Iniciaste sesión hace un rato. Confirma que eres tú para continuar.
problem-second-factor-required = Inicia sesión con un segundo factor para ver esto.
problem-verified-email-required = Confirma tu dirección de correo para ver esto.
problem-forbidden = No tienes permiso para ver esta página. Pídelo a un administrador si lo necesitas.
problem-visit-required = Antes hay algo que hacer, en { $page }.
problem-second-factor-enrolment = Añade primero un segundo factor a tu cuenta, en { $page }.
problem-cross-origin = Esta solicitud llegó desde otro sitio y no se ha ejecutado. Si la enviaste tú, vuelve atrás, recarga la página y envíala de nuevo.
problem-cross-origin-elsewhere = Esta solicitud llegó desde otro sitio y no se ha ejecutado. Este sitio está en { $url }: ábrelo allí y vuelve a intentarlo.
problem-throttled = Demasiados intentos. Vuelve a intentarlo en { $wait }.
problem-throttled-for-good = Demasiados intentos. No se aceptan más desde este navegador.
problem-internal = Algo ha fallado por nuestra parte. Vuelve a intentarlo más tarde.
problem-busy = Demasiadas personas están iniciando sesión ahora mismo. Vuelve a intentarlo en un momento.
problem-store = Algo ha fallado por nuestra parte. Vuelve a intentarlo en un momento.
problem-mail = Ahora mismo no podemos enviar correo. Vuelve a intentarlo en un momento.
second-factor-code-malformed = Escribe los 6 dígitos que muestra tu aplicación de autenticación.
second-factor-code-wrong = Código incorrecto. Cada código sirve una sola vez.
second-factor-needed = Hasta aquí es correcto. Muestra un segundo factor para iniciar sesión.
login-form-lost = Puede que tu cambio no se haya guardado. Haz lo que pide esta página y luego compruébalo.
login-cookie-copied = Se ha cerrado tu sesión porque alguien usó una copia de la cookie de inicio de sesión de este navegador. Inicia sesión y cambia tu contraseña.

form-wrong-type = Envía el formulario como application/x-www-form-urlencoded, o un objeto JSON como application/json.
form-wrong-charset = Envía el formulario en UTF-8 y en ninguna otra codificación.
form-too-large = El formulario es demasiado grande. Todos los campos juntos pueden tener { $max } bytes, y una contraseña 256 caracteres.
form-too-many-fields = El formulario tiene más de { $max } campos.
form-broken = El formulario no ha llegado completo. Envíalo de nuevo.
form-not-utf8 = El formulario no es UTF-8 válido. Envíalo como UTF-8.
form-not-json = El contenido no es un objeto JSON cuyos valores sean cadenas, true o false.
form-nul = El campo «{ $field }» tiene un carácter NUL. Quítalo.
form-repeated = El campo «{ $field }» aparece más de una vez. Envíalo una sola vez.
form-unknown = El campo «{ $field }» no se conoce aquí. Los campos son: { $known }.
form-unknown-and-none = El campo «{ $field }» no se conoce aquí. No envíes ningún campo.

## Rechazadas por el programa, antes de que el sitio vea la solicitud

program-http-version = Envía la solicitud con HTTP/1.1.
program-not-a-proxy = Este servidor no es un proxy. Solicita una de sus propias páginas.
program-host-count = Envía exactamente una cabecera Host.
program-host-malformed = La cabecera Host no es un nombre de host.
program-host-ambiguous = La cabecera Host y la dirección de la solicitud nombran dos hosts distintos.
program-host-elsewhere = Este sitio tiene otra dirección. Sigue el enlace.

## Páginas de error

title-401 = Inicia sesión primero
title-403 = Acceso denegado
title-404 = Página no encontrada
title-405 = No es posible aquí
title-408 = Tiempo agotado
title-409 = No es posible ahora
title-410 = Este enlace ya no funciona
title-413 = Demasiado grande
title-429 = Demasiados intentos
title-4xx = Solicitud no entendida
title-500 = Algo ha fallado
title-503 = No disponible por el momento
explain-404 = No hay ninguna página en esta dirección. Comprueba que está bien escrita.
explain-405 = Esta página no se puede usar así.
explain-408 = La solicitud ha tardado demasiado en llegar. Envíala de nuevo.
explain-413 = Lo que has enviado es demasiado grande para esta página.
explain-4xx = La solicitud no se puede ejecutar tal como se envió.
explain-503 = El servicio está ocupado. Vuelve a intentarlo en unos segundos.
error-status = Error { $status }
error-id = Error { $status }, identificador { $id }. Indica este identificador si informas del problema.
newer = Más recientes
older = Más antiguas
log-times = ({ $count } veces)

## Mails

mail-when = Cuándo:
mail-browser = Navegador:
mail-address = Dirección:
mail-not-me = Si no has sido tú, protege aquí tu cuenta:
mail-code = O escribe este código donde tengas la sesión iniciada:
link-dead = Este enlace ya no sirve: ya se usó, ha caducado o se sustituyó por uno más reciente.
link-new = Pedir un enlace nuevo
email-verified = confirmada
email-unverified = sin confirmar
