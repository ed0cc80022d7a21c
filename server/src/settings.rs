//! Every setting of the program, in one place, from four: flag, environment, file, default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::error::ContextKind;
use clap::{Args, CommandFactory, FromArgMatches, ValueEnum};
use vestibule::web::PublicUrl;

/// The file that is read when no other is named, if it is there.
const DEFAULT_FILE: &str = "vestibule.toml";
const ENVIRONMENT_PREFIX: &str = "VESTIBULE_";

/// The settings. Each is a flag, `--database-url`; an environment variable,
/// `VESTIBULE_DATABASE_URL`; and a key of the settings file, `database_url`. The flag goes
/// before the environment, the environment before the file, the file before the default.
/// Paths are relative to the folder that the program is started in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// Settings file, TOML, with the names of these flags as keys: database_url = "…"
    /// [default: vestibule.toml, if it is there]
    #[arg(long, env = "VESTIBULE_CONFIG", value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,

    /// Address and port to listen on
    #[arg(
        long,
        env = "VESTIBULE_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:5000",
        value_parser = parse_address,
        global = true
    )]
    pub(crate) listen: SocketAddr,

    /// Address at which browsers reach the app; https anywhere but on this machine
    /// [default: http:// and the address to listen on]
    #[arg(long, env = "VESTIBULE_PUBLIC_URL", value_name = "URL", global = true)]
    pub(crate) public_url: Option<PublicUrl>,

    /// Database of users and sessions, such as sqlite://FILE?mode=rwc
    /// [default: sqlite://instance/site.db?mode=rwc]
    #[arg(
        long,
        env = "VESTIBULE_DATABASE_URL",
        value_name = "URL",
        default_value = "sqlite://instance/site.db?mode=rwc",
        hide_env_values = true,
        hide_default_value = true,
        global = true
    )]
    pub(crate) database_url: String,

    /// File with the key that signs cookies; made at the first start
    #[arg(
        long,
        env = "VESTIBULE_SECRET_KEY_FILE",
        value_name = "FILE",
        default_value = "instance/secret_key",
        global = true
    )]
    pub(crate) secret_key_file: PathBuf,

    /// Name of the site, on its pages
    #[arg(
        long,
        env = "VESTIBULE_SITE_NAME",
        value_name = "NAME",
        default_value = "Vestibule",
        global = true
    )]
    pub(crate) site_name: String,

    /// Folder of templates that replace the built-in ones of the same name
    #[arg(
        long,
        env = "VESTIBULE_TEMPLATES",
        value_name = "FOLDER",
        global = true
    )]
    pub(crate) templates: Option<PathBuf>,

    /// End a session that is not used for this long
    #[arg(
        long,
        env = "VESTIBULE_SESSION_IDLE",
        value_name = "TIME",
        default_value = "14days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_idle: Duration,

    /// End a session this long after the log-in, however busy it is
    #[arg(
        long,
        env = "VESTIBULE_SESSION_ABSOLUTE",
        value_name = "TIME",
        default_value = "30days",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) session_absolute: Duration,

    /// Algorithm for new passwords; those hashed by the other stay valid
    #[arg(
        long,
        env = "VESTIBULE_PASSWORD_ALGORITHM",
        value_name = "NAME",
        default_value = "argon2id",
        global = true
    )]
    pub(crate) password_algorithm: Algorithm,

    /// Memory of an Argon2id hash, in KiB; less makes a stolen database easier to crack
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_MEMORY_KIB",
        value_name = "KIB",
        default_value_t = 19 * 1024,
        global = true
    )]
    pub(crate) argon2_memory_kib: u32,

    /// Passes of an Argon2id hash over its memory
    #[arg(
        long,
        env = "VESTIBULE_ARGON2_PASSES",
        value_name = "COUNT",
        default_value_t = 2,
        global = true
    )]
    pub(crate) argon2_passes: u32,

    /// Cost of a bcrypt hash, 4 to 16: each step doubles its time
    #[arg(
        long,
        env = "VESTIBULE_BCRYPT_COST",
        value_name = "COST",
        default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(4..=16),
        global = true
    )]
    pub(crate) bcrypt_cost: u32,

    /// Close a connection whose request headers take longer than this
    #[arg(
        long,
        env = "VESTIBULE_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) header_timeout: Duration,

    /// Give up a request that takes longer than this from its headers to its answer
    #[arg(
        long,
        env = "VESTIBULE_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "30s",
        value_parser = parse_duration,
        global = true
    )]
    pub(crate) request_timeout: Duration,

    /// What to log: error, warn, info, debug, trace, or a filter such as vestibule=debug
    #[arg(
        long,
        env = "VESTIBULE_LOG",
        value_name = "FILTER",
        default_value = "warn,vestibule=info",
        global = true
    )]
    pub(crate) log: String,

    /// How to write the log
    #[arg(
        long,
        env = "VESTIBULE_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true
    )]
    pub(crate) log_format: LogFormat,
}

