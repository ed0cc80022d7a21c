//! The mails that an app would have sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Result;
use crate::mail::{Mail, Mailer};

/// Stores mails instead of sending them. Clones share them.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::mail::{Mail, Mailer};
/// use vestibule::testing::Mailbox;
///
/// let mailbox = Mailbox::new();
/// let mailer = mailbox.clone();
/// let alice = "alice@example.com".parse().unwrap();
/// mailer.send(Mail::new(alice, "Hello", "How are you?")).await.unwrap();
///
/// assert_eq!(mailbox.received(1).await[0].subject(), "Hello");
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Mailbox(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    mails: Mutex<Vec<Mail>>,
    arrived: Notify,
}

/// The queries of links.
const TOKENS: [&str; 2] = ["?token=", "?invitation="];

/// The maximum wait for a mail, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

impl Mailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// All mails so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().clone()
    }

    /// Waits for this many mails and returns them. Mails are sent in the background of a request.
    ///
    /// # Panics
    /// When they do not arrive in time.
    pub async fn received(&self, count: usize) -> Vec<Mail> {
        self.wait_for(count, |_| true).await
    }

    /// As [`received`](Self::received), of the mails of this [kind](Mail::kind).
    ///
    /// # Panics
    /// When they do not arrive in time.
    pub async fn of_kind(&self, kind: &str, count: usize) -> Vec<Mail> {
        self.wait_for(count, |mail| mail.kind() == kind).await
    }

    async fn wait_for(&self, count: usize, is_wanted: impl Fn(&Mail) -> bool) -> Vec<Mail> {
        let arrive = async {
            loop {
                let arrived = self.0.arrived.notified();
                let mut mails = self.mails();
                mails.retain(&is_wanted);
                if mails.len() >= count {
                    return mails;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(PATIENCE, arrive)
            .await
            .unwrap_or_else(|_| panic!("of {count} mails there are {:?}", self.mails()))
    }

    /// The link of a mail, without the origin, for [`TestClient`](crate::testing::TestClient).
    ///
    /// # Panics
    /// When the mail has no line that is a link.
    pub fn link(mail: &Mail) -> String {
        let lines = mail.text().lines().map(str::trim);
        let links = lines.filter_map(|line| line.strip_prefix("https://"));
        let mut with_token = links.filter(|link| TOKENS.iter().any(|token| link.contains(token)));
        let link = with_token.next();
        let link = link.unwrap_or_else(|| panic!("no link in {}", mail.text()));
        link.split_once('/')
            .map(|(_, path)| format!("/{path}"))
            .unwrap_or_default()
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.0.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for Mailbox {
    async fn send(&self, mail: Mail) -> Result<()> {
        self.kept().push(mail);
        self.0.arrived.notify_waiters();
        Ok(())
    }
}
