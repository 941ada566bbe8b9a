//! `countersign proposal`: what operators have proposed because it takes two people, through the operator's API.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_client::wire::admin::right::{
    ApproveProposal, ApprovedProposal, ProposalEntry, ProposalList, RejectProposal,
};
use countersign_client::wire::id::ProposalId;

use crate::desk::Desk;
use crate::error::Error;
use crate::http::Method;
use crate::{runtime, screen};

/// Approve or reject what another operator has proposed
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Examples:
  countersign proposal list
  countersign proposal approve --proposal 3q2-7w --sha256 9f86d0…   what the list showed, and nothing else
  countersign proposal reject --proposal 3q2-7w --reference case/18

The key of an operator is in COUNTERSIGN_ADMIN_KEY; nobody approves what they have proposed themselves.

Exit codes:
  0  done
  2  wrong usage
  4  the service cannot be reached, or refuses: wrong key, the same person, decided before, ...
  6  what the service answered cannot be read";

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Approve(Approve),
    Reject(Reject),
}

/// Show what waits, with everything that is asked for
#[derive(Debug, Args)]
struct List {
    /// What was decided, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    desk: Desk,
}

/// Have a proposal carried out, as the act of whoever proposed it
#[derive(Debug, Args)]
struct Approve {
    /// The proposal
    #[arg(long, value_name = "ID", value_parser = ProposalId::parse)]
    proposal: ProposalId,
    /// The hash that the list shows for it: what you have looked at
    #[arg(long, value_name = "HASH")]
    sha256: String,
    #[command(flatten)]
    desk: Desk,
}

/// Say no, or take back your own
#[derive(Debug, Args)]
struct Reject {
    /// The proposal
    #[arg(long, value_name = "ID", value_parser = ProposalId::parse)]
    proposal: ProposalId,
    /// Where the reason is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    reference: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    runtime::small()?.block_on(async {
        match &arguments.command {
            Command::List(List { all, desk }) => {
                let path = if *all { "/proposals" } else { "/proposals?state=OPEN" };
                let found: ProposalList = desk.call(Method::GET, path, None::<&()>).await?;
                if desk.json {
                    screen::json(&found);
                } else {
                    found.proposals.iter().for_each(lines);
                }
            }
            Command::Approve(Approve { proposal, sha256, desk }) => {
                let body = ApproveProposal { sha256: sha256.clone() };
                let path = format!("/proposals/{proposal}/approve");
                let approved: ApprovedProposal = desk.call(Method::POST, &path, Some(&body)).await?;
                if desk.json {
                    screen::json(&approved);
                } else {
                    lines(&approved.proposal);
                    screen::line(&approved.answer);
                }
            }
            Command::Reject(Reject { proposal, reference, desk }) => {
                let body = RejectProposal { reference: reference.clone() };
                let path = format!("/proposals/{proposal}/reject");
                let rejected: ProposalEntry = desk.call(Method::POST, &path, Some(&body)).await?;
                if desk.json { screen::json(&rejected) } else { lines(&rejected) }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn lines(proposal: &ProposalEntry) {
    let ProposalEntry { proposal: id, act, state, by, proposed, expires, .. } = proposal;
    screen::line(format_args!("{id}  {state}  {act}  by {by}, {proposed}"));
    if let Some(request) = &proposal.request {
        screen::line(format_args!("  until    {expires}"));
        screen::line(format_args!("  asks     {} {}", request.method, request.path));
        // Whatever is in it stays on one line, and is no command to a terminal.
        let body = request.body.replace(char::is_control, " ");
        screen::line(format_args!("  with     {body}"));
        screen::line(format_args!("  sha256   {}", proposal.sha256));
    }
    if let (Some(who), Some(when)) = (&proposal.decided_by, &proposal.decided) {
        screen::line(format_args!("  decided  by {who}, {when}"));
    }
}
