//! Lines that strangers and users can write to the security log, and finding and removing lines.

use std::time::Duration;

use super::{QUICK, accounts};
use crate::accounts::{
    Account, Accounts, Action, Actor, ChangeOutcome, Cursor, LogEntry, LogFilter,
};
use crate::clock::{Clock, Timestamp};
use crate::credentials::{Activity, ActivityLog};
use crate::crypto::secret::Secret;
use crate::login::Sender;
use crate::password::Passwords;

const HOUR: Duration = Duration::from_hours(1);

async fn accounts_with_alice() -> (Accounts, Account, Clock) {
    let clock = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
    let accounts = accounts(&Passwords::new(QUICK).unwrap()).await;
    let accounts = accounts.clock(clock.clone());
    let name = "alice".parse().unwrap();
    let _ = accounts.register(&name, &Secret::from("a")).await.unwrap();
    let alice = accounts.find("alice").await.unwrap().unwrap();
    (accounts, alice, clock)
}

async fn lines(accounts: &Accounts, action: Action) -> Vec<LogEntry> {
    let filter = LogFilter {
        action: Some(action),
        ..LogFilter::default()
    };
    let page = accounts.search_security_log(&filter, Cursor::Start, 1_000);
    page.await.unwrap().lines
}

fn times(lines: &[LogEntry]) -> Vec<u64> {
    lines.iter().map(|line| line.times).collect()
}

fn address(text: &str) -> Sender {
    Sender::at(Some(text.parse().unwrap()))
}

