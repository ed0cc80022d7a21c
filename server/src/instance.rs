//! The program's data: its folder, its database, its secret key, and the site that uses them.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use vestibule::database::Database;
use vestibule::flows::{Site, SiteConfig};
use vestibule::web::PublicUrl;

use crate::mailer::ProgramMailer;
use crate::patience::Patience;
use crate::private_file::create_private;
use crate::secret_key;
use crate::settings::Settings;

impl Settings {
    /// Opens the site that these settings describe, reached at `public_url`.
    pub(crate) async fn open_site(&self, public_url: PublicUrl) -> anyhow::Result<Site> {
        self.open_site_with(public_url, |_| {}).await
    }

    /// As [`open_site`](Self::open_site), for a command: it writes mails and leaves them to the
    /// program that serves, because it would end while it sends.
    pub(crate) async fn open_site_for_command(&self, url: PublicUrl) -> anyhow::Result<Site> {
        self.open_site_with(url, SiteConfig::only_queue_mail).await
    }

    async fn open_site_with(
        &self,
        public_url: PublicUrl,
        change: impl FnOnce(&mut SiteConfig),
    ) -> anyhow::Result<Site> {
        let mailer = self.mailer(&public_url)?;
        let storage = &self.storage;
        make_instance_folder(&storage.secret_key_file)?;
        if let Some(file) = sqlite_file(&storage.database_url) {
            let mut made = make_instance_folder(&file);
            if storage.database_url.contains("mode=rwc") {
                made = made.and_then(|()| make_private_file(&file));
            }
            made.map_err(|error| with_advice_on_slashes(error, &storage.database_url))?;
        }
        let secret_key = secret_key::read_or_make(&storage.secret_key_file)?;
        let patience = Patience::of(storage.wait_for_stores);
        let connect = async || Database::connect(&storage.database_url).await;
        let database = patience.connect("database", connect).await?;
        let database = database.table_prefix(&storage.table_prefix)?;
        let mut config = SiteConfig::new(public_url, secret_key);
        if let Some(url) = &storage.session_store {
            keep_sessions_at(url, &patience, &mut config).await?;
        }
        self.pages.configure(&mut config);
        self.registration.configure(&mut config);
        self.sessions.configure(&mut config.sessions);
        self.passwords.configure(&mut config.passwords)?;
        config.temporary_passwords_last = self.passwords.temporary_passwords_last;
        self.throttle.configure(&mut config.throttle);
        #[cfg(feature = "passkeys")]
        self.serving.configure_passkeys(&mut config)?;
        config.hsts_include_subdomains = self.serving.hsts_include_subdomains;
        config.security_log_retention = storage.security_log_retention;
        config.trusted_proxies = self.serving.trusted_proxies.clone();
        if let Some(mailer) = mailer {
            config.mailer(mailer);
        }
        change(&mut config);
        Ok(Site::open(database, config).await?)
    }

    /// What sends the mails of the site at `public_url`; `None` if no mail is set up.
    pub(crate) fn mailer(&self, public_url: &PublicUrl) -> anyhow::Result<Option<ProgramMailer>> {
        self.mail.mailer(&self.pages.site_name, public_url)
    }
}

#[cfg(feature = "redis")]
async fn keep_sessions_at(
    url: &str,
    patience: &Patience,
    config: &mut SiteConfig,
) -> anyhow::Result<()> {
    let connect = async || vestibule::stores::RedisStore::connect(url).await;
    let store = patience.connect("session store", connect).await?;
    config.throttle_counters(store.counters());
    config.session_store(store);
    Ok(())
}

#[cfg(not(feature = "redis"))]
async fn keep_sessions_at(_: &str, _: &Patience, _: &mut SiteConfig) -> anyhow::Result<()> {
    bail!("this build keeps sessions only in the database: build it with the feature `redis`")
}

/// The file of a SQLite address, if it is one.
fn sqlite_file(database_url: &str) -> Option<PathBuf> {
    let file = database_url.strip_prefix("sqlite:")?;
    let file = file.strip_prefix("//").unwrap_or(file);
    let file = file.split('?').next()?;
    (!file.is_empty() && file != ":memory:").then(|| PathBuf::from(file))
}

/// SQLAlchemy reads `sqlite:///instance/site.db` as a file in the current folder.
fn with_advice_on_slashes(error: anyhow::Error, database_url: &str) -> anyhow::Error {
    let path = database_url.strip_prefix("sqlite:///");
    match path.filter(|path| !path.starts_with('/')) {
        Some(path) => anyhow!(
            "{error:#}; or write sqlite://{path} for a file in the current folder: with three \
             slashes the path begins at the root of the disk"
        ),
        None => error,
    }
}

/// Creates our own folder, closed to other users. Any other missing folder is an error.
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

/// Creates an empty database that nobody else can read, because it will hold the password hashes.
/// SQLite gives its journal the same mode.
fn make_private_file(file: &Path) -> anyhow::Result<()> {
    match create_private(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the database {}", file.display()))
        }
        _ => Ok(()),
    }
}
