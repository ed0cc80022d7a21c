//! The same for second factors, in a whole site: random histories in which a user adds, loses and
//! removes authenticator apps and passkeys, prints recovery codes, trusts browsers, changes and resets the password.
//! After each step the rules say who is let in, who must show a second factor, and who is rejected.
//!
//! A history takes about 60 ms in a debug build, so a test run takes few of them. `PROPTEST_CASES`
//! says how many.

mod flaws;
mod rules;
mod world;

use std::collections::BTreeSet;

use flaws::{FactorFlaw, PlantedFlaw};
use proptest::prelude::Strategy;
use proptest::sample::select;
use proptest::strategy::Just;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest::{bool, collection, prop_oneof};
use rules::FactorTable;
use world::World;

use crate::flawed_store::Flaw;
use crate::{BROWSERS, DAY, FRESH_FOR, IDLE, PENDING};

/// The maximum number of histories until a planted flaw is found.
const UNTIL_FOUND: u32 = 1_000;

/// The number of histories without one, unless `PROPTEST_CASES` says another one.
const HISTORIES: u32 = 100;

/// One of the seeds by which few histories lead to all that the tests want to see.
const SEED: u8 = 1;

/// The time of a code, in seconds.
const CODE_STEP: i64 = 30;

/// How long a browser is trusted.
const TRUSTED: i64 = 30 * DAY;

/// How long the user waits for the mail with the link for a new password. A user gets at most five
/// in an hour.
const MAIL_TAKES: i64 = 13 * 60;

/// The browser of a thief. A finder of a lost factor uses it too.
const THIEF: usize = BROWSERS - 1;

/// What can happen. The first number is a browser.
#[derive(Debug, Clone, Copy)]
enum FactorStep {
    /// With the right password.
    LogIn {
        browser: usize,
        remember: bool,
    },
    /// A code, on the page that asks for a second factor.
    ShowCode {
        browser: usize,
        code: Code,
        trust: bool,
    },
    /// A passkey, on the login page or the page that asks for a second factor.
    ShowPasskey {
        browser: usize,
        factor: usize,
        trust: bool,
    },
    ConfirmByPassword(usize),
    AddApp(usize),
    AddPasskey(usize),
    /// The second number is a factor, in the order in which they were added.
    RemoveFactor(usize, usize),
    /// Makes a set of recovery codes, which ends the set before.
    PrintRecoveryCodes(usize),
    ChangePassword(usize),
    /// Asks for a link by mail, and chooses a new password.
    ResetPassword,
    /// The operator sets a new password.
    SetPassword,
    /// The operator removes all factors of the user.
    ResetFactors,
    /// The user no longer has this app or passkey.
    LoseFactor(usize),
    Visit(usize),
    LogOut(usize),
    CloseBrowser(usize),
    /// One browser gets copies of another's cookies.
    Steal {
        from: usize,
        to: usize,
    },
    /// The clock goes on by seconds.
    Wait(i64),
}

/// A code that somebody types. A history in which there is none skips the step.
#[derive(Debug, Clone, Copy)]
enum Code {
    /// The present code of an app. It may be removed; a lost one shows it to the thief alone.
    OfApp(usize),
    /// The last code of an app that was shown, once more.
    LastAgain,
    /// One of the present set of recovery codes, used or not.
    Recovery(usize),
    /// One of a set that is no longer the present one.
    OldRecovery(usize),
    /// A made-up code.
    Wrong,
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        6 => (0..2_usize).prop_map(Code::OfApp),
        2 => Just(Code::LastAgain),
        // Few of the ten, so that one is shown again.
        4 => (0..2_usize).prop_map(Code::Recovery),
        2 => (0..2_usize).prop_map(Code::OldRecovery),
        1 => Just(Code::Wrong),
    ]
}

/// Showing a code, after the wait for a new one.
fn show_code(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    let wait = FactorStep::Wait(CODE_STEP);
    (bool::weighted(0.7), code(), bool::weighted(0.7)).prop_map(move |(waits, code, trust)| {
        let shown = FactorStep::ShowCode {
            browser,
            code,
            trust,
        };
        if waits {
            vec![wait, shown]
        } else {
            vec![shown]
        }
    })
}

