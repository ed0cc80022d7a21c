# Llaves de acceso.

passkey = Llave de acceso
passkeys = Llaves de acceso
passkeys-text = Con una llave de acceso inicias sesión con tu huella, tu cara o el PIN de tu dispositivo, sin contraseña. Solo funciona en este sitio, así que un sitio falso no puede robarla.
passkeys-caption = Tus llaves de acceso, la más antigua primero; horas en UTC
passkeys-name = Nombre
passkeys-name-hint = Para que la reconozcas después, por ejemplo «Mi teléfono». Opcional.
passkeys-name-of = Nombre de { $name }
passkeys-created = Añadida
passkeys-last-used = Último uso
passkeys-never = nunca
passkeys-synced = sincronizada entre tus dispositivos
passkeys-one-device = solo en un dispositivo
passkeys-none = Todavía no tienes ninguna llave de acceso.
passkeys-add = Añadir una llave de acceso
passkeys-needs = Para añadir una llave de acceso necesitas JavaScript y un navegador con llaves de acceso.
passkeys-rename = Cambiar nombre
passkeys-rename-one = Cambiar el nombre de { $name }
passkeys-remove = Quitar
passkeys-remove-one = Quitar { $name }
passkey-added = Se ha añadido { $name }. Desde ahora puedes iniciar sesión con ella.
passkey-renamed = La llave de acceso tiene un nombre nuevo.
passkey-gone = No tienes esta llave de acceso. Quizá la quitaste en otra ventana.
passkey-not-added = No se ha podido añadir esta llave de acceso. Inténtalo otra vez.
passkey-too-many = Tienes { $max } llaves de acceso, que es el máximo. Quita una antes de añadir otra.
passkey-name-invalid = Escribe un nombre de 1 a { $max } caracteres.
passkey-log-in = Iniciar sesión con una llave de acceso
passkey-confirm = Continuar con una llave de acceso
passkey-wrong = Esa llave de acceso no ha funcionado. Inténtalo otra vez o elige otra forma.
passkey-cancelled = No se ha usado ninguna llave de acceso. Inténtalo otra vez o elige otra forma.
passkey-known = Este dispositivo ya tiene una llave de acceso para tu cuenta.
passkey-needs = Para usar una llave de acceso necesitas JavaScript y un navegador compatible con ellas.
account-passkeys = Llaves de acceso

mail-passkey-clone-suspected-subject = Quizá alguien tiene una copia de tu llave de acceso para { $site }
mail-passkey-clone-suspected =
    Hola, { $name }:

    Una de tus llaves de acceso para { $site } se ha usado de una forma que indica que alguien tiene una copia. Hemos rechazado el inicio de sesión.

    Inicia sesión en { $url } de otra forma, quita la llave de acceso y añade una nueva.
