//! The rules for all counters of the throttle.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::credentials::throttle::{
    Attempt, By, Counted, CounterKey, Counters, Limit, LimitRule, Rate, Settlement, Streak, Tally,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

const STREAK: Streak = Streak {
    free: 3,
    first: SECOND,
    longest: Duration::from_secs(4),
    closed_after: Some(7),
    forgotten_after: Some(HOUR),
};

const RATE: Rate = Rate {
    burst: 4,
    each: Duration::from_secs(10),
};

/// Checks that counters follow the rules of [`Counters`]. Run it on empty counters of your own,
/// because it clears and sweeps existing ones.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use vestibule::credentials::throttle::MemoryCounters;
/// use vestibule::testing::counters_conformance;
///
/// counters_conformance(MemoryCounters::new()).await;
/// # }
/// ```
///
/// # Panics
/// At the first rule that the counters break; the message names it.
pub async fn counters_conformance(counters: impl Counters) {
    let counters = Arc::new(counters);
    each_try_after_the_free_ones_waits_longer(&*counters).await;
    a_streak_closes_until_it_is_cleared(&*counters).await;
    a_streak_is_forgotten(&*counters).await;
    a_rate_lets_a_burst_pass_and_then_one_at_a_time(&*counters).await;
    a_try_counts_at_all_or_none(&*counters).await;
    a_right_try_is_taken_back(&*counters).await;
    a_known_browser_counts_alone(&*counters).await;
    a_known_browser_is_unknown_when_closed_replaced_or_over(&*counters).await;
    counters_are_listed_by_name(&*counters).await;
    the_sweep_takes_the_forgotten_only(&*counters).await;
    of_tries_at_once_no_more_pass_than_one_by_one(counters).await;
}

fn streak(name: &str) -> Limit {
    Limit {
        key: CounterKey::from_stored(name),
        rule: LimitRule::Streak(STREAK),
    }
}

fn rate(name: &str) -> Limit {
    Limit {
        key: CounterKey::from_stored(name),
        rule: LimitRule::Rate(RATE),
    }
}

async fn count(counters: &impl Counters, limits: &[Limit], now: Timestamp) -> Counted {
    let attempt = Attempt {
        known: &[],
        otherwise: limits,
    };
    counters.count(attempt, now).await.expect("an answer")
}

/// Counts a try that must pass. Returns the tallies.
async fn passed(counters: &impl Counters, limits: &[Limit], now: Timestamp) -> Vec<Tally> {
    match count(counters, limits, now).await {
        Counted::Passed(tallies, By::Otherwise) => tallies,
        other => panic!("a try at open counters passes: {other:?}"),
    }
}

/// When the counter that opens last does, if the try does not pass.
async fn opens(counters: &impl Counters, limits: &[Limit], now: Timestamp) -> Option<i64> {
    match count(counters, limits, now).await {
        Counted::Closed(counter) => {
            let is_one = |limit: &Limit| limit.key == counter.key;
            assert!(
                limits.iter().any(is_one),
                "the closed counter is one of the limits"
            );
            Some(counter.tally.open_at)
        }
        Counted::Passed(..) => None,
    }
}

fn at(time: Timestamp) -> Option<i64> {
    Some(time.as_millis())
}

async fn know(counters: &impl Counters, key: &CounterKey, until: Timestamp) {
    let settlement = Settlement {
        known: vec![(key.clone(), until)],
        ..Settlement::default()
    };
    let known = counters.settle(&settlement, NOW).await;
    known.expect("a known browser");
}

async fn each_try_after_the_free_ones_waits_longer(counters: &impl Counters) {
    let limits = [streak("account/wait")];
    let mut now = NOW;
    for tries in 1..3 {
        let tallies = passed(counters, &limits, now).await;
        assert_eq!(tallies[0].tries, tries, "each try is counted");
        assert!(tallies[0].is_open(now), "free tries do not wait");
    }
    for wait in [SECOND, 2 * SECOND, 4 * SECOND, 4 * SECOND] {
        passed(counters, &limits, now).await;
        let open_at = now + wait;
        let early = open_at - Duration::from_millis(1);
        let again = opens(counters, &limits, early).await;
        assert_eq!(again, at(open_at), "each wait is twice as long");
        let again = opens(counters, &limits, early).await;
        assert_eq!(again, at(open_at), "a rejected try is not counted");
        now = open_at;
    }
}