/// Showing a passkey: alone, to complete a log-in, or to confirm one.
fn show_passkey(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    (0..3_usize, bool::ANY).prop_map(move |(factor, trust)| {
        vec![FactorStep::ShowPasskey {
            browser,
            factor,
            trust,
        }]
    })
}

/// A log-in, most with a code: without one, a browser is trusted or nobody gets in.
fn log_in(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    let code = prop_oneof![
        2 => Just(Vec::new()),
        3 => show_code(browser),
        1 => show_passkey(browser),
    ];
    (bool::ANY, code).prop_map(move |(remember, code)| {
        let log_in = FactorStep::LogIn { browser, remember };
        [vec![log_in], code].concat()
    })
}

/// A change of factors or of the password, most after a code, because factors need that. Then a
/// log-in, in a browser that may have been trusted until now.
fn change(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    let new_code = (0..2_usize).prop_map(move |app| {
        let shown = FactorStep::ShowCode {
            browser,
            code: Code::OfApp(app),
            trust: false,
        };
        vec![FactorStep::Wait(CODE_STEP), shown]
    });
    let code = prop_oneof![
        2 => Just(Vec::new()),
        2 => show_code(browser),
        4 => new_code,
        1 => show_passkey(browser),
    ];
    let change = prop_oneof![
        2 => Just(FactorStep::AddApp(browser)),
        1 => Just(FactorStep::AddPasskey(browser)),
        3 => (0..3_usize).prop_map(move |factor| FactorStep::RemoveFactor(browser, factor)),
        2 => Just(FactorStep::PrintRecoveryCodes(browser)),
        1 => Just(FactorStep::ConfirmByPassword(browser)),
        3 => Just(FactorStep::ChangePassword(browser)),
    ];
    let remember = false;
    let log_in = (0..BROWSERS).prop_map(move |browser| FactorStep::LogIn { browser, remember });
    let after = collection::vec(log_in, 0..2);
    (code, change, after).prop_map(|(code, change, after)| [code, vec![change], after].concat())
}

/// The pending log-in of a browser is copied, and completed in both.
fn copied_while_pending(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    let codes = (code(), code(), 0..BROWSERS);
    codes.prop_map(move |(code, other_code, other)| {
        let show = |browser, code| FactorStep::ShowCode {
            browser,
            code,
            trust: false,
        };
        vec![
            FactorStep::LogIn {
                browser,
                remember: false,
            },
            FactorStep::Steal {
                from: browser,
                to: other,
            },
            FactorStep::Wait(CODE_STEP),
            show(browser, code),
            FactorStep::Wait(CODE_STEP),
            show(other, other_code),
        ]
    })
}

/// What happens in one browser, one after the other.
fn in_browser(browser: usize) -> impl Strategy<Value = Vec<FactorStep>> {
    let steps = prop_oneof![
        5 => log_in(browser),
        1 => show_code(browser),
        1 => show_passkey(browser),
        5 => change(browser),
        1 => copied_while_pending(browser),
        1 => Just(vec![FactorStep::Visit(browser)]),
        1 => Just(vec![FactorStep::LogOut(browser)]),
        1 => Just(vec![FactorStep::CloseBrowser(browser)]),
        1 => (0..BROWSERS).prop_map(move |to| vec![FactorStep::Steal { from: browser, to }]),
    ];
    collection::vec(steps, 1..5).prop_map(|steps| steps.concat())
}

/// What happens outside of the browsers.
fn elsewhere() -> impl Strategy<Value = Vec<FactorStep>> {
    let waits = vec![
        1,
        CODE_STEP - 1,
        PENDING - 1,
        PENDING,
        FRESH_FOR - 1,
        FRESH_FOR,
        DAY,
        IDLE,
        TRUSTED - 1,
        TRUSTED,
    ];
    let step = prop_oneof![
        3 => select(waits).prop_map(FactorStep::Wait),
        2 => (0..3_usize).prop_map(FactorStep::LoseFactor),
        1 => Just(FactorStep::ResetPassword),
        1 => Just(FactorStep::SetPassword),
        1 => Just(FactorStep::ResetFactors),
    ];
    step.prop_map(|step| vec![step])
}

