//! Whether log-ins would succeed, asked of the stores at most once a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::monotonic;
use crate::database::{Database, Migrations};
use crate::error::{Error, Result};
use crate::session::SharedSessionStore;

/// What the stores answered last. A monitor, or somebody who poses as one, makes no more work than
/// one write a second.
pub(super) struct Readiness {
    stores: Stores,
    last: Mutex<Last>,
    /// Whether the log says that the site is ready.
    is_logged_ready: AtomicBool,
}

#[derive(Clone)]
struct Stores {
    database: Database,
    /// Whose record is written to.
    migrations: Migrations,
    /// Only set if they are elsewhere than in the database.
    sessions: Option<SharedSessionStore>,
}

#[derive(Default)]
struct Last {
    /// With the time when it came, in [`monotonic`] milliseconds.
    answer: Option<(Answer, u64)>,
    /// Goes on even if the client that asked hangs up, so the next one waits for it too.
    asking: Option<JoinHandle<Result<()>>>,
}

/// Without an error, which cannot be cloned: what went wrong.
type Answer = std::result::Result<(), String>;

/// How long an answer holds.
const ONE_SECOND_MILLIS: u64 = 1_000;

/// A store that takes longer is not ready. As long as the database's own patience.
const PATIENCE: Duration = Duration::from_secs(5);

impl Readiness {
    /// `migrations` have been run in `database`.
    pub(super) fn of(
        database: Database,
        migrations: Migrations,
        sessions: &SharedSessionStore,
    ) -> Self {
        let is_elsewhere = !sessions.is_in_database_of(database.feed());
        Self {
            stores: Stores {
                sessions: is_elsewhere.then(|| sessions.clone()),
                database,
                migrations,
            },
            last: Mutex::default(),
            is_logged_ready: AtomicBool::new(true),
        }
    }

    /// # Errors
    /// When a log-in could not be written.
    pub(super) async fn check(&self) -> Result<()> {
        let answer = self.answer().await;
        answer.map_err(|why| Error::store(format!("log-ins would fail: {why}")))
    }

    async fn answer(&self) -> Answer {
        // All who ask at the same time wait here for one answer.
        let mut last = self.last.lock().await;
        if let Some((answer, at)) = &last.answer
            && monotonic() < at + ONE_SECOND_MILLIS
        {
            return answer.clone();
        }
        let asking = match &mut last.asking {
            Some(asking) => asking,
            none => none.insert(tokio::spawn(self.stores.clone().ask())),
        };
        let answer = match asking.await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        last.asking = None;
        last.answer = Some((answer.clone(), monotonic()));
        self.log_change(&answer);
        answer
    }

    fn log_change(&self, answer: &Answer) {
        let was_ready = self.is_logged_ready.swap(answer.is_ok(), Ordering::Relaxed);
        match answer {
            Err(why) if was_ready => tracing::error!(%why, "not ready: log-ins would fail"),
            Ok(()) if !was_ready => tracing::info!("ready again"),
            _ => {}
        }
    }
}

impl Stores {
    async fn ask(self) -> Result<()> {
        let asked = timeout(PATIENCE, async {
            self.database.check_writes(self.migrations).await?;
            match &self.sessions {
                Some(sessions) => sessions.check_writes().await,
                None => Ok(()),
            }
        });
        asked.await.map_err(Error::store)?
    }
}
