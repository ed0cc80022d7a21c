//! Inviting people to create an account, by mail.
//!
//! # Steps
//! 1. `GET /admin/invitations` lists invitations, the newest first, a page at a time, with their
//!    state. `POST /admin/invitations` with `email` and, if wanted, `role` sends one; the operator
//!    does so with `vestibule user invite`.
//! 2. The link in the mail leads to [`/register`](super::register). Whoever registers there owns the
//!    address and has the role.
//! 3. `POST /admin/invitations/{id}/resend` sends it again, with a new link in place of the former
//!    one, and `…/revoke` ends it.
//!
//! # What it protects against
//! Admins who see a link: it is only in the mail. Invitations by an admin who has lost the role
//! meanwhile: they do not work, until another admin resends them. Two uses of one invitation: it is
//! used up in the transaction that adds the account. Tokens in a copy of the database (only
//! digests). Full mailboxes: an address gets five in an hour.
//!
//! # What it does not protect against
//! Somebody who reads the invited person's mail.
//!
//! # Settings
//! [`SiteConfig::registration`](crate::flows::SiteConfig::registration): with `Invite`, nobody can
//! register without an invitation; with `Closed`, there are none.
//!
//! # Needs
//! Our own accounts, the flow `register`, and a mailer.

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde::Serialize;

use crate::access::{Allowed, RoleName};
use crate::accounts::{Account, Actor, ChangeOutcome, Invitation, InvitationState, ListPage};
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::flows::admin::{ActionResult, Admins, Changing, user_path};
use crate::flows::answer::Answer;
use crate::flows::flow::{Capability, Flow};
use crate::flows::form::FormErrors;
use crate::flows::list_page::{PageLinks, PageQuery};
use crate::flows::mails::MailTexts;
use crate::flows::page::Page;
use crate::flows::{RegistrationMode, Site};
use crate::login::UserId;
use crate::mail::Email;
use crate::mail::outbox::Letter;
use crate::web::text::Text;

pub(super) fn flow() -> Flow<Account> {
    Flow {
        paths: &[(PATH, "/admin/invitations")],
        needs: Some(Capability::Mail),
        is_on: Some(|config| config.registration != RegistrationMode::Closed),
        routes: |paths| {
            let one = |action: &str| format!("{}/{{id}}/{action}", paths.own(PATH));
            Router::new()
                .route(paths.own(PATH), get(list).post(invite))
                .route(&one("resend"), post(resend))
                .route(&one("revoke"), post(revoke))
        },
        templates: &[(LIST, include_str!("invitations.html"))],
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        mails: &[INVITATION],
        ..Flow::new("invitations")
    }
}

const PATH: &str = "admin_invitations";
const LIST: &str = "invitations.html";

const INVITATION: MailTexts = MailTexts {
    kind: "invitation",
    subject: "mail-invitation-subject",
    text: "mail-invitation",
    button: "mail-invitation-button",
    after: "mail-invitation-after",
};

/// The number of invitations on one page.
const PAGE: usize = 50;

/// What was entered in the form.
#[derive(Debug, Default)]
struct Typed {
    email: String,
    role: String,
}

#[derive(Serialize)]
struct ListView {
    invitations: Vec<InvitationView>,
    /// The roles there are.
    roles: Vec<String>,
    email: String,
    role: String,
    #[serde(flatten)]
    links: PageLinks,
}

#[derive(Serialize)]
struct InvitationView {
    id: String,
    address: String,
    role: Option<String>,
    inviter: String,
    /// The address of the inviter's page; `None` for the operator.
    inviter_href: Option<String>,
    created_at: String,
    expires_at: String,
    state: &'static str,
    /// Whether it can be resent and revoked.
    is_open: bool,
    /// The address of the page of the user who registered with it.
    user_href: Option<String>,
}

async fn list(_: Allowed<Admins>, page: Page, Query(query): Query<PageQuery>) -> Result<Response> {
    let view = list_view(&page.site, &query, Typed::default()).await?;
    page.answer(Answer::page(LIST, view))
}

async fn list_view(site: &Site, query: &PageQuery, typed: Typed) -> Result<ListView> {
    let accounts = site.accounts();
    let found = ListPage::read(
        query.cursor(),
        PAGE,
        |invitation: &Invitation| &invitation.id,
        |cursor, limit| accounts.invitations(cursor, limit),
    );
    let found = found.await?;
    Ok(ListView {
        links: PageLinks::of(&found),
        invitations: found
            .entries
            .into_iter()
            .map(|invitation| invitation_view(site, invitation))
            .collect(),
        roles: accounts.role_names().await?,
        email: typed.email,
        role: typed.role,
    })
}

fn invitation_view(site: &Site, invitation: Invitation) -> InvitationView {
    let path = |id: Option<UserId>| id.map(|id| user_path(site, id.as_str()));
    InvitationView {
        state: invitation.state.as_str(),
        is_open: !matches!(
            invitation.state,
            InvitationState::Used | InvitationState::Revoked
        ),
        id: invitation.id,
        address: invitation.address,
        role: invitation.role,
        inviter: invitation.inviter,
        inviter_href: path(invitation.inviter_id),
        created_at: invitation.created_at.to_string(),
        expires_at: invitation.expires_at.to_string(),
        user_href: path(invitation.user_id),
    }
}

