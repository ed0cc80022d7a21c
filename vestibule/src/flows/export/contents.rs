//! What is kept about a user.

use serde_json::{Map, Value, json};

use crate::accounts::{Account, Cursor, LogEntry, LogFilter};
use crate::error::{Error, Result};
use crate::flows::Site;
use crate::flows::own_line::OwnLine;
use crate::flows::session_view::SessionsView;
use crate::login::PageUser;
use crate::mail::{Email, QueuedMail};
use crate::session::{Session, UserId};

/// What is kept about a user, to be read.
pub(super) struct Contents<U> {
    site: Site<U>,
    user: U,
    /// The session that asks.
    this: Option<Session>,
    /// The names that the user has and had, the present one first: the log finds what somebody did
    /// by their name.
    names: Vec<String>,
}

/// The lists of an export. Each may be long.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    Sessions,
    Mails,
    Log,
    /// What the user did to others.
    Actions,
}

/// A page of a list, and where the next one begins.
pub(super) type Listed = (Vec<Value>, Option<String>);

impl List {
    pub(super) const ALL: [Self; 4] = [Self::Sessions, Self::Mails, Self::Log, Self::Actions];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Mails => "mails",
            Self::Log => "log",
            Self::Actions => "actions",
        }
    }
}

/// How many entries of a list the page has.
const SHOWN: usize = 50;

impl<U: PageUser> Contents<U> {
    /// What `site` keeps about `user`, who asks with the session `this`.
    ///
    /// # Errors
    /// When the database failed.
    pub(super) async fn new(site: Site<U>, user: U, this: Option<Session>) -> Result<Self> {
        let account = match &site.inner().accounts {
            Some(accounts) => accounts.find_by_id(&user.id()).await?.zip(Some(accounts)),
            None => None,
        };
        let mut names = vec![user.name().to_owned()];
        if let Some((account, accounts)) = account {
            let had = accounts.names_in_log(&account).await?.into_iter();
            names.extend(had.filter(|name| name != user.name()));
        }
        Ok(Self {
            site,
            user,
            this,
            names,
        })
    }

    /// Everything but the lists.
    pub(super) async fn facts(&self) -> Result<Map<String, Value>> {
        let (inner, id) = (self.site.inner(), self.user.id());
        let now = inner.clock.now();
        let credentials = self.site.credentials();
        let mut facts = Map::new();
        facts.insert("exported_at".to_owned(), now.to_string().into());
        facts.insert("account".to_owned(), self.account().await?);
        let factors = self.site.factor_views(&id).await?;
        facts.insert("factors".to_owned(), json!(factors));
        let reset_at = self.site.factors_reset_at(&id).await?;
        let reset_at = reset_at.map(|at| at.to_string());
        facts.insert("factors_reset_at".to_owned(), json!(reset_at));
        let codes = &credentials.factors()?.recovery_codes;
        let left = codes.count(&id).await?;
        let trusted = self.site.trusted_browser_views(&self.user).await?;
        facts.insert("trusted_browsers".to_owned(), json!(trusted));
        facts.insert("recovery_codes".to_owned(), json!(left));
        let known = credentials.known_browsers(&id, now).await?.into_iter();
        let known = known.map(|until| json!({ "known_until": until.to_string() }));
        facts.insert("known_browsers".to_owned(), known.collect());
        if inner.mailing.is_some() {
            let links = credentials.mail_tokens()?.tokens.list(&id).await?;
            let links = links.into_iter().map(|(purpose, address, expires_at)| {
                json!({
                    "purpose": purpose,
                    "address": address,
                    "expires_at": expires_at.to_string(),
                })
            });
            facts.insert("links".to_owned(), links.collect());
            let off = self.site.turned_off_notices(&id).await?;
            facts.insert("mails_off".to_owned(), json!(off));
        }
        if let Some(hook) = &inner.on_export {
            let of_app = hook.run(self.user.clone()).await?;
            facts.insert("app".to_owned(), of_app);
        }
        Ok(facts)
    }

    async fn account(&self) -> Result<Value> {
        let user = &self.user;
        let Some(accounts) = &self.site.inner().accounts else {
            return Ok(json!({
                "id": user.id().as_str(),
                "username": user.name(),
                "email": user.email(),
                "is_email_verified": user.has_verified_email(),
            }));
        };
        let found = accounts.find_by_id(&user.id()).await?;
        let account = found.ok_or_else(|| Error::internal("the account was deleted meanwhile"))?;
        let former = accounts.former_usernames(&account.id).await?.into_iter();
        let former = former
            .map(|(name, until)| json!({ "username": name, "reserved_until": until.to_string() }));
        let Account { rights, .. } = &account;
        Ok(json!({
            "id": account.id.as_str(),
            "username": account.username,
            "former_usernames": former.collect::<Vec<_>>(),
            "email": account.email,
            "email_verified_at": account.email_verified_at.map(|at| at.to_string()),
            "must_change_password": account.must_change_password,
            "roles": rights.roles(),
            "permissions": rights.permissions(),
            "created_at": account.created_at.to_string(),
            "updated_at": account.updated_at.to_string(),
        }))
    }

