//! Why a change was not made, as a text for the admin.

use crate::accounts::ChangeOutcome;
use crate::mail::outbox::when;
use crate::web::text::Text;

impl From<ChangeOutcome> for Text {
    fn from(outcome: ChangeOutcome) -> Self {
        match outcome {
            ChangeOutcome::Done => Self::named("change-done"),
            ChangeOutcome::AlreadySo => Self::named("change-nothing"),
            ChangeOutcome::Planned(at) => {
                Self::named("admin-factors-reset-planned").with("when", when(at))
            }
            ChangeOutcome::NoSuchUser => Self::named("change-no-user"),
            ChangeOutcome::NoSuchRole(None) => Self::named("change-no-role"),
            ChangeOutcome::NoSuchRole(Some(nearest)) => {
                Self::named("change-no-role-but").with("nearest", nearest)
            }
            ChangeOutcome::NoSuchPermission(None) => Self::named("change-no-permission"),
            ChangeOutcome::NoSuchPermission(Some(nearest)) => {
                Self::named("change-no-permission-but").with("nearest", nearest)
            }
            ChangeOutcome::NoSuchSession => Self::named("change-no-session"),
            ChangeOutcome::NameTaken => Self::named("change-name-taken"),
            ChangeOutcome::EmailTaken => Self::named("change-email-taken"),
            ChangeOutcome::NeedsEmail => Self::named("change-needs-email"),
            ChangeOutcome::NoEmail => Self::named("change-no-email"),
            ChangeOutcome::NotActive => Self::named("change-not-active"),
            ChangeOutcome::AlreadyInvited => Self::named("change-already-invited"),
            ChangeOutcome::NoOpenInvitation => Self::named("change-no-invitation"),
            ChangeOutcome::TooManyMails => Self::named("change-too-many-mails"),
            ChangeOutcome::NotOneself => Self::named("change-not-oneself"),
            ChangeOutcome::LastAdmin => Self::named("change-last-admin"),
            ChangeOutcome::BuiltIn => Self::named("change-built-in"),
            ChangeOutcome::ActorLacksRole => Self::named("change-not-allowed"),
            ChangeOutcome::UnusableHash => Self::named("change-unusable-hash"),
        }
    }
}

impl ChangeOutcome {
    /// Why the change does not fit what is there now, if it does not.
    pub(in crate::flows) fn conflict(&self) -> Option<Text> {
        match self {
            Self::Done
            | Self::AlreadySo
            | Self::Planned(_)
            | Self::NoSuchUser
            | Self::NoSuchSession
            | Self::ActorLacksRole => None,
            Self::NoSuchRole(_)
            | Self::NoSuchPermission(_)
            | Self::NameTaken
            | Self::EmailTaken
            | Self::NeedsEmail
            | Self::NoEmail
            | Self::NotActive
            | Self::AlreadyInvited
            | Self::NoOpenInvitation
            | Self::TooManyMails
            | Self::NotOneself
            | Self::LastAdmin
            | Self::BuiltIn
            | Self::UnusableHash => Some(self.clone().into()),
        }
    }
}
