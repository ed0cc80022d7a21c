# La primera página tras iniciar sesión.

welcome-title = Te damos la bienvenida
welcome-greeting = Hola, { $username }
welcome-text = Has iniciado sesión.
