//! Where the hashing happens: a few threads, and a queue that ends.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Runs hashing off the async threads: at most as many hashes at once as there are threads to
/// spare, and a bounded number waiting. Clones share both.
#[derive(Clone)]
pub(super) struct Workers {
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    #[cfg(test)]
    pub(super) runs: Arc<std::sync::atomic::AtomicUsize>,
}

/// How many may wait. At some 20 ms a hash the last of them waits a second or two.
const QUEUE: usize = 64;

impl Workers {
    /// One thread fewer than there are cores, at least one: the others keep serving.
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_threads(cores.saturating_sub(1).max(1), QUEUE)
    }

    fn with_threads(threads: usize, queue: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(threads + queue)),
            threads: Arc::new(Semaphore::new(threads)),
            #[cfg(test)]
            runs: Arc::default(),
        }
    }

    /// Runs `work`, or says that there is no place left.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::busy("too many log-ins at once; the hashing queue is full"))?;
        let thread = self
            .threads
            .clone()
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        #[cfg(test)]
        self.runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        tokio::task::spawn_blocking(move || {
            // Both go with the work: a visitor who goes away meanwhile frees no thread that is
            // still busy.
            let _held = (place, thread);
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Workers;

    #[tokio::test]
    async fn past_the_queue_the_answer_is_busy_and_later_there_is_place_again() {
        let workers = Workers::with_threads(1, 1);
        let places = workers.places.available_permits();
        let (release, wait) = mpsc::channel::<()>();
        let running = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(move || wait.recv().is_ok()).await }
        });
        while workers.threads.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(|| ()).await }
        });
        while workers.places.available_permits() > places - 2 {
            tokio::task::yield_now().await;
        }

        let refused = tokio::select! {
            biased;
            result = workers.run(|| ()) => result.unwrap_err(),
            () = tokio::task::yield_now() => panic!("it waits where there is no place"),
        };
        release.send(()).unwrap();

        assert!(refused.is_busy());
        assert!(running.await.unwrap().unwrap());
        waiting.await.unwrap().unwrap();
        workers.run(|| ()).await.unwrap();
    }
}
