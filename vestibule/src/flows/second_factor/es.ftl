# El segundo factor al iniciar sesión.

second-factor-title = Segundo factor
second-factor-code = Código de tu aplicación de autenticación
second-factor-code-hint = 6 dígitos
second-factor-recovery-code = Código de recuperación
second-factor-recovery-code-hint = Uno de los códigos que has guardado. Cada uno sirve una vez.
second-factor-trust = No pedir un segundo factor en este navegador durante 30 días
second-factor-button = Continuar
second-factor-other-ways = Probar de otra manera
second-factor-by-totp = Usar tu aplicación de autenticación
second-factor-by-passkey = Usar una llave de acceso
second-factor-passkey-needs = Para usar una llave de acceso necesitas JavaScript y un navegador que las conozca. Elige otra forma.
second-factor-by-recovery-code = Usar un código de recuperación
second-factor-recovery-code-malformed = Escribe uno de tus códigos de recuperación: 16 letras y dígitos.
second-factor-too-many-sessions = Has iniciado sesión en tantos sitios como se permite. Cierra una de las sesiones y escribe después un código nuevo.
