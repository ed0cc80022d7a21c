# Los segundos factores propios.

factors-title = Inicio de sesión en dos pasos
factors-text = Con un segundo factor, nadie entra solo con tu contraseña.
factors-owed = Este sitio exige un segundo factor. Añade uno para continuar.
factors-none = Todavía no tienes un segundo factor.
factors-reset-at = Alguien ha dicho a la administración que has perdido tus segundos factores. Todos se quitarán el { $when }.
factors-reset-stop = Si no es así, cancélalo y cambia tu contraseña: quien lo ha dicho quizá la conozca.
factors-reset-cancel = Conservar mis segundos factores
factors-reset-cancelled = Tus segundos factores se conservan.
factors-reset-none = No hay ningún restablecimiento de tus segundos factores programado.
factors-since = añadido
factors-last-used = usado por última vez
factors-never-used = nunca usado
factors-remove = Quitar
factors-remove-one = Quitar { $name }
factors-remove-title = Quitar tu último segundo factor
factors-remove-last = { $name } es tu último segundo factor. Sin él, tu contraseña basta para iniciar sesión y tus códigos de recuperación dejan de servir.
factors-keep = Conservarlo
factors-back = Volver al inicio de sesión en dos pasos
factors-removed = Se ha quitado { $name }. Se ha cerrado tu sesión en todos los demás sitios.
factors-removed-last = Se ha quitado tu último segundo factor. Ahora tu contraseña basta para iniciar sesión.
factors-only-credential = Esta llave de acceso es la única forma de entrar en tu cuenta. Establece antes una contraseña o añade otra llave de acceso.
factors-only-passkey = Esta llave de acceso es la única forma de entrar en tu cuenta. Añade antes otra llave de acceso.
factors-add-totp = Añadir una aplicación de autenticación
factors-add-totp-hint = Una aplicación en tu teléfono que muestra un código nuevo cada 30 segundos
factors-passkeys-hint = Añadir una llave de acceso o cambiar su nombre

totp-title = Añadir una aplicación de autenticación
totp-text = Escanea este código con tu aplicación de autenticación. Después escribe los 6 dígitos que muestra.
totp-qr = Código QR para tu aplicación de autenticación
totp-key = O escribe esta clave en la aplicación:
totp-name = Nombre (opcional)
totp-name-hint = Para que la reconozcas más tarde, por ejemplo «Teléfono»
totp-default-name = Aplicación de autenticación
totp-code = Código
totp-code-hint = 6 dígitos
totp-button = Añadir
totp-code-malformed = Escribe los 6 dígitos que muestra tu aplicación de autenticación.
totp-code-wrong = Código incorrecto. Escribe el código que tu aplicación muestra ahora y comprueba que la hora de tu teléfono es correcta.
totp-expired = Ha pasado demasiado tiempo. Escanea el código nuevo de abajo y elimina la entrada antigua de tu aplicación.
totp-too-many = Tienes { $max } aplicaciones de autenticación, el máximo. Quita una primero.
totp-added = Se ha añadido { $name }. La necesitarás en tu próximo inicio de sesión.
totp-added-first = Se ha cerrado tu sesión en todos los demás sitios. Crea ahora códigos de recuperación, por si pierdes tu teléfono.

trusted-browsers-title = Navegadores de confianza
trusted-browsers-text = En estos navegadores, tu contraseña basta para iniciar sesión.
trusted-browsers-until = de confianza hasta
trusted-browsers-end = Volver a pedir un segundo factor
trusted-browsers-end-one = Volver a pedir un segundo factor en { $browser }
trusted-browsers-ended = En ese navegador necesitas otra vez un segundo factor.

recovery-codes-title = Códigos de recuperación
recovery-codes-none = No tienes códigos de recuperación. Créalos ahora: sin ellos, quizá nadie pueda darte acceso si pierdes tus otros factores.
recovery-codes-left = { $count ->
    [one] Tienes { $count } código de recuperación sin usar.
   *[other] Tienes { $count } códigos de recuperación sin usar.
}
recovery-codes-make = Crear códigos de recuperación
recovery-codes-renew = Crear códigos de recuperación nuevos
recovery-codes-renew-effect = Tus códigos actuales dejarán de servir.
recovery-codes-once = Estos códigos se muestran una sola vez. Imprímelos o cópialos en un lugar seguro, separado de tu teléfono.
recovery-codes-use = Cada código sirve una vez, en lugar de tu segundo factor.
recovery-codes-kept = He guardado mis códigos
recovery-codes-no-factor = Añade primero un segundo factor.

mail-factor-added-subject = Se ha añadido un segundo factor en { $site }
mail-factor-added =
    Hola, { $name }:

    se ha añadido un segundo factor a tu cuenta en { $site }. A partir de ahora, tu contraseña sola no basta para iniciar sesión.

    Si has sido tú, no tienes que hacer nada.
mail-factor-removed-subject = Se ha quitado un segundo factor en { $site }
mail-factor-removed =
    Hola, { $name }:

    se ha quitado un segundo factor de tu cuenta en { $site }.

    Si has sido tú, no tienes que hacer nada.
mail-recovery-codes-renewed-subject = Códigos de recuperación nuevos en { $site }
mail-recovery-codes-renewed =
    Hola, { $name }:

    se han creado códigos de recuperación nuevos para tu cuenta en { $site }. Los anteriores ya no sirven.

    Si has sido tú, no tienes que hacer nada.
mail-recovery-code-used-subject = Se ha usado un código de recuperación en { $site }
mail-recovery-code-used =
    Hola, { $name }:

    alguien ha usado uno de tus códigos de recuperación en { $site }. El código no sirve otra vez.

    Si has sido tú, no tienes que hacer nada. Si has perdido tu otro factor, quítalo de tu cuenta.
mail-factors-reset-subject = Se han quitado tus segundos factores en { $site }
mail-factors-reset =
    Hola, { $name }:

    la administración ha quitado todos los segundos factores y códigos de recuperación de tu cuenta en { $site } y ha cerrado todas tus sesiones. Hasta que añadas otro, solo la contraseña protege tu cuenta. Si no tiene ninguna, elige una con «¿Has olvidado tu contraseña?» o contacta con la administración.

    Si no sabes nada de ello, contacta con la administración de { $url }.
mail-factors-reset-planned-subject = Se van a quitar tus segundos factores en { $site }
mail-factors-reset-planned =
    Hola, { $name }:

    alguien ha dicho a la administración que has perdido tus segundos factores en { $site }. El { $detail } se quitarán de tu cuenta todos los segundos factores y códigos de recuperación. Después, la contraseña basta para iniciar sesión. Si tu cuenta no tiene ninguna, elige una con «¿Has olvidado tu contraseña?» o contacta con la administración.

    Si no los has perdido, inicia sesión en { $url } con uno de ellos, o abre allí la página de tu cuenta y elige «Conservar mis segundos factores». Así no se quitará nada. Cambia también tu contraseña: quien lo ha dicho quizá la conozca.
mail-factors-reset-cancelled-subject = Tus segundos factores en { $site } se conservan
mail-factors-reset-cancelled =
    Hola, { $name }:

    los segundos factores de tu cuenta en { $site } no se quitarán: tú o la administración lo habéis cancelado, se ha usado uno de ellos, ha habido demasiados códigos incorrectos o tu cuenta no se podía usar.

    Si los has perdido y no has cancelado nada, contacta con la administración de { $url }: quizá otra persona tenga uno de ellos.
