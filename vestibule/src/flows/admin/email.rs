//! What an admin does with a user's mail address: set it, verify it by hand, send a link for a new
//! password there.

use axum::extract::Path;

use super::{ActionResult, Changing, Rejected};
use crate::mail::Email;
use crate::web::text::Text;

/// Sets the email address, or removes it if the field is empty.
pub(super) async fn set_email(Path(id): Path<String>, mut changing: Changing) -> ActionResult {
    let typed = changing.take("email")?;
    let email = match email(&typed) {
        Ok(email) => email,
        Err(why) => {
            let rejected = Rejected::of("email", typed);
            return changing.invalid_on_user(&id, rejected, "email", why).await;
        }
    };
    let change = changing
        .accounts()
        .set_email(&id.as_str().into(), email.as_ref())
        .await?;
    let done = Text::named(match email {
        Some(_) => "admin-email-set",
        None => "admin-email-removed",
    });
    changing
        .answer(change, done, &changing.user_path(&id))
        .await
}

/// A typed email address; `None` if the field is empty.
pub(super) fn email(typed: &str) -> std::result::Result<Option<Email>, Text> {
    let invalid = |_| Text::named("admin-email-invalid");
    match typed.trim() {
        "" => Ok(None),
        typed => typed.parse().map(Some).map_err(invalid),
    }
}

/// Marks the address as verified.
pub(super) async fn verify(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing
        .accounts()
        .verify_email(&id.as_str().into())
        .await?;
    let done = Text::named("admin-email-verified");
    changing
        .answer_on_user(
            &id,
            Rejected::of("verify-email", String::new()),
            change,
            done,
        )
        .await
}

/// Sends a link for a new password.
pub(super) async fn send_reset_link(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let (site, actor) = (&changing.page.site, changing.actor.clone());
    let change = site.send_reset_link(actor, &id.as_str().into()).await?;
    let done = Text::named("admin-reset-link-sent");
    changing
        .answer_on_user(
            &id,
            Rejected::of("send-reset-link", String::new()),
            change,
            done,
        )
        .await
}
