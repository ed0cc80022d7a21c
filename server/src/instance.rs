//! What the program keeps: its folder, its database, its secret key, and the site on them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::login::{SessionLimit, SessionProtection};
use vestibule::password::{Blocklist, BreachedPasswords, Peppers};
use vestibule::web::PublicUrl;

use crate::private_file::create_private;
use crate::secret_key;
use crate::settings::{AtMaxSessions, Protection, Settings};

impl Settings {
    /// Opens the site that these settings describe, reached at `public_url`.
    pub(crate) async fn open_site(&self, public_url: PublicUrl) -> anyhow::Result<Site> {
        make_instance_folder(&self.secret_key_file)?;
        if let Some(file) = sqlite_file(&self.database_url) {
            make_instance_folder(&file)?;
            if self.database_url.contains("mode=rwc") {
                make_private_file(&file)?;
            }
        }
        let secret_key = secret_key::read_or_make(&self.secret_key_file)?;
        let database = Database::connect(&self.database_url).await?;
        let mut config = SiteConfig::new(public_url, secret_key);
        if let Some(url) = &self.session_store {
            keep_sessions_at(url, &mut config).await?;
        }
        config.site_name.clone_from(&self.site_name);
        config.templates.clone_from(&self.templates);
        config.sessions.expiry.idle = self.session_idle;
        config.sessions.expiry.absolute = self.session_absolute;
        config.sessions.limit = match self.at_max_sessions {
            AtMaxSessions::EndOldest => SessionLimit::end_oldest(self.max_sessions),
            AtMaxSessions::Refuse => SessionLimit::reject(self.max_sessions),
        };
        config.sessions.cached = self.cached_sessions;
        config.sessions.protection = match self.session_protection {
            Protection::Off => SessionProtection::Off,
            Protection::Basic => SessionProtection::Basic,
            Protection::Strong => SessionProtection::Strong,
        };
        config.sessions.remember.duration = self.remember_for;
        config.sessions.fresh_for = self.fresh_for;
        config.trusted_proxies = self.trusted_proxies.clone();
        config.passwords.algorithm = self.algorithm();
        config.passwords.long_bcrypt = self.bcrypt_long_passwords;
        config.passwords.max_bcrypt_cost = self.max_bcrypt_cost;
        if let Some(file) = &self.pepper_file {
            config.passwords.peppers = Peppers::from_file(file)?;
        }
        if let Some(file) = &self.password_blocklist {
            config.passwords.policy.blocklist = Blocklist::from_file(file)?;
        }
        if let Some(file_or_url) = &self.breached_passwords {
            let breached = breached_passwords(file_or_url)?;
            let breached = breached.fail_closed(self.breached_passwords_fail_closed);
            config.passwords.policy.breached = Some(breached);
        } else if self.breached_passwords_fail_closed {
            bail!(
                "`--breached-passwords-fail-closed` says what happens when a look-up fails, and \
                 nothing is looked up; say where with `--breached-passwords`"
            );
        }
        config.passwords.hashing = self.hashing();
        Ok(Site::open(database, config).await?)
    }
}

#[cfg(feature = "redis")]
async fn keep_sessions_at(url: &str, config: &mut SiteConfig) -> anyhow::Result<()> {
    config.session_store(vestibule::stores::RedisStore::connect(url).await?);
    Ok(())
}

#[cfg(not(feature = "redis"))]
async fn keep_sessions_at(_: &str, _: &mut SiteConfig) -> anyhow::Result<()> {
    bail!("this build keeps sessions in the database alone: build it with the feature `redis`")
}

fn breached_passwords(file_or_url: &str) -> anyhow::Result<BreachedPasswords> {
    if file_or_url.contains("://") {
        return breach_service(file_or_url);
    }
    Ok(BreachedPasswords::from_file(file_or_url)?)
}

#[cfg(feature = "breach-service")]
fn breach_service(url: &str) -> anyhow::Result<BreachedPasswords> {
    Ok(BreachedPasswords::from_url(url)?)
}

#[cfg(not(feature = "breach-service"))]
fn breach_service(_: &str) -> anyhow::Result<BreachedPasswords> {
    bail!(
        "this build looks up breached passwords in a file alone: build it with the feature \
         `breach-service`"
    )
}

/// The file of a SQLite address, if it is one.
fn sqlite_file(database_url: &str) -> Option<PathBuf> {
    let file = database_url.strip_prefix("sqlite:")?;
    let file = file.strip_prefix("//").unwrap_or(file);
    let file = file.split('?').next()?;
    (!file.is_empty() && file != ":memory:").then(|| PathBuf::from(file))
}

/// Makes our own folder, closed to other users; of other folders says that they are missing.
fn make_instance_folder(file: &Path) -> anyhow::Result<()> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if folder != Path::new("instance") {
        let folder = folder.display();
        bail!("the folder {folder} does not exist; make it with `mkdir -p {folder}`");
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .context("cannot make the folder instance here; start the program where you may write")
}

/// Makes an empty database that nobody else can read: it will hold the password hashes.
/// SQLite gives its journal the same mode.
fn make_private_file(file: &Path) -> anyhow::Result<()> {
    match create_private(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the database {}", file.display()))
        }
        _ => Ok(()),
    }
}
