# Cambiar el nombre de usuario.

change-username-title = Cambiar tu nombre de usuario
change-username-text = Tu nombre de usuario es { $username }. Si lo cambias, el anterior queda reservado para ti durante 90 días. Después, otras personas pueden usarlo.
change-username-first = Todavía no tienes nombre de usuario. Con uno también puedes iniciar sesión, y los demás lo ven en lugar de tu dirección de correo.
change-username-new = Nuevo nombre de usuario
change-username-button = Cambiar el nombre de usuario
change-username-same = Este ya es tu nombre de usuario.
change-username-taken = Este nombre de usuario está ocupado o se parece a uno ocupado.
change-username-reserved = Este nombre de usuario está reservado.
change-username-done = Tu nombre de usuario es ahora { $username }.

mail-username-changed-subject = Se ha cambiado tu nombre de usuario en { $site }
mail-username-changed =
    Hola, { $name }:

    el nombre de usuario de tu cuenta de { $site } es ahora { $detail }. A partir de ahora inicias sesión con él. Un nombre de usuario que tenías antes queda reservado para ti durante 90 días.
