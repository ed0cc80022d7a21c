# La página de la cuenta.

account-title = Tu cuenta
account-email = Correo
account-email-hint = Verificar o cambiar tu dirección de correo
account-password = Contraseña
account-password-hint = Cambiar la contraseña
account-factors = Inicio de sesión en dos pasos
account-factors-hint = Añadir o quitar un segundo factor, como una aplicación de autenticación
account-sessions = Sesiones
account-sessions-hint = Mira dónde tienes la sesión iniciada y ciérrala en otros sitios
account-close = Cerrar la cuenta
account-close-hint = Cerrar tu cuenta y eliminar más tarde todo lo que contiene
account-log = Actividad
account-log-hint = Mira los inicios de sesión y los cambios de tu cuenta
account-notices = Correos
account-notices-hint = Elige qué correos recibes sobre tu cuenta
account-username = Nombre de usuario
account-username-hint = Cambiar tu nombre de usuario
account-export = Tus datos
account-export-hint = Mira y descarga lo que se guarda sobre ti
