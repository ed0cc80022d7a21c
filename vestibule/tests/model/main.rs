//! Random sequences of all that can happen to a login, over three browsers and two processes
//! that share a store: at each request the rules of a small table decide what must be seen.
//! `factors` does the same for second factors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg_attr(
    not(all(feature = "sqlite", feature = "passkeys")),
    allow(
        dead_code,
        reason = "the rules of second factors need a database and passkeys"
    )
)]

#[cfg(all(feature = "sqlite", feature = "passkeys"))]
mod factors;
mod flawed_store;
mod rules;
mod world;

use flawed_store::Flaw;
use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest::{collection, prop_oneof};
use rules::Table;
use world::World;

const BROWSERS: usize = 3;
const PROCESSES: usize = 2;
const IDLE: i64 = 14 * DAY;
const ABSOLUTE: i64 = 30 * DAY;
const REMEMBERED: i64 = 30 * DAY;
const FRESH_FOR: i64 = 15 * 60;
const GRACE: i64 = 30;
const PENDING: i64 = 10 * 60;
const TOUCH_EVERY: i64 = 60;
/// How long a session lasts that a just-replaced token began.
const FROM_REPLACED: i64 = 10 * 60;
const DAY: i64 = 24 * 3_600;

/// The user agent of a browser. Two browsers have the same one.
fn user_agent(browser: usize) -> usize {
    browser / 2
}

/// What can happen. Numbers are browsers, then processes.
#[derive(Debug, Clone, Copy)]
enum Step {
    LogIn {
        browser: usize,
        process: usize,
        remember: bool,
        is_fresh: bool,
    },
    /// The password, of a log-in that needs a second factor.
    ShowPassword {
        browser: usize,
        process: usize,
        remember: bool,
    },
    /// The second factor, which is right.
    ShowCode(usize, usize),
    Visit(usize, usize),
    Confirm(usize, usize),
    LogOut(usize, usize),
    CloseBrowser(usize),
    /// One browser gets copies of another's cookies.
    Steal {
        from: usize,
        to: usize,
    },
    RevokeAll,
    ChangePassword,
    SetActive(bool),
    /// The clock goes on by seconds.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let browser = 0..BROWSERS;
    let at = (0..BROWSERS, 0..PROCESSES);
    prop_oneof![
        4 => (at.clone(), proptest::bool::ANY, proptest::bool::weighted(0.8)).prop_map(
            |((browser, process), remember, is_fresh)| Step::LogIn {
                browser, process, remember, is_fresh,
            },
        ),
        3 => (at.clone(), proptest::bool::ANY).prop_map(|((browser, process), remember)| {
            Step::ShowPassword { browser, process, remember }
        }),
        3 => at.clone().prop_map(|(browser, process)| Step::ShowCode(browser, process)),
        8 => at.clone().prop_map(|(browser, process)| Step::Visit(browser, process)),
        2 => at.clone().prop_map(|(browser, process)| Step::Confirm(browser, process)),
        1 => at.prop_map(|(browser, process)| Step::LogOut(browser, process)),
        4 => browser.clone().prop_map(Step::CloseBrowser),
        2 => (browser.clone(), browser).prop_map(|(from, to)| Step::Steal { from, to }),
        1 => proptest::strategy::Just(Step::RevokeAll),
        1 => proptest::strategy::Just(Step::ChangePassword),
        1 => proptest::bool::weighted(0.7).prop_map(Step::SetActive),
        4 => proptest::sample::select(vec![
            1, GRACE - 1, GRACE, PENDING - 1, PENDING, FRESH_FOR - 1, FRESH_FOR, DAY, IDLE - 1, IDLE, REMEMBERED,
        ]).prop_map(Step::Wait),
    ]
}

/// What a request shows: nobody, or the user, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nobody,
    User { is_fresh: bool, is_remembered: bool },
}

/// Takes all steps, and compares what each visit shows; at the end every browser visits once.
async fn run(steps: &[Step], flaw: Option<Flaw>) -> Result<(), TestCaseError> {
    let world = World::new(flaw);
    let mut table = Table::default();
    let last_looks = (0..BROWSERS).map(|browser| Step::Visit(browser, 0));
    for (i, step) in steps.iter().copied().chain(last_looks).enumerate() {
        if let Step::Visit(browser, process) = step {
            let seen = world.visit(browser, process).await;
            let expected = table.visit(browser);
            if seen != expected {
                let told = format!("step {i}, {step:?}: {seen:?}, and by the rules {expected:?}");
                return Err(TestCaseError::fail(told));
            }
            continue;
        }
        world.take(step).await;
        match step {
            Step::LogIn {
                browser,
                remember,
                is_fresh,
                ..
            } => table.log_in(browser, remember, is_fresh),
            Step::ShowPassword {
                browser, remember, ..
            } => table.show_password(browser, remember),
            Step::ShowCode(browser, _) => table.show_code(browser),
            Step::Visit(..) => {}
            Step::Confirm(browser, _) => table.confirm(browser),
            Step::LogOut(browser, _) => table.log_out(browser),
            Step::CloseBrowser(browser) => {
                table.browsers[browser].session = None;
                table.browsers[browser].pending = None;
            }
            Step::Steal { from, to } => table.browsers[to] = table.browsers[from],
            Step::RevokeAll => table.end_all(),
            Step::ChangePassword => {
                table.epoch += 1;
                table.end_all();
            }
            Step::SetActive(is_active) => table.is_inactive = !is_active,
            Step::Wait(seconds) => table.now += seconds,
        }
    }
    Ok(())
}

fn check(cases: u32, flaw: Option<Flaw>) -> Result<(), TestError<Vec<Step>>> {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    TestRunner::new_with_rng(config, random).run(&collection::vec(step(), 1..40), |steps| {
        runtime.block_on(run(&steps, flaw))
    })
}

#[test]
fn ten_thousand_histories_go_by_the_rules() {
    if let Err(error) = check(10_000, None) {
        panic!("{error}");
    }
}

#[test]
fn every_planted_flaw_is_found() {
    for flaw in [
        Flaw::RevokeSparesTheRemembered,
        Flaw::TokensAreUsedTwice,
        Flaw::RenewLeavesTheOldSession,
        Flaw::TheftEndsTheTokenAlone,
        Flaw::ReplacedIsNotEnded,
        Flaw::StaleIsForgotten,
        Flaw::PendingIsUsedTwice,
        Flaw::RevokeSparesThePending,
    ] {
        match check(10_000, Some(flaw)) {
            Err(TestError::Fail(_, steps)) => assert!(steps.len() < 12, "{flaw:?}: {steps:#?}"),
            other => panic!("{flaw:?} was not found: {other:?}"),
        }
    }
}
