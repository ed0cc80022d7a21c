# Cerrar sesión.

logout-title = Cerrar sesión
logout-stay = Seguir con la sesión iniciada
logout-done = Has cerrado la sesión.
