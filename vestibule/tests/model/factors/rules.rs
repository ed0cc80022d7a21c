//! The rules: what each step does to the table, and what it must lead to.

use std::collections::{BTreeSet, HashMap};

use super::{Answer, CODE_STEP, Code, FactorStep, MAIL_TAKES, SeenUser, THIEF, TRUSTED};
use crate::rules::{FactorsShown, Table, TablePending};
use crate::{BROWSERS, Seen};

/// The maximum number of a user's apps, and of their passkeys.
const MAX_APPS: usize = 10;
const MAX_PASSKEYS: usize = 20;

/// What many histories lead to, so that a run which never gets there fails.
pub(super) const ALL_REACHED: [&str; 16] = [
    "an app logs in",
    "an app that was lost logs in",
    "an app that was removed is rejected",
    "a change of factors ends the trust",
    "a code that was used is rejected",
    "a new password ends the trust",
    "a passkey completes a log-in",
    "a passkey logs in alone",
    "a passkey that was removed is rejected",
    "a recovery code logs in",
    "a recovery code of an old set is rejected",
    "a recovery code that was used is rejected",
    "a remembered browser shows a factor",
    "a reset password alone is not enough",
    "a trusted browser logs in",
    "no factor is left",
];

#[derive(Default)]
pub(super) struct FactorTable {
    logins: Table,
    /// When the history begins, in seconds of the clock.
    began_at: i64,
    /// All factors that were ever added.
    factors: Vec<TableFactor>,
    /// Which recovery codes of the present set still work. Empty without a set.
    recovery_codes: Vec<bool>,
    has_old_set: bool,
    next_trust: usize,
    /// The epoch and the end of the trust in a browser.
    trusted: HashMap<usize, (i64, i64)>,
    cookies: [Option<usize>; BROWSERS],
    /// The app and the step of the last code of an app.
    last_code: Option<(usize, i64)>,
    was_reset: bool,
    pub(super) reached: BTreeSet<&'static str>,
}

#[derive(Clone, Copy)]
struct TableFactor {
    is_passkey: bool,
    is_added: bool,
    is_lost: bool,
    /// No code of this step of an app or an earlier one works.
    last_step: i64,
}

/// Two factors, the second just now.
const BOTH: FactorsShown = FactorsShown {
    ever: true,
    last: true,
};

