//! Clients that hang up while their request is being carried out.
//!
//! A server drops the future of a request whose client hangs up, wherever it waits. A log-in could
//! then begin a session without its event, and a new password could be set without its mail. So a
//! request that may change something runs in its own task, which continues without its client.

use std::future::{Future, pending};
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

tokio::task_local! {
    /// Whether the client of this task's request has hung up.
    static CLIENT: watch::Receiver<Option<OwnedSemaphorePermit>>;
}

/// The requests that go on without their client.
pub(crate) struct HangUps {
    places: Arc<Semaphore>,
    /// All requests that may go on without their client, also those that have it still.
    tasks: TaskTracker,
}

impl HangUps {
    /// The maximum number of requests that continue without their client. Beyond it, a request ends
    /// when its client hangs up, so that abandoned requests cannot fill the memory.
    const MOST: usize = 1_000;

    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(Self::MOST)),
            tasks: TaskTracker::new(),
        }
    }

    /// Carries out `request` to its end, even if the returned future is dropped.
    pub(crate) fn carry_out<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let (told, client) = watch::channel(None);
        let task = CLIENT.scope(client, request.in_current_span());
        let task = self.tasks.spawn(task);
        let waiting = Waiting {
            task: task.abort_handle(),
            hang_ups: self.places.clone(),
            told,
        };
        outcome(task, waiting)
    }

    /// Returns once no request is being carried out.
    pub(crate) async fn finished(&self) {
        // Further requests are accepted all the same.
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn outcome<T>(task: JoinHandle<T>, _waiting: Waiting) -> T {
    match task.await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => pending().await,
        },
    }
}

/// A client that waits for its response. Dropped when it hangs up, and when it has the response.
struct Waiting {
    task: AbortHandle,
    hang_ups: Arc<Semaphore>,
    told: watch::Sender<Option<OwnedSemaphorePermit>>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.task.is_finished() {
            return;
        }
        match self.hang_ups.clone().try_acquire_owned() {
            // The task holds the permit until its end.
            Ok(permit) => drop(self.told.send_replace(Some(permit))),
            Err(_) => self.task.abort(),
        }
    }
}

/// Returns once the client of this request has hung up, so that work that has not begun can be
/// skipped. Never returns outside [`HangUps::carry_out`].
pub(crate) async fn client_hung_up() {
    let Ok(mut client) = CLIENT.try_with(watch::Receiver::clone) else {
        return pending().await;
    };
    if client.wait_for(Option::is_some).await.is_err() {
        // The client has its response, or the task was aborted.
        pending().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::Notify;

    use super::HangUps;

    #[tokio::test]
    async fn a_request_goes_on_without_its_client_and_past_the_limit_it_ends() {
        let hang_ups = HangUps::new();
        let (go_on, went_on) = (Arc::new(Notify::new()), Arc::new(()));
        let request = || {
            let (go_on, went_on) = (go_on.clone(), went_on.clone());
            hang_ups.carry_out(async move {
                go_on.notified().await;
                drop(went_on);
            })
        };
        let requests: Vec<_> = (0..=HangUps::MOST).map(|_| request()).collect();
        tokio::task::yield_now().await;

        drop(requests);

        while Arc::strong_count(&went_on) > 1 + HangUps::MOST {
            tokio::task::yield_now().await;
        }
        go_on.notify_waiters();
        while Arc::strong_count(&went_on) > 1 {
            tokio::task::yield_now().await;
        }
        let next = request();
        go_on.notify_one();
        next.await;
    }

    #[tokio::test]
    async fn a_server_that_stops_can_wait_for_the_requests_without_a_client() {
        let hang_ups = HangUps::new();
        let go_on = Arc::new(Notify::new());
        let request = go_on.clone();
        let request = hang_ups.carry_out(async move { request.notified().await });
        tokio::task::yield_now().await;
        drop(request);

        assert_eq!(hang_ups.finished().now_or_never(), None, "it waits");

        go_on.notify_one();
        hang_ups.finished().await;
    }

    #[tokio::test]
    #[should_panic(expected = "a handler's")]
    async fn a_panic_is_that_of_the_request() {
        HangUps::new()
            .carry_out(async { panic!("a handler's") })
            .await
    }
}
