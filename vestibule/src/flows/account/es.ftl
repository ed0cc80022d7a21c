# La página de la cuenta.

account-title = Tu cuenta
account-email = Correo
account-email-hint = Verificar o cambiar tu dirección de correo
account-password = Contraseña
account-password-hint = Cambiar la contraseña
account-sessions = Sesiones
account-sessions-hint = Mira dónde tienes la sesión iniciada y ciérrala en otros sitios
account-delete = Eliminar la cuenta
account-delete-hint = Eliminar tu cuenta y todo lo que contiene
account-log = Actividad
account-log-hint = Mira los inicios de sesión y los cambios de tu cuenta
account-notices = Correos
account-notices-hint = Elige qué correos recibes sobre tu cuenta