impl FactorTable {
    pub(super) fn new(began_at: i64) -> Self {
        Self {
            began_at,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, step: FactorStep) -> Answer {
        match step {
            FactorStep::LogIn { browser, remember } => self.log_in(browser, remember),
            FactorStep::ShowCode {
                browser,
                code,
                trust,
            } => self.show_code(browser, code, trust),
            FactorStep::ConfirmByPassword(browser) => self.confirm_by_password(browser),
            FactorStep::ShowPasskey {
                browser,
                factor,
                trust,
            } => self.show_passkey(browser, factor, trust),
            FactorStep::AddApp(browser) => self.add_factor(browser, false),
            FactorStep::AddPasskey(browser) => self.add_factor(browser, true),
            FactorStep::RemoveFactor(browser, factor) => self.remove_factor(browser, factor),
            FactorStep::PrintRecoveryCodes(browser) => self.print_recovery_codes(browser),
            FactorStep::ChangePassword(browser) => self.change_password(browser),
            FactorStep::ResetPassword => {
                self.logins.now += MAIL_TAKES;
                self.new_password()
            }
            FactorStep::SetPassword => self.new_password(),
            FactorStep::ResetFactors => self.reset_factors(),
            FactorStep::LoseFactor(factor) => {
                if let Some(factor) = self.factors.get_mut(factor) {
                    factor.is_lost = true;
                }
                Answer::Done
            }
            FactorStep::Visit(browser) => Answer::Seen(self.seen(browser)),
            FactorStep::LogOut(browser) => {
                self.logins.visit(browser);
                self.logins.log_out(browser);
                Answer::Done
            }
            FactorStep::CloseBrowser(browser) => {
                self.logins.browsers[browser].session = None;
                self.logins.browsers[browser].pending = None;
                Answer::Done
            }
            FactorStep::Steal { from, to } => {
                self.logins.browsers[to] = self.logins.browsers[from];
                self.cookies[to] = self.cookies[from];
                Answer::Done
            }
            FactorStep::Wait(seconds) => {
                self.logins.now += seconds;
                Answer::Done
            }
        }
    }

    fn has_factor(&self) -> bool {
        self.factors.iter().any(|factor| factor.is_added)
    }

    fn code_step(&self) -> i64 {
        (self.began_at + self.logins.now).div_euclid(CODE_STEP)
    }

    fn log_in(&mut self, browser: usize, remember: bool) -> Answer {
        self.logins.visit(browser);
        if self.has_factor() {
            if !self.is_trusted(browser) {
                self.logins.show_password(browser, remember);
                if self.was_reset {
                    self.reached.insert("a reset password alone is not enough");
                }
                return Answer::SecondFactorNeeded;
            }
            self.reached.insert("a trusted browser logs in");
        }
        self.logins.log_in(browser, remember, true);
        Answer::Done
    }

    fn is_trusted(&mut self, browser: usize) -> bool {
        let Some(trust) = self.cookies[browser] else {
            return false;
        };
        let Some(&(epoch, until)) = self.trusted.get(&trust) else {
            self.reached.insert("a change of factors ends the trust");
            return false;
        };
        if epoch != self.logins.epoch {
            self.reached.insert("a new password ends the trust");
        }
        epoch == self.logins.epoch && self.logins.now < until
    }

    fn show_code(&mut self, browser: usize, code: Code, trust: bool) -> Answer {
        let Some(shown) = self.shown(browser, code) else {
            return Answer::Skipped;
        };
        let user = self.logins.visit(browser);
        let pending = self.logins.pending(browser);
        if pending.is_none() && user == Seen::Nobody {
            return Answer::Rejected;
        }
        if let Some(why) = self.use_up(shown) {
            self.reached.extend(why);
            return Answer::Rejected;
        }
        let Some(pending) = pending else {
            return self.confirm_by_factor(browser, user);
        };
        self.reached.insert(match shown {
            Shown::OfApp(app, _) if self.factors[app].is_lost => "an app that was lost logs in",
            Shown::OfApp(..) => "an app logs in",
            _ => "a recovery code logs in",
        });
        self.complete(browser, pending, trust)
    }

    fn show_passkey(&mut self, browser: usize, factor: usize, trust: bool) -> Answer {
        let factor = self.factors.get(factor).copied();
        let has_it =
            |factor: &TableFactor| factor.is_passkey && (!factor.is_lost || browser == THIEF);
        let Some(passkey) = factor.filter(has_it) else {
            return Answer::Skipped;
        };
        let user = self.logins.visit(browser);
        let pending = self.logins.pending(browser);
        if !passkey.is_added {
            self.reached
                .insert("a passkey that was removed is rejected");
            return Answer::Rejected;
        }
        if let Some(pending) = pending {
            self.reached.insert("a passkey completes a log-in");
            return self.complete(browser, pending, trust);
        }
        if user != Seen::Nobody {
            return self.confirm_by_factor(browser, user);
        }
        // It has verified its user, so it counts as two factors.
        self.reached.insert("a passkey logs in alone");
        self.logins.log_in(browser, false, true);
        self.logins.begin_with_factors(browser, BOTH);
        Answer::Done
    }

    fn confirm_by_factor(&mut self, browser: usize, user: Seen) -> Answer {
        if matches!(
            user,
            Seen::User {
                is_remembered: true,
                ..
            }
        ) {
            self.reached.insert("a remembered browser shows a factor");
        }
        self.logins.confirm(browser);
        self.logins.show_factors(browser, BOTH);
        Answer::Done
    }

    /// Completes a log-in by a second factor.
    fn complete(&mut self, browser: usize, pending: TablePending, trust: bool) -> Answer {
        self.logins.log_in(browser, pending.remember, true);
        self.logins.begin_with_factors(browser, BOTH);
        if trust {
            self.next_trust += 1;
            let until = self.logins.now + TRUSTED;
            self.trusted
                .insert(self.next_trust, (self.logins.epoch, until));
            self.cookies[browser] = Some(self.next_trust);
        }
        Answer::Done
    }

    /// What is typed, or `None` if there is no such code.
    fn shown(&mut self, browser: usize, code: Code) -> Option<Shown> {
        match code {
            Code::OfApp(app) => {
                let has_it =
                    |app: &&TableFactor| !app.is_passkey && (!app.is_lost || browser == THIEF);
                self.factors.get(app).filter(has_it)?;
                self.last_code = Some((app, self.code_step()));
                Some(Shown::OfApp(app, self.code_step()))
            }
            Code::LastAgain => self.last_code.map(|(app, step)| Shown::OfApp(app, step)),
            Code::Recovery(code) => self.recovery_codes.get(code).map(|_| Shown::Recovery(code)),
            Code::OldRecovery(_) => self.has_old_set.then_some(Shown::OldRecovery),
            Code::Wrong => Some(Shown::Wrong),
        }
    }

    /// Uses up a code. If it does not work, returns why, if many histories get there.
    fn use_up(&mut self, shown: Shown) -> Option<Option<&'static str>> {
        let now = self.code_step();
        match shown {
            Shown::OfApp(app, step) => {
                let app = &mut self.factors[app];
                if !app.is_added {
                    return Some(Some("an app that was removed is rejected"));
                }
                if (step - now).abs() > 1 {
                    return Some(None);
                }
                if step <= app.last_step {
                    return Some(Some("a code that was used is rejected"));
                }
                app.last_step = step;
                None
            }
            Shown::Recovery(code) => {
                let is_unused = std::mem::take(&mut self.recovery_codes[code]);
                (!is_unused).then_some(Some("a recovery code that was used is rejected"))
            }
            Shown::OldRecovery => Some(Some("a recovery code of an old set is rejected")),
            Shown::Wrong => Some(None),
        }
    }