    /// Everything but the lists, and the first entries of each list.
    pub(super) async fn beginning(&self) -> Result<Map<String, Value>> {
        let mut view = self.facts().await?;
        for list in List::ALL {
            let (entries, _) = self.page(list, None, SHOWN).await?;
            view.insert(list.name().to_owned(), entries.into());
        }
        Ok(view)
    }

    /// At most `limit` entries of a list, after an entry or from the first one. There may be fewer,
    /// and still a next page.
    pub(super) async fn page(
        &self,
        list: List,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Listed> {
        match list {
            List::Sessions => self.sessions(after, limit).await,
            List::Mails => self.mails(after, limit).await,
            List::Log => self.log(after, limit).await,
            List::Actions => self.actions(after, limit).await,
        }
    }

    async fn sessions(&self, after: Option<&str>, limit: usize) -> Result<Listed> {
        let (handle, id) = (self.site.login_handle(), self.user.id());
        let sessions = handle.sessions_of(&id, after, limit + 1);
        let view = SessionsView::new(sessions.await?, limit, self.this.as_ref());
        let mut view = serde_json::to_value(view).map_err(Error::internal)?;
        let entries = match view["sessions"].take() {
            Value::Array(entries) => entries,
            _ => Vec::new(),
        };
        let next = view["next"].as_str().map(str::to_owned);
        Ok((entries, next))
    }

    /// The mails to the user's address, if it is theirs for sure: somebody may enter another's.
    async fn mails(&self, after: Option<&str>, limit: usize) -> Result<Listed> {
        let own = self.user.email().filter(|_| self.user.has_verified_email());
        let own = own.and_then(|own| own.parse::<Email>().ok());
        let (Some(mailing), Some(own)) = (&self.site.inner().mailing, own) else {
            return Ok((Vec::new(), None));
        };
        let mails = mailing.outbox.list_to(&own, after, as_u64(limit)).await?;
        let next = mails.last().filter(|_| mails.len() == limit);
        let next = next.map(|mail| mail.id.clone());
        let mail = |mail: QueuedMail| {
            json!({
                "kind": mail.kind,
                "to": mail.to.as_str(),
                "state": mail.state.as_str(),
                "created_at": mail.created_at.to_string(),
            })
        };
        Ok((mails.into_iter().map(mail).collect(), next))
    }

    async fn log(&self, after: Option<&str>, limit: usize) -> Result<Listed> {
        let id = self.user.id();
        let filter = LogFilter {
            user_id: Some(id.clone()),
            ..LogFilter::default()
        };
        let (lines, next) = self.lines(&filter, after, limit).await?;
        let own = lines.into_iter().map(|line| OwnLine::new(&id, line));
        let own = own.map(|line| serde_json::to_value(line).map_err(Error::internal));
        Ok((own.collect::<Result<_>>()?, next))
    }

    /// What the user did to others, or to roles, under each name that they have had.
    async fn actions(&self, after: Option<&str>, limit: usize) -> Result<Listed> {
        let id = self.user.id();
        // An entry is the number of a name and a line: `0 LINE`; before the first line, `0`.
        let (number, line) = match after.map(|after| after.split_once(' ').unwrap_or((after, ""))) {
            Some((number, line)) => (number.parse().unwrap_or(0), Some(line)),
            None => (0, None),
        };
        let line = line.filter(|line| !line.is_empty());
        let Some(name) = self.names.get(number) else {
            return Ok((Vec::new(), None));
        };
        let filter = LogFilter {
            actor: Some(name.clone()),
            ..LogFilter::default()
        };
        let (lines, next) = self.lines(&filter, line, limit).await?;
        let next = match next {
            Some(line) => Some(format!("{number} {line}")),
            None => Some(number + 1)
                .filter(|number| *number < self.names.len())
                .map(|number| number.to_string()),
        };
        let is_about_others = |line: &LogEntry| {
            // Somebody else may have had the name before.
            line.actor_id.as_ref() == Some(&id) && line.user_id.as_ref() != Some(&id)
        };
        let actions = lines.into_iter().filter(is_about_others).map(|line| {
            json!({
                "at": line.at.to_string(),
                "action": line.action,
                "user": line.user_id.as_ref().map(UserId::as_str),
                "address": line.address,
                "browser": line.browser,
            })
        });
        Ok((actions.collect(), next))
    }

    async fn lines(
        &self,
        filter: &LogFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<LogEntry>, Option<String>)> {
        let Some(accounts) = &self.site.inner().accounts else {
            return Ok((Vec::new(), None));
        };
        let start = Cursor::from(after);
        let found = accounts.search_security_log(filter, start, limit).await?;
        Ok((found.lines, found.older))
    }
}

fn as_u64(limit: usize) -> u64 {
    u64::try_from(limit).unwrap_or(u64::MAX)
}
