//! `vestibule secret-key …`: replaces the secret key, and logs nobody out.

use clap::Subcommand;
use humantime::format_duration;

use super::say;
use crate::secret_key::{Step, change};
use crate::settings::Settings;

/// Commands for the secret key. A running program reads the file when it starts.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretKeyCommand {
    /// Sign with a new key, or with the prepared one; old keys still verify
    Rotate,
    /// Add a key that verifies and does not sign yet. The first step when many nodes share the key
    Prepare,
    /// Remove all keys but the one that signs
    DropOld,
}

pub(crate) fn run(command: &SecretKeyCommand, settings: &Settings) -> anyhow::Result<()> {
    let file = &settings.storage.secret_key_file;
    match command {
        SecretKeyCommand::Rotate => {
            change(file, Step::Rotate)?;
            let longest = format_duration(settings.sessions.session_absolute);
            say(format!(
                "A new key signs, and the old one still verifies. Restart the program.\n\
                 Remove the old key in {longest}: `vestibule secret-key drop-old`."
            ))
        }
        SecretKeyCommand::Prepare => {
            change(file, Step::Prepare)?;
            say(
                "A new key verifies, and does not sign yet. Copy the file to each node and restart \
                 it.\nThen sign with the new key: `vestibule secret-key rotate`.",
            )
        }
        SecretKeyCommand::DropOld => {
            change(file, Step::DropOld)?;
            say("The old keys are removed. Restart the program.")
        }
    }
}
