use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Waker};
use std::time::Duration;

use super::HashingService;
use crate::error::Result;
use crate::hang_up::HangUps;
use crate::password::hash::Function;
use crate::password::pool::claimant::Claimant;
use crate::password::pool::limits::HashingLimits;
use crate::testing::log::Log;

fn service(queue: usize, patience: Duration) -> HashingService {
    let limits = HashingLimits {
        threads: 1,
        queue,
        patience,
    };
    HashingService::new(limits, Function::Bcrypt { cost: 4 })
}

const LONG: Duration = Duration::from_secs(3_600);

/// Occupies the only thread until the sender is used.
async fn occupied(
    service: &HashingService,
) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (release, wait) = mpsc::channel::<()>();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let service = service.clone();
    let running = tokio::spawn(async move {
        let work = move |_: &mut _| {
            began.send(()).unwrap();
            wait.recv().unwrap();
        };
        service.run(&Claimant::default(), work).await
    });
    has_begun.await.unwrap();
    (release, running)
}

#[tokio::test]
async fn past_the_queue_the_answer_is_busy_and_later_there_is_place_again() {
    let service = service(1, LONG);
    let (release, running) = occupied(&service).await;
    let nobody = Claimant::default();
    let mut waiting = pin!(service.run(&nobody, |_| ()));
    let _ = waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));

    let refused = service.run(&nobody, |_| ()).await.unwrap_err();
    release.send(()).unwrap();

    assert!(refused.is_busy());
    running.await.unwrap().unwrap();
    waiting.await.unwrap();
    service.run(&nobody, |_| ()).await.unwrap();
}

#[test]
fn all_cores_but_one_hash_and_one_at_least() {
    let cores = std::thread::available_parallelism().unwrap().get();

    assert_eq!(HashingLimits::default().threads, (cores - 1).max(1));
    let none = HashingLimits {
        threads: 0,
        ..HashingLimits::default()
    };
    assert_eq!(none.effective_threads(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashing_has_the_lowest_priority() {
    let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid()));
    let here = niceness().unwrap();

    let there = service(1, LONG)
        .run(&Claimant::default(), move |_| niceness())
        .await;

    assert_eq!(there.unwrap().unwrap(), 19);
    assert_eq!(niceness().unwrap(), here, "those who serve keep theirs");
}

#[tokio::test]
async fn whoever_goes_away_gives_the_place_back_and_costs_nothing() {
    let service = service(1, LONG);
    let (release, running) = occupied(&service).await;
    let nobody = Claimant::default();
    {
        let mut gone = pin!(service.run(&nobody, |_| panic!("nobody waits for this")));
        let _ = gone.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(service.waiting(), 1);
    }

    assert_eq!(service.waiting(), 0);
    let mut waiting = pin!(service.run(&nobody, |_| ()));
    let _ = waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    release.send(()).unwrap();
    waiting.await.unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(service.runs(), 2);
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_so_though_the_thread_is_busy_and_keeps_no_place() {
    let service = service(1, Duration::from_secs(5));
    let (release, running) = occupied(&service).await;
    // From here on the clock advances whenever all tasks are idle.
    tokio::time::pause();

    let came_at = tokio::time::Instant::now();

    let late = service.run(&Claimant::default(), |_| ()).await;

    assert!(late.unwrap_err().is_busy());
    assert!((5..10).contains(&came_at.elapsed().as_secs()));
    assert_eq!(service.waiting(), 0);
    release.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(service.runs(), 1);
}

#[tokio::test]
async fn what_has_begun_is_finished_also_past_the_patience() {
    let service = service(1, LONG);

    let (release, running) = occupied(&service).await;
    tokio::time::pause();
    tokio::time::advance(LONG * 2).await;
    release.send(()).unwrap();

    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn without_a_queue_a_free_thread_is_used_and_the_next_one_refused() {
    let service = service(0, LONG);

    let (release, running) = occupied(&service).await;
    let refused = service.run(&Claimant::default(), |_| ()).await;
    release.send(()).unwrap();

    assert!(refused.unwrap_err().is_busy());
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_next_one_is_served() {
    let service = service(9, LONG);
    let nobody = Claimant::default();

    let panicked = service.run(&nobody, |_| panic!("on purpose")).await;

    assert!(!panicked.unwrap_err().is_busy());
    service.run(&nobody, |_| ()).await.unwrap();
}

#[tokio::test]
async fn the_threads_end_with_the_service() {
    let service = service(9, LONG);
    service.run(&Claimant::default(), |_| ()).await.unwrap();
    let pool = Arc::downgrade(&service.0.pool);

    drop(service);

    while pool.upgrade().is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_whose_client_hangs_up_leaves_the_queue_and_its_password_is_not_hashed() {
    let service = service(1, LONG);
    let (release, running) = occupied(&service).await;
    let (hang_ups, for_request) = (HangUps::new(), service.clone());
    let request = hang_ups.carry_out(async move {
        let hashed = for_request.run(&Claimant::default(), |_| ()).await;
        assert!(hashed.unwrap_err().is_busy());
    });
    while service.waiting() == 0 {
        tokio::task::yield_now().await;
    }

    drop(request);

    while service.waiting() > 0 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(service.runs(), 1);
}

/// A flood must not fill the log.
#[tokio::test]
async fn however_many_are_rejected_one_line_a_minute_says_so() {
    let service = service(0, LONG);
    let (release, running) = occupied(&service).await;
    let log = Log::default();
    let logging = log.begin();

    for _ in 0..50 {
        let rejected = service.run(&Claimant::default(), |_| ()).await;
        assert!(rejected.unwrap_err().is_busy());
    }

    drop(logging);
    release.send(()).unwrap();
    running.await.unwrap().unwrap();
    let log = log.text();
    assert_eq!(log.matches("the hashing queue is full").count(), 1, "{log}");
}
