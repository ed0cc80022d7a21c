# Administrar el sitio.

admin-users = Usuarios
admin-roles = Roles
admin-log = Registro de seguridad
admin-search-label = Buscar por nombre de usuario o correo exacto
admin-search = Buscar
admin-users-caption = Usuarios por nombre
admin-no-users = Todavía no hay usuarios.
admin-no-users-match = Ningún usuario coincide con «{ $search }».
admin-no-more-users = No hay más usuarios.
admin-state = Estado
admin-last-login = Último inicio de sesión
admin-since = Desde
admin-id = Identificador
admin-email = Correo
admin-active = activa
admin-disabled = desactivada
admin-closed = cerrada
admin-must-change-password = debe cambiar la contraseña
admin-none = Ninguno.
admin-remove = Quitar
admin-remove-one = Quitar: { $name }
admin-add = Añadir
admin-add-role = Añadir un rol
admin-gives-permissions = Permisos de estos roles: { $permissions }.
admin-sessions = Sesiones
admin-sessions-caption = Sesiones, la usada más recientemente primero; horas en UTC
admin-session-from-copy = empezó en otra pestaña de un navegador recordado, o con una copia de su cookie
admin-log-out-session = Cerrar la sesión iniciada el { $since }
admin-log-out-all = Cerrar la sesión en todas partes
admin-account = Cuenta
admin-require-password-change = Exigir un cambio de contraseña
admin-enable = Activar
admin-disable = Desactivar y cerrar todas las sesiones
admin-delete-label = Escribe el nombre de usuario para eliminar la cuenta definitivamente
admin-delete = Eliminar la cuenta
admin-delete-mismatch = El nombre de usuario no coincide. Escríbelo exactamente.
admin-activity = Actividad
admin-nothing = Nada.
admin-new-user = Añadir un usuario
admin-new-user-again = Añadir otro usuario
admin-new-user-effect = El usuario recibe una contraseña temporal, que ves una sola vez, y debe cambiarla al iniciar sesión por primera vez.
admin-email-optional = Correo (opcional)
admin-user-added = Usuario añadido: { $username }
admin-temporary-password = Contraseña temporal
admin-temporary-password-once = Dale ahora esta contraseña a { $username }: no se volverá a mostrar. Hay que cambiarla al iniciar sesión por primera vez.
admin-user-page = Ir al usuario
admin-any = todos
admin-users-total =
    { $count ->
        [one] { $count } usuario
       *[other] { $count } usuarios
    }
admin-users-more-than = Más de { $count } usuarios
admin-previous = Página anterior
admin-choose-role = Elige un rol…
admin-role-missing = Elige un rol.
admin-session-count =
    { $count ->
        [0] ninguna sesión
        [one] { $count } sesión
       *[other] { $count } sesiones
    }
admin-many-sessions = más de { $count } sesiones
admin-add-role-effect = Sesiones que se cierran: { $sessions }. El usuario tendrá el rol al volver a iniciar sesión.
admin-disable-effect = Sesiones que se cierran al desactivar la cuenta: { $sessions }.
admin-delete-effect = Sesiones que se cierran: { $sessions }. No se puede deshacer.
admin-email-address = Dirección de correo
admin-email-hint = Déjalo vacío para quitarla. Una dirección nueva no está verificada.
admin-email-invalid = Escribe una dirección de correo como nombre@example.com.
admin-email-set = Dirección de correo guardada.
admin-email-removed = Dirección de correo quitada.
admin-save = Guardar
admin-delete-button = Eliminar
admin-log-caption = Cambios e intentos, los más recientes primero; horas en UTC
admin-log-when = Cuándo
admin-log-what = Qué
admin-log-whose = Cuenta
admin-log-by = Hecho por
admin-log-action = Acción
admin-log-all = todas
admin-log-no-match = Ninguna línea coincide.
admin-log-empty = Todavía nada.
admin-log-nothing-older = Nada más antiguo.
admin-newest = Más recientes
admin-role = Rol { $role }
admin-role-name = Rol
admin-roles-caption = Roles y sus permisos
admin-role-holders =
    { $count ->
        [one] Asignado a { $count } usuario.
       *[other] Asignado a { $count } usuarios.
    }
