# Invitar.

admin-invitations = Invitaciones
admin-invitations-caption = Invitaciones, las más recientes primero; horas en UTC
admin-no-invitations = No hay invitaciones.
admin-invitation-is-open = abierta
admin-invitation-is-used = usada
admin-invitation-is-revoked = revocada
admin-invitation-is-expired = caducada
admin-invitation-is-inviter-lacks-role = sin efecto: quien la envió ya no es administrador
admin-invitation-by = Invitado por
admin-invitation-until = Caduca
admin-invitation-resend = Reenviar
admin-invitation-resend-to = Reenviar la invitación a { $address }
admin-invitation-revoke = Revocar
admin-invitation-revoke-of = Revocar la invitación a { $address }
admin-invite = Invitar a alguien
admin-invite-no-role = Ningún rol
admin-invite-effect = Enviamos un enlace a esta dirección. Sirve una sola vez, durante una semana. La cuenta nueva tendrá esta dirección y el rol.
admin-invite-button = Enviar invitación
admin-invite-has-account = Ya hay una cuenta con esta dirección.
admin-invited = Se ha invitado a { $address }.
admin-invitation-resent = La invitación se ha enviado de nuevo. El enlace anterior ya no sirve.
admin-invitation-revoked = La invitación se ha revocado. Su enlace ya no sirve.

mail-invitation-subject = Tu invitación a { $site }
mail-invitation =
    Hola:

    te han invitado a crear una cuenta en { $site }:
mail-invitation-button = Crear una cuenta
mail-invitation-after =
    El enlace sirve una sola vez, durante una semana.

    Si no esperabas este correo, no tienes que hacer nada.
