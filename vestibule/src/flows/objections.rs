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
