# Confirmar un inicio de sesión.

confirm-login-title = Confirma que eres tú
confirm-login-text = Para continuar como { $username }, escribe tu contraseña de nuevo.
confirm-login-button = Continuar
confirm-login-by-factor = Usar un código en su lugar
confirm-login-not-you = ¿No eres tú?
