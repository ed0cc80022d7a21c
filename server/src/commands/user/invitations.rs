//! Inviting people, listing invitations and revoking them.

use anyhow::bail;
use vestibule::accounts::{Actor, ChangeOutcome, Cursor, Invitation, InvitationState};
use vestibule::flows::Site;
use vestibule::mail::Email;

use super::{needs_mail, operator, report, role_name, say};

/// How many invitations one query reads.
const PAGE: u64 = 500;

/// Sends an invitation.
pub(super) async fn invite(site: &Site, address: &str, role: Option<&str>) -> anyhow::Result<()> {
    needs_mail(site)?;
    let email: Email = address.parse()?;
    let role = role.map(role_name).transpose()?;
    let actor = Actor::operator();
    match site.invite(actor, &email, role.as_ref()).await? {
        ChangeOutcome::EmailTaken => bail!("there is an account with the address {email} already"),
        ChangeOutcome::AlreadyInvited => bail!(
            "an invitation to {email} is open; `vestibule user resend-invitation {email}` sends it \
             again"
        ),
        change => report(&change, format!("An invitation to {email} is on its way.")),
    }
}

/// Sends an open invitation again.
pub(super) async fn resend(site: &Site, which: &str) -> anyhow::Result<()> {
    needs_mail(site)?;
    let invitation = find(site, which).await?;
    let change = site.resend_invitation(Actor::operator(), &invitation.id);
    let done = format!("A new invitation to {} is on its way.", invitation.address);
    report(&change.await?, done)
}

/// Revokes an open invitation.
pub(super) async fn revoke(site: &Site, which: &str) -> anyhow::Result<()> {
    let invitation = find(site, which).await?;
    let change = operator(site).revoke_invitation(&invitation.id).await?;
    let done = format!("The invitation to {} is revoked.", invitation.address);
    report(&change, done)
}

/// Prints all invitations, newest first.
pub(super) async fn list(site: &Site) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = page(site, after.as_deref()).await?;
        for invitation in &page {
            say(format!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                invitation.id,
                invitation.address,
                invitation.state.as_str(),
                invitation.role.as_deref().unwrap_or_default(),
                invitation.inviter,
                invitation.expires_at,
            ))?;
        }
        after = match page.last() {
            Some(last) => Some(last.id.clone()),
            None => return Ok(()),
        };
    }
}

/// The invitation with this id, or the newest to this address that was neither used nor revoked.
async fn find(site: &Site, which: &str) -> anyhow::Result<Invitation> {
    let email = which.parse::<Email>().ok();
    let is_it = |invitation: &Invitation| {
        let is_to = invitation.address.parse::<Email>().ok();
        let is_done = matches!(
            invitation.state,
            InvitationState::Used | InvitationState::Revoked
        );
        invitation.id == which || email.is_some() && is_to == email && !is_done
    };
    let mut after = None;
    loop {
        let page = page(site, after.as_deref()).await?;
        after = match page.last() {
            Some(last) => Some(last.id.clone()),
            None => {
                bail!("there is no open invitation {which}; `vestibule user invitations` lists all")
            }
        };
        if let Some(found) = page.into_iter().find(is_it) {
            return Ok(found);
        }
    }
}

async fn page(site: &Site, after: Option<&str>) -> anyhow::Result<Vec<Invitation>> {
    let accounts = site.accounts();
    Ok(accounts.invitations(Cursor::from(after), PAGE).await?)
}
