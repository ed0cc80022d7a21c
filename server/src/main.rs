//! The program: the finished login app, and the command line of its operator.

mod commands;
mod connections;
mod framing;
mod host;
mod instance;
mod listener;
mod log;
mod mailer;
mod metrics;
mod patience;
mod private_file;
mod secret_key;
mod serve;
mod settings;
mod signals;
#[cfg(unix)]
mod socket_file;
mod sources;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::commands::{doctor, mail, password, role, routes, session, throttle, user};
use crate::settings::Settings;

/// User accounts, log-in and sessions for the web, ready to run.
///
/// Without a command it serves the site: open the address that it prints. The first start makes the
/// folder `instance` with a database and a secret key. You need nothing else.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, after_help = ABOUT_SETTINGS)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

const ABOUT_SETTINGS: &str = "\
Settings:
  Every command takes them, as a flag, an environment variable or a line of vestibule.toml:
    vestibule --listen 127.0.0.1:8000
    VESTIBULE_LISTEN=127.0.0.1:8000 vestibule
  First needed: --listen, --public-url, --database-url, --session-store, --trusted-proxies,
    --smtp-url, --mail-from
  All of them: vestibule help settings";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site; this is what happens without a command
    Serve,
    /// Add, list and change users, and give them roles
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// Add, list and change roles
    Role {
        #[command(subcommand)]
        command: role::RoleCommand,
    },
    /// List and end the sessions of a user
    Session {
        #[command(subcommand)]
        command: session::SessionCommand,
    },
    /// List accounts and networks with wrong passwords, and forget those
    Throttle {
        #[command(subcommand)]
        command: throttle::ThrottleCommand,
    },
    /// List the mails that wait to be sent, were sent or failed, and send them again
    Mail {
        #[command(subcommand)]
        command: mail::MailCommand,
    },
    /// Find the hashing settings for this machine
    Password {
        #[command(subcommand)]
        command: password::PasswordCommand,
    },
    /// Replace the secret key; nobody is logged out
    SecretKey {
        #[command(subcommand)]
        command: commands::secret_key::SecretKeyCommand,
    },
    /// Check the settings, the database and the machine; exits with an error if something is wrong
    Doctor {
        #[command(subcommand)]
        command: Option<doctor::DoctorCommand>,
    },
    /// List each route with who may use it
    Routes,
    /// List all settings. Every command takes them
    ///
    /// Each setting is a flag, `--database-url`; an environment variable, `VESTIBULE_DATABASE_URL`;
    /// and a key of the settings file, `database_url`. A flag overrides the environment, the
    /// environment overrides the file, and the file overrides the default. An empty environment
    /// variable counts as unset. Paths are relative to the folder that the program is started in.
    Settings,
}

/// How long to wait at the end for threads that are blocked, for instance by a DNS look-up.
const LAST_WAIT: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let outcome = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(run());
        runtime.shutdown_timeout(LAST_WAIT);
        outcome
    });
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    // Show the error and its causes, but never a backtrace, even if the environment asks for one.
    writeln!(std::io::stderr(), "Error: {error:#}").ok();
    ExitCode::FAILURE
}

async fn run() -> anyhow::Result<()> {
    let cli: Cli = sources::parse()?;
    let command = cli.command.unwrap_or(Command::Serve);
    // `routes` calls every route, and most reject it. These rejections do not belong in the log.
    if !matches!(command, Command::Routes | Command::Settings) {
        log::init(&cli.settings)?;
    }
    match command {
        Command::Serve => serve::serve(cli.settings).await,
        Command::User { command } => user::run(command, &cli.settings).await,
        Command::Role { command } => role::run(command, &cli.settings).await,
        Command::Session { command } => session::run(command, &cli.settings).await,
        Command::Throttle { command } => throttle::run(command, &cli.settings).await,
        Command::Mail { command } => mail::run(command, &cli.settings).await,
        Command::Password { command } => password::run(&command, &cli.settings),
        Command::SecretKey { command } => commands::secret_key::run(&command, &cli.settings),
        Command::Doctor { command } => doctor::run(command, &cli.settings).await,
        Command::Routes => routes::run(&cli.settings).await,
        Command::Settings => sources::show_settings::<Cli>(),
    }
}
