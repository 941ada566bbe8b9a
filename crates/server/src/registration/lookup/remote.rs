//! Another service answers lookups over HTTP (`[registration.remote]`). The wire form is
//! `countersign_wire::registration::lookup`.

use countersign_domain::registration::{Counting, Lookup, Means, MeansKind, OfNumber, Validity};
use countersign_wire::registration::MeansSerial;
use countersign_wire::registration::lookup::{ANSWER_MAX, LookupRequest, RemoteEvidence, evidence, means};

use super::{Answering, Answers, Asked, Connector, FoundEvidence, LookupKind};
use crate::App;
use crate::registration::config::RemoteService;
use crate::registration::remote::{Call, Line, Remote};

/// The service.
#[derive(Debug)]
pub(super) struct RemoteLookups {
    remote: Remote,
    lines: [Line; LookupKind::ALL.len()],
}

impl RemoteLookups {
    /// A service as configured.
    pub(super) fn new(config: &RemoteService) -> Result<Self, reqwest::Error> {
        let lines = std::array::from_fn(|place| Line::new(LookupKind::ALL[place].as_str()));
        Ok(Self { remote: Remote::new(config)?, lines })
    }

    /// One lookup: what `read` makes of the answer.
    async fn look<T>(
        &self,
        app: &App,
        asked: &Asked,
        kind: LookupKind,
        read: impl Fn(&[u8]) -> Option<Option<T>> + Sync,
    ) -> Lookup<T> {
        let (path, means) = match kind {
            LookupKind::Evidence => ("evidence", None),
            LookupKind::App => ("means", Some(MeansKind::App)),
            LookupKind::Sas => ("means", Some(MeansKind::Sas)),
        };
        let body = LookupRequest {
            tenant: asked.tenant.clone(),
            msisdn: asked.number.clone(),
            kind: means.map(|kind| kind.as_str().to_owned()),
        };
        let outcome = |found: &Option<T>| if found.is_some() { "found" } else { "absent" };
        let call = Call { path, body: &body, most: ANSWER_MAX, read: &read, outcome };
        self.remote.call(app, &self.lines[kind as usize], call).await.map_or(Lookup::Failed, Lookup::from)
    }

    async fn means_of(&self, app: &App, asked: &Asked, kind: LookupKind) -> Lookup<MeansSerial> {
        self.look(app, asked, kind, |body| means(body).ok()).await
    }
}

impl Connector for RemoteLookups {
    fn ask<'a>(
        &'a self,
        app: &'a App,
        asked: &'a Asked,
        kinds: &'a [LookupKind],
        mut known: Answers,
    ) -> Answering<'a> {
        Box::pin(async move {
            let wanted = |kind| kinds.contains(&kind);
            let evidence = async {
                if !wanted(LookupKind::Evidence) {
                    return None;
                }
                let read = |body: &[u8]| match evidence(body).ok()? {
                    Some(found) => Some(Some(counting(found)?)),
                    None => Some(None),
                };
                Some(self.look(app, asked, LookupKind::Evidence, read).await)
            };
            let means = async |kind| {
                if wanted(kind) { Some(self.means_of(app, asked, kind).await) } else { None }
            };
            // At the same time: together they take no longer than the slowest.
            let (evidence, of_app, of_sas) =
                tokio::join!(evidence, means(LookupKind::App), means(LookupKind::Sas));
            if let Some(found) = evidence {
                known.evidence = Some(match found {
                    Lookup::Found(counts) => {
                        Lookup::Found(FoundEvidence { counts: Some(counts), own: OfNumber::default() })
                    }
                    Lookup::Absent => Lookup::Absent,
                    Lookup::Failed => Lookup::Failed,
                });
            }
            known.app = of_app.or(known.app);
            known.sas = of_sas.or(known.sas);
            Ok(known)
        })
    }
}

/// What counts of the evidence; nothing when it is bound to a means of no kind that we know.
fn counting(found: RemoteEvidence) -> Option<Counting> {
    let kind = found.means.kind.parse::<MeansKind>().ok()?;
    Some(Counting {
        bound: Means { kind, serial: found.means.serial },
        granted: found.levels,
        validity: Validity {
            advanced_until: found.advanced_until,
            // Level 4 never outlasts level 3.
            qualified_until: found.qualified_until.min(found.advanced_until),
        },
        lowered: found.lowered,
    })
}