/// Notes from `count` tasks in parallel.
async fn note_at_once(
    accounts: &Accounts,
    alice: &Account,
    (activity, count): (Activity<'static>, u8),
    from: impl Fn(u8) -> Sender,
) {
    let tasks = (0..count).map(|i| {
        let (accounts, alice, from) = (accounts.clone(), alice.clone(), from(i));
        tokio::spawn(async move { accounts.note(&alice, activity, &from).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_has_ten_lines_an_hour_for_an_action_and_one_that_counts_the_rest() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    let from = |i| address(&format!("192.0.2.{i}"));

    note_at_once(&accounts, &alice, (Activity::OtherSessionsEnded, 30), from).await;
    note_at_once(&accounts, &alice, (Activity::SessionEnded("one"), 1), from).await;

    let ended = lines(&accounts, Action::SessionsEnded).await;
    let mut counts = times(&ended);
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 20]);
    let rest = ended.iter().find(|line| line.times == 20).unwrap();
    assert_eq!(rest.detail.as_deref(), Some("the rest of this hour"));
    assert_eq!((rest.address.as_deref(), &*rest.actor), (None, "alice"));
    assert_eq!(
        lines(&accounts, Action::SessionEnded).await.len(),
        1,
        "another action has its own"
    );
    clock.advance(HOUR);
    note_at_once(&accounts, &alice, (Activity::OtherSessionsEnded, 1), from).await;
    let ended = lines(&accounts, Action::SessionsEnded).await;
    assert_eq!(
        (ended.len(), ended[0].times),
        (12, 1),
        "the next hour has its own"
    );
}

#[tokio::test]
async fn after_ten_lines_what_comes_from_one_place_is_counted_in_its_newest_line() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    for i in 0..30 {
        clock.advance(Duration::from_secs(1));
        let place = if i < 9 { "192.0.2.7" } else { "198.51.100.9" };
        let ended = Activity::OtherSessionsEnded;
        accounts.note(&alice, ended, &address(place)).await.unwrap();
    }

    let ended = lines(&accounts, Action::SessionsEnded).await;

    assert_eq!(times(&ended), [21, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(ended[0].address.as_deref(), Some("198.51.100.9"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failed_log_ins_are_one_line_for_each_account_network_and_hour() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    let failed = Activity::LoginFailed;

    note_at_once(&accounts, &alice, (failed, 20), |i| {
        address(&format!("192.0.2.{i}"))
    })
    .await;
    note_at_once(&accounts, &alice, (failed, 3), |i| {
        address(&format!("2001:db8::{i}"))
    })
    .await;
    note_at_once(&accounts, &alice, (failed, 2), |_| Sender::at(None)).await;

    let mut found: Vec<_> = lines(&accounts, Action::LoginFailed)
        .await
        .into_iter()
        .map(|line| (line.address, line.times, line.actor, line.username))
        .collect();
    found.sort();
    let line = |network: Option<&str>, times| {
        let network = network.map(str::to_owned);
        (
            network,
            times,
            "not logged in".to_owned(),
            Some("alice".to_owned()),
        )
    };
    assert_eq!(
        found,
        [
            line(None, 2),
            line(Some("192.0.2.0/24"), 20),
            line(Some("2001:db8::/64"), 3)
        ]
    );
    clock.advance(HOUR);
    note_at_once(&accounts, &alice, (failed, 40), |i| {
        address(&format!("198.51.{i}.1"))
    })
    .await;
    let found = lines(&accounts, Action::LoginFailed).await;
    let mut counts = times(&found[..11]);
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30]);
    assert_eq!(found.len(), 3 + 11);
}

#[tokio::test]
async fn the_lines_of_admins_have_no_limit_and_are_not_used_up_by_others() {
    let (accounts, alice, _) = accounts_with_alice().await;
    let operator = accounts.by(Actor::operator());
    for _ in 0..30 {
        let _ = operator.end_sessions(&alice.id).await.unwrap();
    }

    for i in 0..12 {
        let (ended, from) = (
            Activity::OtherSessionsEnded,
            address(&format!("192.0.2.{i}")),
        );
        accounts.note(&alice, ended, &from).await.unwrap();
    }

    let ended = lines(&accounts, Action::SessionsEnded).await;
    let by = |actor: &str| ended.iter().filter(|line| line.actor == actor).count();
    assert_eq!((by("command line"), by("alice")), (30, 11));
}

#[tokio::test]
async fn lines_are_found_by_user_by_actor_and_by_action_also_of_deleted_users() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    let operator = accounts.by(Actor::operator());
    let role = "editor".parse().unwrap();
    for change in 0..3 {
        // Lines of the same millisecond have no order.
        clock.advance(Duration::from_millis(1));
        let change = match change {
            0 => operator.disable(&alice.id).await,
            1 => operator.add_role(&role).await,
            _ => operator.delete(&alice.id).await,
        };
        assert_eq!(change.unwrap(), ChangeOutcome::Done);
    }
    let found = async |change: fn(&mut LogFilter)| {
        let mut filter = LogFilter::default();
        change(&mut filter);
        let page = accounts.search_security_log(&filter, Cursor::Start, 10);
        let lines = page.await.unwrap().lines.into_iter();
        let lines = lines.map(|line| line.action);
        lines.collect::<Vec<_>>()
    };

    let whose = found(|filter| filter.username = Some("alice".to_owned())).await;
    let by = found(|filter| filter.actor = Some("command line".to_owned())).await;
    let both = found(|filter| {
        filter.actor = Some("command line".to_owned());
        filter.action = Some(Action::AccountDisabled);
    });

    assert_eq!(
        whose,
        ["account deleted", "account disabled", "account added"]
    );
    assert_eq!(by, ["account deleted", "role added", "account disabled"]);
    assert_eq!(both.await, ["account disabled"]);
}

#[tokio::test]
async fn lines_that_are_older_than_the_retention_are_removed_in_batches() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    let accounts = accounts.security_log_retention(24 * HOUR);
    let operator = accounts.by(Actor::operator());
    let swept = async || accounts.sweep_security_log().await.unwrap();
    clock.advance(23 * HOUR);
    for i in 0..600 {
        let role = format!("role-{i}").parse().unwrap();
        let _ = operator.add_role(&role).await.unwrap();
    }

    assert_eq!(swept().await, 0);
    clock.advance(2 * HOUR);
    assert_eq!(swept().await, 1, "the registration");
    clock.advance(24 * HOUR);
    let _ = operator.disable(&alice.id).await.unwrap();
    // Writing the line may have started their removal.
    swept().await;
    let left = accounts.security_log(None, None, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].action, "account disabled");
}

#[tokio::test]
async fn writing_a_line_removes_old_ones_every_ten_minutes() {
    let (accounts, alice, clock) = accounts_with_alice().await;
    let accounts = accounts.security_log_retention(24 * HOUR);
    clock.advance(25 * HOUR);

    let _ = accounts
        .by(Actor::operator())
        .disable(&alice.id)
        .await
        .unwrap();

    let mut left = usize::MAX;
    for _ in 0..100_000 {
        left = accounts.security_log(None, None, 10).await.unwrap().len();
        if left == 1 {
            break;
        }
    }
    assert_eq!(left, 1, "the registration is removed");
}