async fn a_streak_closes_until_it_is_cleared(counters: &impl Counters) {
    let limits = [streak("account/closed")];
    let mut now = NOW;
    for _ in 0..7 {
        passed(counters, &limits, now).await;
        now = now + 4 * SECOND;
    }
    let closed = Some(Tally::CLOSED);
    let again = opens(counters, &limits, now + HOUR - 8 * SECOND).await;
    assert_eq!(again, closed, "after the last try no other passes");
    let cleared = counters.clear(&[limits[0].key.clone()]).await;
    assert_eq!(cleared.expect("an answer"), 1, "there was one counter");
    let cleared = counters.clear(&[limits[0].key.clone()]).await;
    assert_eq!(cleared.expect("an answer"), 0, "a cleared counter is gone");
    let tallies = passed(counters, &limits, now).await;
    assert_eq!(
        tallies[0].tries, 1,
        "a cleared counter starts again at zero"
    );
}

async fn a_streak_is_forgotten(counters: &impl Counters) {
    let limits = [streak("account/forgotten")];
    for _ in 0..3 {
        passed(counters, &limits, NOW).await;
    }
    let tallies = passed(counters, &limits, NOW + HOUR).await;
    assert_eq!(
        tallies[0].tries, 1,
        "a forgotten counter starts again at zero"
    );
}

async fn a_rate_lets_a_burst_pass_and_then_one_at_a_time(counters: &impl Counters) {
    let limits = [rate("network/rate")];
    for _ in 0..4 {
        passed(counters, &limits, NOW).await;
    }
    let next = NOW + 10 * SECOND;
    assert_eq!(
        opens(counters, &limits, NOW).await,
        at(next),
        "the burst is used up"
    );
    passed(counters, &limits, next).await;
    assert_eq!(
        opens(counters, &limits, next).await,
        at(next + 10 * SECOND),
        "then one passes at a time"
    );
    let later = next + HOUR;
    for _ in 0..4 {
        passed(counters, &limits, later).await;
    }
    let again = opens(counters, &limits, later).await;
    assert_eq!(
        again,
        at(later + 10 * SECOND),
        "a rate saves up one burst at most"
    );
}

async fn a_try_counts_at_all_or_none(counters: &impl Counters) {
    let (both, one) = (
        [rate("all/open"), streak("all/waits")],
        [streak("all/waits")],
    );
    for _ in 0..3 {
        passed(counters, &one, NOW).await;
    }
    let waits = at(NOW + SECOND);
    assert_eq!(opens(counters, &both, NOW).await, waits, "one waits");
    let tallies = passed(counters, &both, NOW + SECOND).await;
    let tries: Vec<_> = tallies.iter().map(|tally| tally.tries).collect();
    assert_eq!(tries, [1, 4], "a try that one limit rejects counts at none");
}

async fn a_right_try_is_taken_back(counters: &impl Counters) {
    let limits = [streak("back/streak"), rate("back/rate")];
    for _ in 0..3 {
        passed(counters, &limits, NOW).await;
    }
    let waits = at(NOW + SECOND);
    assert_eq!(opens(counters, &limits, NOW).await, waits);
    let back = |limits: &[Limit]| Settlement {
        taken_back: limits.to_vec(),
        ..Settlement::default()
    };
    let settled = counters.settle(&back(&limits), NOW).await;
    settled.expect("an answer");
    let tallies = passed(counters, &limits, NOW).await;
    let tries: Vec<_> = tallies.iter().map(|tally| tally.tries).collect();
    assert_eq!(tries, [3, 3], "what was taken back does not count");
    let of_rate = &limits[1..];
    passed(counters, of_rate, NOW).await;
    let next = at(NOW + 10 * SECOND);
    let again = opens(counters, of_rate, NOW).await;
    assert_eq!(again, next, "a rate gets back each try that is taken back");
    let unknown = counters.settle(&back(&[streak("back/none")]), NOW).await;
    unknown.expect("nothing to take back is no error");
}

async fn a_known_browser_counts_alone(counters: &impl Counters) {
    let (known, stranger) = (streak("device/known"), [streak("account/known")]);
    let until = NOW + HOUR;
    know(counters, &known.key, until).await;
    for _ in 0..3 {
        passed(counters, &stranger, NOW).await;
    }
    let unknown = streak("device/unknown");
    let devices = [unknown, known];
    let attempt = Attempt {
        known: &devices,
        otherwise: &stranger,
    };
    for _ in 0..3 {
        let counted = counters.count(attempt, NOW).await.expect("an answer");
        let Counted::Passed(tallies, By::Known(1)) = counted else {
            panic!("unknown browsers do not block a known one: {counted:?}");
        };
        assert_eq!(
            tallies.len(),
            1,
            "only the known browser's counter counts the try"
        );
    }
    let counted = counters.count(attempt, NOW).await.expect("an answer");
    let Counted::Closed(closed) = counted else {
        panic!("a known browser has its own counter: {counted:?}");
    };
    assert_eq!(at(NOW + SECOND), Some(closed.tally.open_at));
}

