//! Where settings come from: flag, environment, file, default, in this order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::Resettable;
use clap::error::ContextKind;
use clap::{CommandFactory, FromArgMatches};

/// The settings file to read if none is named and this one exists.
const DEFAULT_FILE: &str = "vestibule.toml";
const ENVIRONMENT_PREFIX: &str = "VESTIBULE_";

/// Reads the command line, the environment and the settings file into `T`. Prints and exits where
/// clap does: for `--help`, for `--version`, and for input that it cannot read.
pub(crate) fn parse<T: CommandFactory + FromArgMatches>() -> anyhow::Result<T> {
    let (command, file) = with_defaults(T::command())?;
    let parsed = settings_apart(command.clone())
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

/// The command with the values of the settings file as defaults, and the path of that file.
fn with_defaults(command: clap::Command) -> anyhow::Result<(clap::Command, Option<PathBuf>)> {
    refuse_unknown_environment(&command)?;
    let command = without_empty_variables(command);
    let file = settings_file(command.clone())?;
    let command = match &file {
        Some(file) => with_file(command, file)?,
        None => command,
    };
    Ok((command, file))
}

/// Treats an empty variable as unset, because Compose and others pass each variable that they know
/// of.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| match arg.get_env().map(std::env::var_os) {
        Some(Some(value)) if value.is_empty() => arg.env(Resettable::Reset),
        _ => arg,
    })
}

/// Whether the value that clap rejects is a default from the settings file.
fn is_of_the_file(command: &clap::Command, error: &clap::Error) -> bool {
    let value = error
        .get(ContextKind::InvalidValue)
        .map(ToString::to_string);
    let mut defaults = command
        .get_arguments()
        .flat_map(clap::Arg::get_default_values);
    value.is_some_and(|value| defaults.any(|default| default.to_str() == Some(&value)))
}

/// The settings file that is named, or else the usual one if it exists.
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

/// Makes the file's values the defaults, so that flags and environment override them.
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
            toml::Value::Boolean(truth) => truth.to_string(),
            other => bail!(
                "{shown}: `{key}` must be a text, a whole number, true or false, not of the type {}",
                other.type_str()
            ),
        };
        command = command.mut_arg(key, |arg| arg.default_value(value));
    }
    Ok(command)
}

fn setting_names(command: &clap::Command) -> Vec<String> {
    let is_setting = |arg: &&clap::Arg| arg.is_global_set() && arg.get_id() != "config";
    let settings = command.get_arguments().filter(is_setting);
    settings.map(|arg| arg.get_id().to_string()).collect()
}

/// The command whose help shows the settings.
pub(crate) const SETTINGS: &str = "settings";

/// Hides the settings in all help but that of [`SETTINGS`], because every command has them, and
/// they are longer than the rest.
fn settings_apart(command: clap::Command) -> clap::Command {
    let is_setting = |arg: &clap::Arg| arg.is_global_set();
    let settings = command.get_arguments().filter(|arg| is_setting(arg));
    let settings: Vec<_> = settings.cloned().collect();
    command
        .mut_args(|arg| {
            let is_hidden = is_setting(&arg) || arg.is_hide_set();
            arg.hide(is_hidden)
        })
        .mut_subcommands(|command| match command.get_name() {
            SETTINGS => command.args(&settings),
            _ => with_hint(command),
        })
}

fn with_hint(command: clap::Command) -> clap::Command {
    command.mut_subcommands(with_hint).after_help(
        "It also takes the settings, such as --database-url: `vestibule help settings`.",
    )
}

/// Prints the help of [`SETTINGS`].
pub(crate) fn show_settings<T: CommandFactory>() -> anyhow::Result<()> {
    let (command, _) = with_defaults(T::command())?;
    let mut command = settings_apart(command);
    command.build();
    let settings = command.find_subcommand_mut(SETTINGS);
    let settings = settings.context("the command is missing")?;
    Ok(settings.print_long_help()?)
}

fn refuse_unknown_environment(command: &clap::Command) -> anyhow::Result<()> {
    let known: Vec<_> = command
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned))
        .collect();
    let ours = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        let is_ours = name.starts_with(ENVIRONMENT_PREFIX)
            && !value.is_empty()
            // Kubernetes gives every program these variables for a service of that name.
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

/// The name that was probably meant, as the end of a sentence.
fn nearest(name: &str, known: &[String]) -> String {
    match vestibule::access::nearest(name, known.iter().map(String::as_str)) {
        Some(candidate) => format!("; did you mean `{candidate}`?"),
        None => format!("; the settings are {}", known.join(", ")),
    }
}
