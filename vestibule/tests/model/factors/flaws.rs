//! Flaws of the tables of second factors, planted by triggers of SQLite.

use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database as Connection, DatabaseConnection};
use vestibule::database::Database;

use super::FactorStep;
use crate::flawed_store::Flaw;

/// What is wrong in the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlantedFlaw {
    None,
    OfSessions(Flaw),
    OfFactors(FactorFlaw),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactorFlaw {
    TrustSurvivesANewPassword,
    TrustSurvivesAChangeOfFactors,
    RecoveryCodesWorkTwice,
    OldRecoveryCodesWork,
    RemovedAppsWork,
    RemovedPasskeysWork,
    CodesWorkTwice,
    ANewPasswordRemovesTheFactors,
}

impl FactorFlaw {
    pub(super) const ALL: [Self; 8] = [
        Self::TrustSurvivesANewPassword,
        Self::TrustSurvivesAChangeOfFactors,
        Self::RecoveryCodesWorkTwice,
        Self::OldRecoveryCodesWork,
        Self::RemovedAppsWork,
        Self::RemovedPasskeysWork,
        Self::CodesWorkTwice,
        Self::ANewPasswordRemovesTheFactors,
    ];

    /// When the trigger fires, and what it does.
    fn trigger(self) -> (&'static str, &'static str) {
        const NEW_PASSWORD: &str = "AFTER UPDATE OF session_epoch ON users";
        const IGNORE: &str = "SELECT RAISE(IGNORE)";
        match self {
            Self::TrustSurvivesANewPassword => (
                NEW_PASSWORD,
                "UPDATE vestibule_trusted_browsers SET epoch = NEW.session_epoch \
                 WHERE user_id = NEW.id",
            ),
            Self::TrustSurvivesAChangeOfFactors => {
                ("BEFORE DELETE ON vestibule_trusted_browsers", IGNORE)
            }
            Self::RecoveryCodesWorkTwice => (
                "AFTER DELETE ON vestibule_recovery_codes",
                "INSERT INTO vestibule_recovery_codes (digest, realm, user_id, created_at) \
                 VALUES (OLD.digest, OLD.realm, OLD.user_id, OLD.created_at)",
            ),
            Self::OldRecoveryCodesWork => ("BEFORE DELETE ON vestibule_recovery_codes", IGNORE),
            Self::RemovedAppsWork => (
                "AFTER DELETE ON vestibule_totp_apps",
                "INSERT INTO vestibule_totp_apps \
                 (id, realm, user_id, name, secret, created_at, last_used_at, last_step) \
                 VALUES (OLD.id, OLD.realm, OLD.user_id, OLD.name, OLD.secret, OLD.created_at, \
                 OLD.last_used_at, OLD.last_step)",
            ),
            Self::RemovedPasskeysWork => (
                "AFTER DELETE ON vestibule_passkeys",
                "INSERT INTO vestibule_passkeys \
                 (id, digest, realm, user_id, user_handle, credential_id, credential, revision, name, \
                 is_synced, created_at, last_used_at) \
                 VALUES (OLD.id, OLD.digest, OLD.realm, OLD.user_id, OLD.user_handle, \
                 OLD.credential_id, OLD.credential, OLD.revision, OLD.name, OLD.is_synced, \
                 OLD.created_at, OLD.last_used_at)",
            ),
            Self::CodesWorkTwice => (
                "AFTER UPDATE OF last_step ON vestibule_totp_apps",
                "UPDATE vestibule_totp_apps SET last_step = OLD.last_step WHERE id = OLD.id",
            ),
            Self::ANewPasswordRemovesTheFactors => (
                NEW_PASSWORD,
                "DELETE FROM vestibule_totp_apps WHERE user_id = NEW.id",
            ),
        }
    }

    /// Whether it is there in this step alone, because other steps rightly delete the same rows.
    /// `None` if it is always there.
    fn is_in(self, step: FactorStep) -> Option<bool> {
        Some(match self {
            Self::RecoveryCodesWorkTwice => matches!(step, FactorStep::ShowCode { .. }),
            Self::OldRecoveryCodesWork => matches!(step, FactorStep::PrintRecoveryCodes(_)),
            _ => return None,
        })
    }
}

/// A database that can have a flaw.
pub(super) struct FlawedDatabase {
    connection: DatabaseConnection,
    flaw: FactorFlaw,
    is_planted: bool,
}

impl FlawedDatabase {
    /// One in memory, and what the site uses of it.
    pub(super) async fn new(flaw: FactorFlaw) -> (Self, Database) {
        let mut options = ConnectOptions::new("sqlite::memory:");
        // Another connection would be another database.
        options.max_connections(1).min_connections(1);
        options.idle_timeout(None::<Duration>);
        options.max_lifetime(None::<Duration>);
        let connection = Connection::connect(options).await.unwrap();
        let database = Database::from_connection(connection.clone());
        let flawed = Self {
            connection,
            flaw,
            is_planted: false,
        };
        (flawed, database)
    }

    /// Plants the flaw, if it is in this step and not there already.
    pub(super) async fn plant(&mut self, step: FactorStep) {
        if !self.is_planted && self.flaw.is_in(step).unwrap_or(true) {
            let (when, what) = self.flaw.trigger();
            let plant = format!("CREATE TRIGGER planted_flaw {when} BEGIN {what}; END");
            self.connection.execute_unprepared(&plant).await.unwrap();
            self.is_planted = true;
        }
    }

    /// Removes the flaw after a step, if it is not in all of them.
    pub(super) async fn remove(&mut self, step: FactorStep) {
        if self.is_planted && self.flaw.is_in(step).is_some() {
            let remove = "DROP TRIGGER planted_flaw";
            self.connection.execute_unprepared(remove).await.unwrap();
            self.is_planted = false;
        }
    }
}
