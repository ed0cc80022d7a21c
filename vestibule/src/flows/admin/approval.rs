//! Approving and rejecting accounts that wait for it, and the mails about that.

use axum::extract::Path;

use super::{ActionResult, Changing, Rejected};
use crate::accounts::ChangeOutcome;
use crate::flows::mails::MailTexts;
use crate::login::{Event, UserId};
use crate::web::text::Text;

/// Tells the admins that an account waits.
pub(super) const NEEDED: MailTexts = MailTexts::new(
    "approval_needed",
    "mail-approval-needed-subject",
    "mail-approval-needed",
);

/// Tells a user that they can log in.
pub(super) const APPROVED: MailTexts = MailTexts::new(
    "account_approved",
    "mail-account-approved-subject",
    "mail-account-approved",
);

pub(super) async fn approve(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing.accounts().approve(&id.as_str().into()).await?;
    let done = Text::named("admin-account-approved");
    changing
        .answer_on_user(&id, Rejected::of("approve", String::new()), change, done)
        .await
}

/// Rejects an account, which deletes it.
pub(super) async fn reject(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let id = UserId::from(id);
    let change = changing.accounts().reject(&id).await?;
    let done = Text::named("admin-account-rejected");
    if change == ChangeOutcome::Done {
        let visit = changing.login.visit();
        visit.emit_for(Event::AccountDeleted, Some(id)).await;
        let list = changing.page.site.inner().paths.own("admin");
        return changing.answer(change, done, list).await;
    }
    changing
        .answer_on_user(
            id.as_str(),
            Rejected::of("reject", String::new()),
            change,
            done,
        )
        .await
}
