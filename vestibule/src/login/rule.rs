//! The requirements of a route.

use std::fmt;

use crate::login::User;
use crate::login::logged_in::LoggedIn;

/// The requirements of a route: plain data, made of roles, permissions and freshness.
///
/// Used by an extractor in [`Guard::RULE`](crate::access::Guard::RULE), and by a router in
/// [`access_required`](crate::access::access_required).
///
/// ```
/// use vestibule::access::Rule::{self, AllOf, AnyOf, FreshLogin, Permission, Role};
///
/// const EDITORS: Rule = AnyOf(&[Role("admin"), Permission("posts.edit")]);
/// const ADMINS_LATELY: Rule = AllOf(&[Role("admin"), FreshLogin]);
/// # let _ = (EDITORS, ADMINS_LATELY);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A user who is logged in.
    Login,
    /// A user who has shown a credential recently.
    FreshLogin,
    /// A user who has shown two factors
    /// ([`Methods::has_second_factor`](crate::session::Methods::has_second_factor)).
    SecondFactor,
    /// A user who has shown that they read mail at their address ([`User::has_verified_email`]).
    VerifiedEmail,
    /// A user with this role ([`User::has_role`]).
    Role(&'static str),
    /// A user with this permission ([`User::can`]).
    Permission(&'static str),
    /// At least one of these. An empty list rejects everybody.
    AnyOf(&'static [Rule]),
    /// All of these. An empty list rejects everybody, because it is a mistake.
    AllOf(&'static [Rule]),
}

/// The result of a rule for a user, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Forbidden,
    VerifiedEmailNeeded,
    SecondFactorNeeded,
    FreshLoginNeeded,
    Allowed,
}

impl Rule {
    /// Checks a user against this rule, with at most one check for each role and permission in it.
    pub(crate) fn judge<U: User>(self, user: &LoggedIn<U>) -> Verdict {
        let allowed = |is_allowed| match is_allowed {
            true => Verdict::Allowed,
            false => Verdict::Forbidden,
        };
        match self {
            Self::Login => Verdict::Allowed,
            Self::FreshLogin if user.is_fresh => Verdict::Allowed,
            Self::FreshLogin => Verdict::FreshLoginNeeded,
            Self::SecondFactor if user.methods().has_second_factor() => Verdict::Allowed,
            Self::SecondFactor => Verdict::SecondFactorNeeded,
            Self::VerifiedEmail if user.user.has_verified_email() => Verdict::Allowed,
            Self::VerifiedEmail => Verdict::VerifiedEmailNeeded,
            Self::Role(role) => allowed(user.user.has_role(role)),
            Self::Permission(permission) => allowed(user.user.can(permission)),
            Self::AnyOf(rules) => {
                let verdicts = rules.iter().map(|rule| rule.judge(user));
                verdicts.max().unwrap_or(Verdict::Forbidden)
            }
            Self::AllOf(rules) => {
                let verdicts = rules.iter().map(|rule| rule.judge(user));
                verdicts.min().unwrap_or(Verdict::Forbidden)
            }
        }
    }

    fn join(rules: &[Self], word: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if rules.is_empty() {
            return f.write_str("nobody");
        }
        for (i, rule) in rules.iter().enumerate() {
            if i > 0 {
                write!(f, " {word} ")?;
            }
            match rule {
                Self::AnyOf(inner) | Self::AllOf(inner) if inner.len() > 1 => {
                    write!(f, "({rule})")?;
                }
                _ => write!(f, "{rule}")?,
            }
        }
        Ok(())
    }
}

/// The rule as in the route table: `role admin and fresh login`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login => f.write_str("login"),
            Self::FreshLogin => f.write_str("fresh login"),
            Self::SecondFactor => f.write_str("second factor"),
            Self::VerifiedEmail => f.write_str("verified email"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Permission(permission) => write!(f, "permission {permission}"),
            Self::AnyOf(rules) => Self::join(rules, "or", f),
            Self::AllOf(rules) => Self::join(rules, "and", f),
        }
    }
}

/// A rule, and the guard that requires it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    /// `None` if a handler checks by itself.
    rule: Option<Rule>,
    /// Whether to hide that the resource exists from users who lack the permission.
    pub(crate) hides: bool,
    /// The guard type, if the rule comes from one.
    guard: Option<&'static str>,
}

