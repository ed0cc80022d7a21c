//! `vestibule role …`: roles and their permissions.

use anyhow::Context;
use clap::Subcommand;
use vestibule::access::PermissionName;

use super::{open, operator, report, role_name, say};
use crate::settings::Settings;

/// Commands for roles. A running program applies a change within 2 seconds.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List all roles with their permissions and number of users
    List,
    /// Add a role
    Add {
        /// Name of the role
        role: String,
    },
    /// Delete a role and take it from all users who have it
    Remove {
        /// Name of the role
        role: String,
    },
    /// Give a role a permission
    Allow {
        /// Name of the role
        role: String,
        /// Name of the permission, such as posts.edit
        permission: String,
    },
    /// Take a permission from a role
    Forbid {
        /// Name of the role
        role: String,
        /// Name of the permission, such as posts.edit
        permission: String,
    },
}

pub(crate) async fn run(command: RoleCommand, settings: &Settings) -> anyhow::Result<()> {
    let site = open(settings).await?;
    let operator = operator(&site);
    match command {
        RoleCommand::List => {
            for role in site.accounts().roles().await? {
                let holders = site.accounts().count_with_role(&role.name.parse()?).await?;
                let permissions = role.permissions.join(",");
                say(format!("{}\t{permissions}\t{holders}", role.name))?;
            }
            Ok(())
        }
        RoleCommand::Add { role } => {
            let change = operator.add_role(&role_name(&role)?).await?;
            report(&change, format!("The role {role} is added."))
        }
        RoleCommand::Remove { role } => {
            let change = operator.remove_role(&role_name(&role)?).await?;
            report(&change, format!("The role {role} is removed."))
        }
        RoleCommand::Allow { role, permission } => {
            let change = operator
                .allow(&role_name(&role)?, &permission_name(&permission)?)
                .await?;
            let done = format!("The role {role} has the permission {permission}.");
            report(&change, done)
        }
        RoleCommand::Forbid { role, permission } => {
            let change = operator
                .forbid(&role_name(&role)?, &permission_name(&permission)?)
                .await?;
            let done = format!("The role {role} no longer has the permission {permission}.");
            report(&change, done)
        }
    }
}

fn permission_name(name: &str) -> anyhow::Result<PermissionName> {
    name.parse()
        .with_context(|| format!("`{name}` cannot be the name of a permission"))
}