    fn confirm_by_password(&mut self, browser: usize) -> Answer {
        if self.logins.visit(browser) == Seen::Nobody {
            return Answer::Rejected;
        }
        let before = self.logins.factors_shown(browser);
        self.logins.confirm(browser);
        let after = FactorsShown {
            last: false,
            ..before
        };
        self.logins.show_factors(browser, after);
        Answer::Done
    }

    /// Whether the user of this browser may change factors. Otherwise the answer.
    fn may_change(&mut self, browser: usize) -> Result<(), Answer> {
        let Seen::User { is_fresh, .. } = self.logins.visit(browser) else {
            return Err(Answer::Rejected);
        };
        let shown = self.logins.factors_shown(browser);
        match (self.has_factor(), is_fresh) {
            (true, _) if !(is_fresh && shown == BOTH) => Err(Answer::SecondFactorNeeded),
            (false, false) => Err(Answer::FreshLoginNeeded),
            _ => Ok(()),
        }
    }

    fn add_factor(&mut self, browser: usize, is_passkey: bool) -> Answer {
        if let Err(answer) = self.may_change(browser) {
            return answer;
        }
        let of_kind = |factor: &&TableFactor| factor.is_added && factor.is_passkey == is_passkey;
        let max = if is_passkey { MAX_PASSKEYS } else { MAX_APPS };
        if self.factors.iter().filter(of_kind).count() >= max {
            return Answer::Conflict;
        }
        let is_first = !self.has_factor();
        let factor = TableFactor {
            is_passkey,
            is_added: true,
            is_lost: false,
            last_step: self.code_step(),
        };
        self.factors.push(factor);
        self.logins.confirm(browser);
        self.logins.show_factors(browser, BOTH);
        self.trusted.clear();
        if is_first {
            self.logins.end_elsewhere(browser);
        }
        Answer::Done
    }

    fn remove_factor(&mut self, browser: usize, factor: usize) -> Answer {
        if let Err(answer) = self.may_change(browser) {
            return answer;
        }
        let factor = self.factors.get_mut(factor);
        let Some(factor) = factor.filter(|factor| factor.is_added) else {
            return Answer::Missing;
        };
        factor.is_added = false;
        if !self.has_factor() {
            self.end_recovery_codes();
            self.reached.insert("no factor is left");
        }
        self.trusted.clear();
        self.logins.end_elsewhere(browser);
        Answer::Done
    }

    fn end_recovery_codes(&mut self) {
        self.has_old_set |= !self.recovery_codes.is_empty();
        self.recovery_codes.clear();
    }

    fn print_recovery_codes(&mut self, browser: usize) -> Answer {
        if let Err(answer) = self.may_change(browser) {
            return answer;
        }
        if !self.has_factor() {
            return Answer::Conflict;
        }
        self.end_recovery_codes();
        self.recovery_codes = vec![true; 10];
        Answer::Done
    }

    fn change_password(&mut self, browser: usize) -> Answer {
        let Seen::User { is_remembered, .. } = self.logins.visit(browser) else {
            return Answer::Rejected;
        };
        let before = self.logins.factors_shown(browser);
        self.new_epoch();
        self.logins.log_in(browser, is_remembered, true);
        let after = FactorsShown {
            last: false,
            ..before
        };
        self.logins.begin_with_factors(browser, after);
        Answer::Done
    }

    fn new_epoch(&mut self) {
        self.logins.epoch += 1;
        self.logins.end_all();
    }

    fn new_password(&mut self) -> Answer {
        self.new_epoch();
        self.was_reset = true;
        Answer::Done
    }

    fn reset_factors(&mut self) -> Answer {
        if !self.has_factor() {
            return Answer::Missing;
        }
        for factor in &mut self.factors {
            factor.is_added = false;
        }
        self.end_recovery_codes();
        self.trusted.clear();
        self.new_epoch();
        Answer::Done
    }

    fn seen(&mut self, browser: usize) -> Option<SeenUser> {
        let Seen::User {
            is_fresh,
            is_remembered,
        } = self.logins.visit(browser)
        else {
            return None;
        };
        let shown = self.logins.factors_shown(browser);
        Some(SeenUser {
            is_fresh,
            is_remembered,
            has_shown_factor: shown.ever,
            has_shown_factor_last: shown.last,
        })
    }
}

/// A code that somebody types.
#[derive(Clone, Copy)]
enum Shown {
    /// The code of an app at a step.
    OfApp(usize, i64),
    Recovery(usize),
    OldRecovery,
    Wrong,
}
