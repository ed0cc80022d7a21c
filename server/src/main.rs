//! The program: the finished login app, and the command line of its operator.

mod instance;
mod log;
mod secret_key;
mod serve;
mod settings;
mod sources;
mod user;

use clap::{Parser, Subcommand};

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
    /// Add, list and change users
    User {
        #[command(subcommand)]
        command: user::UserCommand,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli: Cli = sources::parse()?;
    log::init(&cli.settings)?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(cli.settings).await,
        Command::User { command } => user::run(command, &cli.settings).await,
    }
}
