//! Why a password, a username or a name is rejected, as texts for the visitor.

use crate::access::NameObjection;
use crate::credentials::{Username, UsernameObjection, is_visible};
use crate::password::Objection;
use crate::web::text::Text;

impl From<Objection> for Text {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::Empty => Self::named("password-empty"),
            Objection::Nul => Self::named("password-nul"),
            Objection::TooShort { min_chars } => {
                Self::named("password-too-short").with("min", min_chars)
            }
            Objection::TooLong { max_chars } => {
                Self::named("password-too-long").with("max", max_chars)
            }
            Objection::TooManyBytes { max_bytes } => {
                Self::named("password-too-many-bytes").with("max", max_bytes)
            }
            Objection::Common => Self::named("password-common"),
            Objection::Repetitive => Self::named("password-repetitive"),
            Objection::Personal => Self::named("password-personal"),
            Objection::Breached => Self::named("password-breached"),
            Objection::Unchecked => Self::named("password-unchecked"),
        }
    }
}

impl From<UsernameObjection> for Text {
    fn from(objection: UsernameObjection) -> Self {
        match objection {
            UsernameObjection::Empty => Self::named("username-empty"),
            UsernameObjection::Length => Self::named("username-length")
                .with("min", Username::MIN_CHARS)
                .with("max", Username::MAX_CHARS),
            UsernameObjection::Character(' ') => Self::named("username-space"),
            UsernameObjection::Character(c) if is_visible(c) => {
                Self::named("username-character").with("character", c.to_string())
            }
            UsernameObjection::Character(c) => Self::named("username-invisible-character")
                .with("code", format!("U+{:04X}", u32::from(c))),
            UsernameObjection::Ends => Self::named("username-ends"),
            UsernameObjection::MixedScripts => Self::named("username-mixed-scripts"),
        }
    }
}

impl From<NameObjection> for Text {
    fn from(objection: NameObjection) -> Self {
        match objection {
            NameObjection::Empty => Self::named("name-empty"),
            NameObjection::Length => {
                Self::named("name-length").with("max", NameObjection::MAX_CHARS)
            }
            NameObjection::Characters => Self::named("name-characters"),
        }
    }
}

/// The command line and apps without our pages show the `Display` of these, in English.
#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::fmt::Display;

    use crate::access::NameObjection;
    use crate::accounts::ChangeOutcome;
    use crate::credentials::UsernameObjection;
    use crate::password::Objection;
    use crate::testing::TestApp;
    use crate::web::text::Text;

    #[tokio::test]
    async fn each_reason_says_the_same_on_a_page_and_elsewhere() {
        let app = TestApp::new().await;
        let texts = app.site.inner().pages.texts();
        let english = texts.find("en").unwrap();
        let check = |text: Text, elsewhere: &dyn Display| {
            let page = texts.say(english, &text).replace('\u{2019}', "'");
            let elsewhere = elsewhere.to_string();
            assert!(page.starts_with(&elsewhere), "{page} / {elsewhere}");
        };
        for objection in [
            Objection::Empty,
            Objection::Nul,
            Objection::TooShort { min_chars: 15 },
            Objection::TooLong { max_chars: 256 },
            Objection::TooManyBytes { max_bytes: 72 },
            Objection::Common,
            Objection::Repetitive,
            Objection::Personal,
            Objection::Breached,
            Objection::Unchecked,
        ] {
            check(objection.into(), &objection);
        }
        for objection in [
            UsernameObjection::Empty,
            UsernameObjection::Length,
            UsernameObjection::Character(' '),
            UsernameObjection::Character('@'),
            UsernameObjection::Character('\u{200b}'),
            UsernameObjection::Ends,
            UsernameObjection::MixedScripts,
        ] {
            check(objection.into(), &objection);
        }
        for objection in [
            NameObjection::Empty,
            NameObjection::Length,
            NameObjection::Characters,
        ] {
            check(objection.into(), &objection);
        }
        let nearest = || Some("editor".to_owned());
        for outcome in [
            ChangeOutcome::Done,
            ChangeOutcome::AlreadySo,
            ChangeOutcome::NoSuchUser,
            ChangeOutcome::NoSuchRole(None),
            ChangeOutcome::NoSuchRole(nearest()),
            ChangeOutcome::NoSuchPermission(None),
            ChangeOutcome::NoSuchPermission(nearest()),
            ChangeOutcome::NoSuchSession,
            ChangeOutcome::NameTaken,
            ChangeOutcome::EmailTaken,
            ChangeOutcome::NeedsEmail,
            ChangeOutcome::NoEmail,
            ChangeOutcome::NotActive,
            ChangeOutcome::AlreadyInvited,
            ChangeOutcome::NoOpenInvitation,
            ChangeOutcome::TooManyMails,
            ChangeOutcome::NotOneself,
            ChangeOutcome::LastAdmin,
            ChangeOutcome::BuiltIn,
            ChangeOutcome::ActorLacksRole,
            ChangeOutcome::UnusableHash,
        ] {
            check(outcome.clone().into(), &outcome);
        }
    }
}
