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