admin-role-built-in = Sus usuarios pueden abrir estas páginas de administración.
admin-permissions = Permisos
admin-permission-name = Añadir un permiso
admin-permission-hint = Letras minúsculas, cifras y . _ - : como en posts.edit.
admin-new-role = Crear un rol
admin-name = Nombre
admin-role-hint = Letras minúsculas, cifras y . _ - : como en editor o team-7:owner.
admin-delete-role = Eliminar el rol
admin-delete-role-effect =
    { $count ->
        [0] Nadie tiene este rol. No se puede deshacer.
        [one] Quita este rol y sus permisos a { $count } usuario. No se puede deshacer.
       *[other] Quita este rol y sus permisos a { $count } usuarios. No se puede deshacer.
    }
admin-role-added = Rol añadido. Se ha cerrado la sesión del usuario en todas partes; lo tendrá al volver a iniciarla.
admin-role-removed = Rol quitado; con efecto inmediato.
admin-account-disabled = La cuenta está desactivada y se han cerrado todas sus sesiones.
admin-account-enabled = La cuenta está activada.
admin-password-change-required = El usuario debe elegir una contraseña nueva antes de continuar.
admin-session-ended = La sesión ha terminado.
admin-sessions-ended = Todas las sesiones han terminado.
admin-deleted = Se ha eliminado la cuenta { $username }.
admin-role-created = Se ha creado el rol.
admin-permission-added = Permiso añadido.
admin-permission-removed = Permiso quitado; con efecto inmediato.
admin-role-deleted = Se ha eliminado el rol { $role }.
name-empty = Escribe un nombre.
name-length = Usa como máximo { $max } caracteres.
name-characters = Usa letras minúsculas de la a a la z, cifras y . _ - : en medio. Empieza por una letra.
change-done = Hecho.
change-nothing = No hay nada que cambiar.
change-no-user = Ese usuario no existe. Vuelve atrás y recarga la página.
change-no-role = Ese rol no existe.
change-no-role-but = Ese rol no existe. ¿Querías decir { $nearest }?
change-no-permission = El rol no tiene ese permiso.
change-no-permission-but = El rol no tiene ese permiso. ¿Querías decir { $nearest }?
change-no-session = Esa sesión ya ha terminado.
change-name-taken = Ese nombre ya está en uso.
change-email-taken = Otra cuenta tiene esta dirección de correo.
change-needs-email = Esta cuenta no tiene nombre de usuario, así que necesita su dirección de correo.
change-last-admin = Es el último administrador. Dale antes el rol admin a otra persona.
change-built-in = El rol admin no se puede eliminar.
change-not-allowed = Ya no tienes permiso para hacer esto.
change-unusable-hash = Este hash de contraseña no se puede comprobar: está mal formado o es de un tipo desconocido.
action-account-added = cuenta creada
action-account-disabled = cuenta desactivada
action-account-enabled = cuenta activada
action-account-deleted = cuenta eliminada
action-password-set = contraseña establecida
action-password-change-demanded = cambio de contraseña exigido
action-password-changed = contraseña cambiada
action-email-changed = correo cambiado
action-email-verified = correo verificado
action-account-closed = cuenta cerrada
action-account-reopened = cuenta abierta de nuevo
action-username-changed = nombre de usuario cambiado
action-password-reset-requested = restablecimiento de contraseña solicitado
action-factor-added = segundo factor añadido
action-factor-removed = segundo factor quitado
action-factors-reset = segundos factores restablecidos
action-factors-reset-planned = segundos factores: restablecimiento programado
action-factors-reset-cancelled = segundos factores: restablecimiento cancelado
action-recovery-codes-renewed = códigos de recuperación creados
action-recovery-code-used = código de recuperación usado
action-role-granted = rol añadido
action-role-revoked = rol quitado
action-session-ended = sesión terminada
action-sessions-ended = todas las sesiones terminadas
action-sessions-swept = sesiones caducadas eliminadas
action-role-added = rol creado
action-role-removed = rol eliminado
action-permission-allowed = permiso añadido
action-permission-forbidden = permiso quitado
action-log-in-failed = inicio de sesión fallido
admin-all-lines = Todas las líneas del registro de seguridad
action-logged-in = sesión iniciada
action-log-in-resumed = sesión iniciada por un navegador recordado
action-log-in-pending = segundo factor exigido
action-log-in-rejected = inicio de sesión rechazado
action-logged-out = sesión cerrada
action-remember-cookie-reused = copia de la cookie usada
action-passkey-clone-suspected = posible copia de una llave de acceso
action-session-protected = sesión usada en otro navegador o red
admin-awaits-approval = espera aprobación
admin-awaits-approval-text = Este usuario se ha registrado y podrá iniciar sesión cuando un administrador apruebe la cuenta.
admin-approve = Aprobar
admin-reject = Rechazar y eliminar
admin-reject-effect = Elimina la cuenta. No se puede deshacer.
admin-account-approved = La cuenta está aprobada y su usuario puede iniciar sesión.
admin-account-rejected = La cuenta se ha rechazado y eliminado.
admin-email-verified-at = Verificada
admin-email-unverified = Sin verificar.
admin-verify-email = Marcar la dirección como verificada
admin-email-verified = La dirección está marcada como verificada.
admin-send-reset-link = Enviar enlace de restablecimiento
admin-send-reset-link-effect = Envía al usuario un enlace para elegir una contraseña nueva. La actual sirve hasta entonces.
admin-reset-link-sent = El enlace se ha enviado.
admin-temporary-password-expired = La contraseña temporal ha caducado.
admin-temporary-password-until = La contraseña temporal sirve hasta
change-no-email = La cuenta no tiene dirección de correo.
change-not-active = La cuenta está desactivada o cerrada, o espera aprobación.
change-already-invited = Esta dirección tiene una invitación abierta. Reenvíala o revócala.
change-no-invitation = Esta invitación no existe, o ya se usó o se revocó.
change-not-oneself = No puedes hacer esto con tu propia cuenta.
admin-factors = Segundos factores
admin-reset-factors = Quitar todos los segundos factores
admin-reset-factors-effect = Quita todos los segundos factores y códigos de recuperación y cierra todas las sesiones del usuario. Después la contraseña basta para iniciar sesión; quien no tenga ninguna debe elegir una antes. Comprueba antes quién es.
admin-factors-reset = Se han quitado todos los segundos factores.
admin-factors-reset-planned = Todos los segundos factores se quitarán el { $when }, salvo que el usuario use o añada uno antes.
admin-reset-factors-effect-later = Avisa al usuario por correo y, pasado el plazo, quita todos los segundos factores y códigos de recuperación. Si usa o añade uno antes, no se quita nada. Comprueba primero quién es.
admin-reset-factors-no-email = Este usuario no recibe correo aquí, y solo lo ve en la página de su cuenta.
admin-cancel-factors-reset = Cancelar el restablecimiento
admin-factors-reset-cancelled = El restablecimiento se ha cancelado. Los segundos factores se conservan.
change-too-many-mails = Esta dirección ya ha recibido bastantes correos de este tipo por ahora. Inténtalo de nuevo dentro de una hora.
action-account-approved = cuenta aprobada
action-account-rejected = cuenta rechazada
action-invited = invitación enviada
action-invitation-revoked = invitación revocada
action-password-reset-link-sent = enlace de restablecimiento enviado

mail-approval-needed-subject = Una cuenta nueva espera aprobación en { $site }
mail-approval-needed =
    Hola:

    alguien se ha registrado en { $site } y podrá iniciar sesión cuando un administrador apruebe la cuenta.

    Abre { $url } y allí Administración y Usuarios, con el estado «espera aprobación». Recibes como máximo un correo así al día.
mail-account-approved-subject = Tu cuenta en { $site } está aprobada
mail-account-approved =
    Hola, { $name }:

    un administrador ha aprobado tu cuenta en { $site }. Ya puedes iniciar sesión: { $url }