/// Most begin with a user who has an app and recovery codes, many also with a passkey, or with a
/// trusted browser and with codes of an old set.
fn history() -> impl Strategy<Value = Vec<FactorStep>> {
    let log_in = |browser| FactorStep::LogIn {
        browser,
        remember: false,
    };
    let with_factors = vec![
        log_in(0),
        FactorStep::AddApp(0),
        FactorStep::PrintRecoveryCodes(0),
    ];
    let with_trust = vec![
        FactorStep::Wait(CODE_STEP),
        log_in(1),
        FactorStep::ShowCode {
            browser: 1,
            code: Code::OfApp(0),
            trust: true,
        },
        FactorStep::PrintRecoveryCodes(1),
    ];
    let with_trust = [with_factors.clone(), with_trust].concat();
    let with_passkey = [with_factors.clone(), vec![FactorStep::AddPasskey(0)]].concat();
    let begun = select(vec![
        Vec::new(),
        with_factors,
        with_passkey,
        with_trust.clone(),
        with_trust,
    ]);
    let in_browser = (0..BROWSERS).prop_flat_map(in_browser);
    let more = collection::vec(prop_oneof![3 => in_browser, 1 => elsewhere()], 1..6);
    (begun, more).prop_map(|(begun, more)| [begun, more.concat()].concat())
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// There is nobody to do it, or nothing to do it with.
    Skipped,
    /// It is done: the user is let in, or the change is made.
    Done,
    /// The user must show a second factor.
    SecondFactorNeeded,
    /// The user must confirm the log-in.
    FreshLoginNeeded,
    /// A wrong credential, or nobody is logged in.
    Rejected,
    /// The user has no such factor.
    Missing,
    /// It does not go together with the factors that the user has.
    Conflict,
    /// What a visit shows: nobody, or the user with the facts of the session.
    Seen(Option<SeenUser>),
    /// A response that the site must not give.
    Unexpected(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenUser {
    is_fresh: bool,
    is_remembered: bool,
    has_shown_factor: bool,
    has_shown_factor_last: bool,
}

/// Takes all steps, and compares each answer; at the end every browser visits once.
async fn run(
    world: &mut World,
    steps: &[FactorStep],
    reached: &mut BTreeSet<&'static str>,
) -> Result<(), TestCaseError> {
    world.begin().await;
    let mut table = FactorTable::new(world.now());
    let last_looks = (0..BROWSERS).map(FactorStep::Visit);
    for (i, step) in steps.iter().copied().chain(last_looks).enumerate() {
        let expected = table.take(step);
        if expected == Answer::Skipped {
            continue;
        }
        let answer = world.take(step).await;
        if answer != expected {
            let told = format!("step {i}, {step:?}: {answer:?}, and by the rules {expected:?}");
            return Err(TestCaseError::fail(told));
        }
    }
    reached.append(&mut table.reached);
    Ok(())
}

/// Returns what the histories have led to.
fn check(
    cases: u32,
    flaw: PlantedFlaw,
) -> Result<BTreeSet<&'static str>, TestError<Vec<FactorStep>>> {
    let config = Config {
        cases,
        failure_persistence: None,
        // Each takes a while, and a planted flaw is found as well by a long history.
        max_shrink_iters: if flaw == PlantedFlaw::None { 300 } else { 0 },
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[SEED; 32]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new(flaw));
    let state = std::cell::RefCell::new((world, BTreeSet::new()));
    TestRunner::new_with_rng(config, random).run(&history(), |steps| {
        let (world, reached) = &mut *state.borrow_mut();
        runtime.block_on(run(world, &steps, reached))
    })?;
    Ok(state.into_inner().1)
}

#[test]
fn histories_with_second_factors_go_by_the_rules() {
    let cases = std::env::var("PROPTEST_CASES");
    let cases = cases.map_or(HISTORIES, |cases| cases.parse().unwrap());
    match check(cases, PlantedFlaw::None) {
        Ok(reached) => assert_eq!(reached, BTreeSet::from(rules::ALL_REACHED)),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_planted_flaw_of_second_factors_is_found() {
    let factors = FactorFlaw::ALL.map(PlantedFlaw::OfFactors);
    let sessions = [Flaw::PendingIsUsedTwice, Flaw::RevokeSparesTheRemembered];
    let sessions = sessions.map(PlantedFlaw::OfSessions);
    for flaw in factors.into_iter().chain(sessions) {
        match check(UNTIL_FOUND, flaw) {
            Err(TestError::Fail(..)) => {}
            other => panic!("{flaw:?} was not found: {other:?}"),
        }
    }
}