impl Demand {
    pub(crate) fn of_guard<G>(rule: Rule, hides: bool) -> Self {
        Self {
            rule: Some(rule),
            hides,
            guard: Some(std::any::type_name::<G>()),
        }
    }

    /// A check that a handler makes itself.
    pub(crate) fn of_handler() -> Self {
        Self::named("handler")
    }

    /// A check that a handler makes itself, with a name.
    pub(crate) fn named(name: &'static str) -> Self {
        Self {
            rule: None,
            hides: false,
            guard: Some(name),
        }
    }

    /// Checks a user. A handler checks by itself everything except the log-in.
    pub(crate) fn judge<U: User>(self, user: &LoggedIn<U>) -> Verdict {
        self.rule.unwrap_or(Rule::Login).judge(user)
    }

    /// Whether it requires only a log-in.
    pub(crate) fn is_login(self) -> bool {
        self == Rule::Login.into()
    }
}

impl From<Rule> for Demand {
    fn from(rule: Rule) -> Self {
        Self {
            rule: Some(rule),
            hides: false,
            guard: None,
        }
    }
}

/// The guard's type without its path, and the rule: `Admins: role admin`. `handler` for a handler.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.guard.map(|guard| {
            let path_end = guard.find('<').unwrap_or(guard.len());
            let start = guard[..path_end].rfind("::").map_or(0, |colons| colons + 2);
            &guard[start..]
        });
        match (name, self.rule) {
            (Some(name), Some(rule)) => write!(f, "{name}: {rule}"),
            (Some(name), None) => f.write_str(name),
            (None, Some(rule)) => write!(f, "{rule}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rule::{self, AllOf, AnyOf, FreshLogin, Login, Permission, Role};
    use super::Verdict::{self, Allowed, Forbidden, FreshLoginNeeded};
    use crate::login::logged_in::LoggedIn;
    use crate::login::{User, UserId};

    /// An editor, who may write posts.
    #[derive(Clone)]
    struct Editor;

    impl User for Editor {
        fn id(&self) -> UserId {
            1_i64.into()
        }

        fn has_role(&self, role: &str) -> bool {
            role == "editor"
        }

        fn can(&self, permission: &str) -> bool {
            permission == "posts.write"
        }
    }

    fn judge(rule: Rule, is_fresh: bool) -> Verdict {
        rule.judge(&LoggedIn {
            user: Editor,
            session: None,
            is_fresh,
            is_remembered: false,
        })
    }

    #[test]
    fn a_rule_is_as_true_as_its_parts() {
        for (rule, fresh, stale) in [
            (Login, Allowed, Allowed),
            (FreshLogin, Allowed, FreshLoginNeeded),
            (Role("editor"), Allowed, Allowed),
            (Role("admin"), Forbidden, Forbidden),
            (Role("posts.write"), Forbidden, Forbidden),
            (Permission("posts.write"), Allowed, Allowed),
            (Permission("editor"), Forbidden, Forbidden),
            (AnyOf(&[Role("admin"), Role("editor")]), Allowed, Allowed),
            (
                AllOf(&[Role("admin"), Role("editor")]),
                Forbidden,
                Forbidden,
            ),
            (
                AllOf(&[Role("editor"), FreshLogin]),
                Allowed,
                FreshLoginNeeded,
            ),
            // A user who lacks the permission must not be asked for a password first.
            (AllOf(&[FreshLogin, Role("admin")]), Forbidden, Forbidden),
            (
                AnyOf(&[Role("admin"), FreshLogin]),
                Allowed,
                FreshLoginNeeded,
            ),
            (AnyOf(&[]), Forbidden, Forbidden),
            (AllOf(&[]), Forbidden, Forbidden),
        ] {
            assert_eq!(judge(rule, true), fresh, "{rule}");
            assert_eq!(judge(rule, false), stale, "{rule}");
        }
    }

    #[test]
    fn a_rule_says_what_it_asks() {
        let rule = AllOf(&[AnyOf(&[Role("a"), Permission("b.c")]), FreshLogin]);

        assert_eq!(
            rule.to_string(),
            "(role a or permission b.c) and fresh login"
        );
        assert_eq!(AnyOf(&[]).to_string(), "nobody");
    }
}