/// Algorithms for new passwords.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Algorithm {
    /// Argon2id
    Argon2id,
    /// bcrypt, as Flask-Bcrypt
    Bcrypt,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text for each event
    Text,
    /// A JSON object for each event
    Json,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an address and a port, like 127.0.0.1:5000 or [::1]:5000".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be more than nothing".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write it like 30s, 12h or 14days")),
    }
}

/// Reads the command line, the environment and the settings file into `T`. Prints and exits
/// where clap does: for `--help`, `--version`, and what it cannot read.
pub(crate) fn parse<T: CommandFactory + FromArgMatches>() -> anyhow::Result<T> {
    let command = T::command();
    refuse_unknown_environment(&command)?;
    let file = settings_file(command.clone())?;
    let command = match &file {
        Some(file) => with_file(command, file)?,
        None => command,
    };
    let parsed = command
        .clone()
        .try_get_matches()
        .and_then(|mut matches| T::from_arg_matches_mut(&mut matches));
    parsed.or_else(|error| match file {
        Some(file) if is_of_the_file(&command, &error) => {
            let error = error.to_string();
            let error = error.trim_start_matches("error: ").trim_end();
            bail!("{}: {error}", file.display())
        }
        _ => error.exit(),
    })
}

/// Whether the value that clap refuses is one of those that the file made a default.
fn is_of_the_file(command: &clap::Command, error: &clap::Error) -> bool {
    let value = error
        .get(ContextKind::InvalidValue)
        .map(ToString::to_string);
    let mut defaults = command
        .get_arguments()
        .flat_map(clap::Arg::get_default_values);
    value.is_some_and(|value| defaults.any(|default| default.to_str() == Some(&value)))
}

/// The file that is named, or the usual one if it is there.
fn settings_file(command: clap::Command) -> anyhow::Result<Option<PathBuf>> {
    let named = command
        .ignore_errors(true)
        .try_get_matches()
        .ok()
        .and_then(|matches| matches.get_one::<PathBuf>("config").cloned());
    match named {
        Some(file) if file.is_file() => Ok(Some(file)),
        Some(file) => bail!("there is no settings file {}", file.display()),
        None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file())),
    }
}

/// Makes the file's values the defaults, so that flags and environment go before them.
fn with_file(mut command: clap::Command, file: &Path) -> anyhow::Result<clap::Command> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let values: BTreeMap<String, toml::Value> =
        toml::from_str(&text).with_context(|| format!("{shown} is not valid TOML"))?;
    let known: Vec<_> = setting_names(&command);
    for (key, value) in values {
        if !known.contains(&key) {
            bail!("{shown}: unknown setting `{key}`{}", nearest(&key, &known));
        }
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            other => bail!(
                "{shown}: `{key}` is a text or a whole number, not of the type {}",
                other.type_str()
            ),
        };
        command = command.mut_arg(key, |arg| arg.default_value(value));
    }
    Ok(command)
}

fn setting_names(command: &clap::Command) -> Vec<String> {
    let is_setting = |arg: &&clap::Arg| arg.get_env().is_some() && arg.get_id() != "config";
    let settings = command.get_arguments().filter(is_setting);
    settings.map(|arg| arg.get_id().to_string()).collect()
}

fn refuse_unknown_environment(command: &clap::Command) -> anyhow::Result<()> {
    let known: Vec<_> = command
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned))
        .collect();
    let ours = |(name, _): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        let is_ours = name.starts_with(ENVIRONMENT_PREFIX)
            // Kubernetes gives every program these for a service of that name.
            && !name.starts_with("VESTIBULE_SERVICE_")
            && !name.starts_with("VESTIBULE_PORT");
        is_ours.then_some(name)
    };
    for name in std::env::vars_os().filter_map(ours) {
        if !known.contains(&name) {
            let nearest = nearest(&name, &known);
            bail!("unknown setting in the environment: `{name}`{nearest}");
        }
    }
    Ok(())
}

/// What was probably meant, as the end of a sentence.
fn nearest(name: &str, known: &[String]) -> String {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, _)| *distance <= name.len() / 3)
        .map(|(_, candidate)| format!("; did you mean `{candidate}`?"))
        .unwrap_or_else(|| format!("; there are {}", known.join(", ")))
}
