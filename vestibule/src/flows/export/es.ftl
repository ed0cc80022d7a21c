# Exportar los propios datos.

export-title = Tus datos
export-text = Esto es lo que guardamos sobre ti. Las listas tienen las 50 entradas más recientes. La descarga las tiene todas, en JSON. No contiene contraseñas.
export-download = Descargar todo
export-account = Cuenta
export-id = Id
export-username = Nombre de usuario
export-former-usernames = Nombres de usuario anteriores, reservados para ti
export-email = Dirección de correo
export-email-verified-at = Dirección de correo confirmada
export-is-email-verified = Dirección de correo confirmada
export-must-change-password = Debe cambiar la contraseña
export-roles = Roles
export-permissions = Permisos
export-created-at = Creada
export-updated-at = Último cambio
export-known-browsers = Navegadores en los que se te conoce
export-links = Enlaces que has recibido por correo
export-mails-off = Correos desactivados
export-app = Más
export-sessions = Sesiones
export-log = Actividad
export-actions = Lo que has hecho como administrador
export-mails = Correos para ti
export-none = Nada.
export-yes = sí
export-no = no
