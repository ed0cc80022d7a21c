# Las sesiones propias.

sessions-text = Estos navegadores tienen la sesión de tu cuenta iniciada. Si no reconoces alguno, cierra su sesión.
sessions-text-and-change-password = Estos navegadores tienen la sesión de tu cuenta iniciada. Si no reconoces alguno, cierra su sesión y { $link }.
sessions-change-password = cambia tu contraseña
sessions-caption = Tus sesiones, la usada más recientemente primero; horas en UTC
sessions-same-login = mismo inicio de sesión recordado que este navegador: al cerrarla se cierra también aquí
sessions-from-copy = empezó en otra pestaña de un navegador con la sesión iniciada, o con una copia de su cookie. Si no la reconoces, ciérrala
sessions-log-out-one = Cerrar la sesión de { $browser }, iniciada el { $since }
sessions-log-out-others = Cerrar la sesión en todos los demás sitios
sessions-ended-one = Se ha cerrado la sesión de ese navegador.
sessions-ended-others = Se ha cerrado tu sesión en todos los demás sitios.
sessions-ended-already = Esa sesión ya ha terminado.
sessions-activity = Ver la actividad de tu cuenta
