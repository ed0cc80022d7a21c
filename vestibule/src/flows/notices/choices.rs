//! The page on which users choose the mails that they want.

use axum::response::Response;
use serde::Serialize;

use crate::accounts::FAILED_LOGINS;
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::notices::OPTIONAL;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{FreshUser, PageUser};
use crate::session::UserId;
use crate::web::text::Text;

pub(super) const TEMPLATE: &str = "notices.html";

#[derive(Serialize)]
struct View {
    notices: Vec<Choice>,
    email: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    kind: &'static str,
    is_on: bool,
}

pub(super) async fn show<U: PageUser>(user: FreshUser<U>, page: Page<U>) -> Result<Response> {
    let off = page.site.turned_off_notices(&user.id()).await?;
    let choices = page.site.optional_notices().into_iter();
    let choice = |kind| Choice {
        kind,
        is_on: !off.contains(&kind),
    };
    let view = View {
        notices: choices.map(choice).collect(),
        email: user.email().map(str::to_owned),
    };
    page.answer(Answer::page(TEMPLATE, view))
}

pub(super) async fn choose<U: PageUser>(
    user: FreshUser<U>,
    page: Page<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let choices = page.site.optional_notices();
    let mut submitted = submitted.only(&choices)?;
    if let Some(mailing) = &page.site.inner().mailing {
        for kind in choices {
            // A checkbox that is not checked is not in the form.
            let is_on = !submitted.take(kind).is_empty();
            mailing.outbox.turn(&user.id(), kind, is_on).await?;
        }
    }
    let here = page.site.inner().paths.own("notices");
    let done = Answer::done(here).message("success", Text::named("notices-done"));
    Ok(page.answer(done)?)
}

impl<U: PageUser> Site<U> {
    /// The mails that only inform and that this site sends.
    pub(in crate::flows) fn optional_notices(&self) -> Vec<&'static str> {
        let inner = self.inner();
        let sends = |kind: &&str| match *kind {
            FAILED_LOGINS => inner.accounts.is_some(),
            _ => inner.notifies_new_device,
        };
        OPTIONAL.into_iter().filter(sends).collect()
    }

    /// Those of them that this user has turned off.
    pub(in crate::flows) async fn turned_off_notices(
        &self,
        user: &UserId,
    ) -> Result<Vec<&'static str>> {
        match &self.inner().mailing {
            Some(mailing) => mailing.outbox.turned_off(user, &OPTIONAL).await,
            None => Ok(Vec::new()),
        }
    }
}