async fn invite(mut changing: Changing) -> ActionResult {
    changing.submitted.check(&["email", "role"])?;
    let typed = Typed {
        email: changing.submitted.take_name("email"),
        role: changing.submitted.take_name("role"),
    };
    let mut errors = FormErrors::default();
    let email = typed.email.parse::<Email>();
    if email.is_err() {
        errors.add("email", Text::named("admin-email-invalid"));
    }
    let role = match &*typed.role {
        "" => Ok(None),
        role => role.parse::<RoleName>().map(Some),
    };
    if role.is_err() {
        errors.add("role", ChangeOutcome::NoSuchRole(None).into());
    }
    if let (Ok(email), Ok(role)) = (email, role) {
        let (site, actor) = (&changing.page.site, changing.actor.clone());
        let change = site.invite(actor, &email, role.as_ref()).await?;
        match &change {
            ChangeOutcome::EmailTaken => {
                errors.add("email", Text::named("admin-invite-has-account"));
            }
            ChangeOutcome::AlreadyInvited | ChangeOutcome::TooManyMails => {
                errors.add("email", change.into());
            }
            ChangeOutcome::NoSuchRole(_) => errors.add("role", change.into()),
            _ => {
                let done = Text::named("admin-invited").with("address", email.to_string());
                return changing.answer(change, done, list_path(site)).await;
            }
        }
    }
    let view = list_view(&changing.page.site, &PageQuery::default(), typed).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let answer = Answer::rejected(status, "invalid_fields", errors, LIST, view);
    Ok(changing.page.answer(answer)?)
}

async fn resend(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let (site, actor) = (&changing.page.site, changing.actor.clone());
    let change = site.resend_invitation(actor, &id).await?;
    let done = Text::named("admin-invitation-resent");
    answer_on_list(&changing, change, done).await
}

async fn revoke(Path(id): Path<String>, changing: Changing) -> ActionResult {
    changing.no_fields()?;
    let change = changing.accounts().revoke_invitation(&id).await?;
    let done = Text::named("admin-invitation-revoked");
    answer_on_list(&changing, change, done).await
}

async fn answer_on_list(changing: &Changing, change: ChangeOutcome, done: Text) -> ActionResult {
    let site = &changing.page.site;
    let why = match &change {
        ChangeOutcome::EmailTaken => Some(Text::named("admin-invite-has-account")),
        change => change.conflict(),
    };
    let Some(why) = why else {
        return changing.answer(change, done, list_path(site)).await;
    };
    let view = list_view(site, &PageQuery::default(), Typed::default()).await?;
    let (status, errors) = (StatusCode::CONFLICT, FormErrors::of_form(why));
    let answer = Answer::rejected(status, "conflict", errors, LIST, view);
    Ok(changing.page.answer(answer)?)
}

fn list_path(site: &Site) -> &str {
    site.path(PATH).unwrap_or("/")
}

impl Site<Account> {
    /// Invites somebody to create an account, by a mail with a link that works once, for a week.
    /// With `role`, the account has this role from the beginning.
    ///
    /// The outcome is [`EmailTaken`](ChangeOutcome::EmailTaken) if an account has the address,
    /// [`AlreadyInvited`](ChangeOutcome::AlreadyInvited) if an invitation to it is open, and
    /// [`TooManyMails`](ChangeOutcome::TooManyMails) if it has had five in an hour.
    ///
    /// ```no_run
    /// use vestibule::accounts::{Actor, ChangeOutcome};
    /// use vestibule::flows::Site;
    ///
    /// # async fn sample(site: Site) -> Result<(), Box<dyn std::error::Error>> {
    /// let (email, role) = ("dora@example.com".parse()?, "editor".parse()?);
    /// match site.invite(Actor::operator(), &email, Some(&role)).await? {
    ///     ChangeOutcome::Done => {}
    ///     instead => println!("nobody was invited: {instead}"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database failed; when the site has no mail, or nobody can register
    /// ([`Error::is_config`]).
    pub async fn invite(
        &self,
        actor: Actor,
        email: &Email,
        role: Option<&RoleName>,
    ) -> Result<ChangeOutcome> {
        self.check_invites()?;
        let administration = self.accounts().by(actor);
        let write = |email: &Email, token: &Secret| self.invitation(email, token);
        administration.invite(email, role, &write).await
    }

    /// Sends an invitation again, with a new link in place of the former one, for another week. It
    /// is the actor's invitation from then on. The outcome is
    /// [`NoOpenInvitation`](ChangeOutcome::NoOpenInvitation) if it was used or revoked.
    ///
    /// # Errors
    /// As [`invite`](Self::invite).
    pub async fn resend_invitation(&self, actor: Actor, id: &str) -> Result<ChangeOutcome> {
        self.check_invites()?;
        let administration = self.accounts().by(actor);
        let write = |email: &Email, token: &Secret| self.invitation(email, token);
        administration.resend_invitation(id, &write).await
    }

    fn check_invites(&self) -> Result<()> {
        match (self.path(PATH), self.path("register")) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(Error::config(
                "this site sends no invitations: they need mail, and a registration that is not \
                 closed",
            )),
        }
    }

    /// The mail, in the site's default language: nobody knows yet what its reader speaks.
    fn invitation(&self, email: &Email, token: &Secret) -> Letter {
        let page = self.address_of("register");
        let link = format!("{page}?invitation={}", token.expose());
        Letter::new(INVITATION.kind, email.clone(), "")
            .with("link", link)
            .lasting(crate::accounts::INVITATION_LASTS)
    }
}
