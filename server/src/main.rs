//! The program: the finished login app, and the command line of its operator.

mod commands;
mod connections;
mod framing;
mod host;
mod instance;
mod log;
mod metrics;
mod private_file;
mod secret_key;
mod serve;
mod settings;
mod sources;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{doctor, password, role, routes, session, throttle, user};
use crate::settings::Settings;

/// User accounts, log-in and sessions for the web, ready to run.
///
/// Without a command it serves: open the address it prints. The first start makes the folder
/// `instance` with a database and a secret key; nothing else is needed.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the app (what happens without a command, too)
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
    /// List and end sessions
    Session {
        #[command(subcommand)]
        command: session::SessionCommand,
    },
    /// List and forget wrong passwords
    Throttle {
        #[command(subcommand)]
        command: throttle::ThrottleCommand,
    },
    /// Find out how passwords should be hashed on this machine
    Password {
        #[command(subcommand)]
        command: password::PasswordCommand,
    },
    /// Replace the secret key; nobody is logged out
    SecretKey {
        #[command(subcommand)]
        command: commands::secret_key::SecretKeyCommand,
    },
    /// Look for what is wrong with the settings and the machine; fails if there is something
    Doctor {
        #[command(subcommand)]
        command: Option<doctor::DoctorCommand>,
    },
    /// Show what each route asks of its visitors
    Routes,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else {
        return ExitCode::SUCCESS;
    };
    // What went wrong and why; never a backtrace, whatever the environment asks for.
    writeln!(std::io::stderr(), "Error: {error:#}").ok();
    ExitCode::FAILURE
}

async fn run() -> anyhow::Result<()> {
    let cli: Cli = sources::parse()?;
    let command = cli.command.unwrap_or(Command::Serve);
    // Asking each route is refused by most: nothing that happened, and nothing to log.
    if !matches!(command, Command::Routes) {
        log::init(&cli.settings)?;
    }
    match command {
        Command::Serve => serve::serve(cli.settings).await,
        Command::User { command } => user::run(command, &cli.settings).await,
        Command::Role { command } => role::run(command, &cli.settings).await,
        Command::Session { command } => session::run(command, &cli.settings).await,
        Command::Throttle { command } => throttle::run(command, &cli.settings).await,
        Command::Password { command } => password::run(&command, &cli.settings),
        Command::SecretKey { command } => commands::secret_key::run(&command, &cli.settings),
        Command::Doctor { command } => doctor::run(command, &cli.settings).await,
        Command::Routes => routes::run(&cli.settings).await,
    }
}
