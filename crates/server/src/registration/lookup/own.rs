//! Our own store: it answers always, and with one look.

use countersign_domain::registration::{Evidence, Lookup, OfNumber, app_serial, day};
use countersign_store::Tx;

use super::{Answering, Answers, Asked, Connector, FoundEvidence, LookupKind};
use crate::App;
use crate::command::Failure;

/// The store of this service.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnStore;

impl Connector for OwnStore {
    fn ask<'a>(
        &'a self,
        app: &'a App,
        asked: &'a Asked,
        kinds: &'a [LookupKind],
        known: Answers,
    ) -> Answering<'a> {
        let (tenant, number, now) = (asked.tenant.clone(), asked.number.clone(), asked.now);
        let (asked, kinds) = (Asked { tenant, number, now }, kinds.to_vec());
        Box::pin(app.read("look up a number", move |tx| look(tx, &asked, &kinds, known)))
    }
}

fn look(tx: &Tx<'_>, asked: &Asked, kinds: &[LookupKind], mut known: Answers) -> Result<Answers, Failure> {
    let all = tx.evidence().of_number(&asked.tenant, &asked.number)?;
    let own = OfNumber::sort(all, day(asked.now));
    let person = own.waiting.as_ref().or(own.in_force.as_ref()).or(own.newest.as_ref());
    let person = person.map(|evidence| evidence.person().clone());
    if kinds.contains(&LookupKind::Evidence) {
        let counts = own.in_force.as_ref().and_then(Evidence::counting);
        known.evidence = Some(Lookup::Found(FoundEvidence { counts, own }));
    }
    if kinds.contains(&LookupKind::App) {
        let accounts = match person {
            Some(person) => tx.accounts().of_person(&person)?,
            None => Vec::new(),
        };
        known.app = Some(Lookup::from(app_serial(&accounts, known.bound())));
    }
    if kinds.contains(&LookupKind::Sas) {
        let password = tx.passwords().find(&asked.tenant, &asked.number)?;
        known.sas = Some(Lookup::from(password.and_then(|means| means.serial().cloned())));
    }
    Ok(known)
}
