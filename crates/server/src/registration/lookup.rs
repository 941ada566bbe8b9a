//! What is known of a number: its evidence, and its means as they are now.
//!
//! Everything that decides reads it here. Our own store answers always; a number of the sandbox answers as its row says,
//! failures included.

use countersign_domain::registration::{Lookup, Means, MeansLookups, OfNumber, app_serial, day};
use countersign_store::Tx;
use countersign_wire::registration::{PhoneNumber, TenantId};
use jiff::Timestamp;

use crate::App;
use crate::command::Failure;

/// What is known of a number.
pub(crate) struct Known {
    /// Its evidence; `Failed` when that could not be asked.
    pub(crate) evidence: Lookup<OfNumber>,
    /// Its means.
    pub(crate) means: MeansLookups,
}

/// Asks for everything about a number.
pub(crate) fn known(
    app: &App,
    tx: &Tx<'_>,
    tenant: &TenantId,
    number: &PhoneNumber,
    now: Timestamp,
) -> Result<Known, Failure> {
    let of_number = OfNumber::sort(tx.evidence().of_number(tenant, number)?, day(now));
    if let Some(played) = app.test_world().and_then(|world| world.sandbox().played(number)) {
        let evidence = if played.evidence_fails { Lookup::Failed } else { Lookup::Found(of_number) };
        return Ok(Known { evidence, means: played.means });
    }
    let bound: Option<Means> = of_number.in_force.as_ref().and_then(|evidence| evidence.bound_to().cloned());
    let person = of_number.waiting.as_ref().or(of_number.in_force.as_ref()).or(of_number.newest.as_ref());
    let accounts = match person {
        Some(evidence) => tx.accounts().of_person(evidence.person())?,
        None => Vec::new(),
    };
    let app_means = Lookup::from(app_serial(&accounts, bound.as_ref()));
    let password = tx.passwords().find(tenant, number)?;
    let sas = Lookup::from(password.and_then(|means| means.serial().cloned()));
    Ok(Known { evidence: Lookup::Found(of_number), means: MeansLookups { app: app_means, sas } })
}