async fn a_known_browser_is_unknown_when_closed_replaced_or_over(counters: &impl Counters) {
    let stranger = [streak("account/unknown")];
    let known = [streak("device/replaced")];
    let attempt = Attempt {
        known: &known,
        otherwise: &stranger,
    };
    let until = NOW + HOUR;
    let by = async |now: Timestamp| match counters.count(attempt, now).await {
        Ok(Counted::Passed(_, by)) => by,
        other => panic!("a try at open counters passes: {other:?}"),
    };
    let key = &known[0].key;
    know(counters, key, until).await;
    assert_eq!(by(NOW).await, By::Known(0));
    let replaced = Settlement {
        cleared: vec![key.clone()],
        known: vec![(CounterKey::from_stored("device/new"), until)],
        ..Settlement::default()
    };
    let settled = counters.settle(&replaced, NOW).await;
    settled.expect("another token");
    assert_eq!(by(NOW).await, By::Otherwise, "a replaced token is unknown");
    know(counters, key, until).await;
    assert_eq!(by(until).await, By::Otherwise, "the time is over");
    let until = NOW + 10 * HOUR;
    know(counters, key, until).await;
    let mut now = NOW + HOUR;
    for _ in 0..7 {
        assert_eq!(by(now).await, By::Known(0));
        now = now + 4 * SECOND;
    }
    assert_eq!(by(now).await, By::Otherwise, "a closed one is unknown");
}

async fn counters_are_listed_by_name(counters: &impl Counters) {
    let names = ["list/a", "list/b%_\\c", "list/c", "list/d", "lisu/a"];
    for name in names {
        passed(counters, &[streak(name)], NOW).await;
    }
    let listed = async |prefix: &str, after: Option<&str>, limit| {
        let after = after.map(CounterKey::from_stored);
        let found = counters.list(prefix, after.as_ref(), limit).await;
        let found = found.expect("an answer").into_iter();
        found
            .map(|counter| (counter.key.to_string(), counter.tally.tries))
            .collect::<Vec<_>>()
    };
    let expected = |names: &[&str]| {
        let names = names.iter().map(|name| ((*name).to_owned(), 1));
        names.collect::<Vec<_>>()
    };
    assert_eq!(listed("list/", None, 3).await, expected(&names[..3]));
    let rest = listed("list/", Some("list/c"), 3).await;
    assert_eq!(rest, expected(&names[3..4]), "the next page");
    let special = listed("list/b%_\\", None, 3).await;
    assert_eq!(special, expected(&names[1..2]), "no letter is a wildcard");
}

async fn the_sweep_takes_the_forgotten_only(counters: &impl Counters) {
    let (old, young) = ([streak("sweep/old")], [streak("sweep/young")]);
    passed(counters, &old, NOW).await;
    passed(counters, &young, NOW + HOUR).await;
    let swept = counters.sweep(NOW + HOUR).await.expect("an answer");
    assert!(swept >= 1, "the old one is swept");
    let left = counters.list("sweep/", None, 10).await.expect("an answer");
    let left: Vec<_> = left.iter().map(|counter| counter.key.as_str()).collect();
    assert_eq!(left, ["sweep/young"], "and no other");
}

async fn of_tries_at_once_no_more_pass_than_one_by_one(counters: Arc<impl Counters>) {
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..50 {
        let counters = counters.clone();
        tasks.spawn(async move {
            // In an order that a store could deadlock in, if it did not sort them.
            let mut limits = vec![streak("race/account"), rate("race/all")];
            limits.push(rate(&format!("race/network-{}", index % 20)));
            limits.sort_by(|a, b| a.key.cmp(&b.key));
            count(&*counters, &limits, NOW).await
        });
    }
    let counted = tasks.join_all().await;
    let passed = counted
        .iter()
        .filter(|counted| matches!(counted, Counted::Passed(..)));
    assert_eq!(
        passed.count(),
        3,
        "tries at once pass as often as one by one"
    );
    let known = streak("race/device");
    let until = NOW + HOUR;
    know(&*counters, &known.key, until).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (counters, known) = (counters.clone(), [known.clone()]);
        tasks.spawn(async move {
            let attempt = Attempt {
                known: &known,
                otherwise: &[streak("race/account")],
            };
            counters.count(attempt, NOW).await.expect("an answer")
        });
    }
    let counted = tasks.join_all().await;
    let passed = counted
        .iter()
        .filter(|counted| matches!(counted, Counted::Passed(..)));
    assert_eq!(
        passed.count(),
        3,
        "tries of a known browser pass as often at once"
    );
}
