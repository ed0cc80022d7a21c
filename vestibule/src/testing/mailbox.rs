//! The mail that an app would have sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Result;
use crate::mail::{Mail, Mailer};

/// Keeps mail in place of sending it. Clones share it.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::mail::{Mail, Mailer};
/// use vestibule::testing::Mailbox;
///
/// let mailbox = Mailbox::new();
/// let mailer = mailbox.clone();
/// mailer.send(Mail::new("alice@example.com", "Hello", "How are you?")).await.unwrap();
///
/// assert_eq!(mailbox.received(1).await[0].subject, "Hello");
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Mailbox(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    mails: Mutex<Vec<Mail>>,
    arrived: Notify,
}

/// How long a mail may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

impl Mailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// All mail so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().clone()
    }

    /// All mail, as soon as there are so many. Mail is sent beside the request that causes it.
    ///
    /// # Panics
    /// When they do not arrive.
    pub async fn received(&self, count: usize) -> Vec<Mail> {
        let arrive = async {
            loop {
                let arrived = self.0.arrived.notified();
                let mails = self.mails();
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
