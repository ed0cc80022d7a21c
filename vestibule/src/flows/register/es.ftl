# Registrarse.

register-title = Crear una cuenta
register-username-hint = De 3 a 64 letras o cifras; en medio también puntos, guiones bajos y guiones.
register-button = Crear la cuenta
register-have-account = ¿Ya tienes una cuenta?
register-username-taken = Este nombre de usuario ya está en uso. Elige otro.
register-username-reserved = Este nombre de usuario está reservado para el sitio. Elige otro.
register-done = Tu cuenta está lista y has iniciado sesión.
register-inactive = Tu cuenta está lista. Podrás iniciar sesión cuando esté activa.
