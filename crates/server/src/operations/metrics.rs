//! What is counted, in the OpenMetrics text form. Labels are words of our own lists and route templates: never
//! anything about a person, a relying party's input, or a path as it was sent.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The media type of the answer.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted. One per [`App`](crate::App), so several in one process do not mix.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    started: Family<StartLabels, Counter>,
    ended: Family<EndLabels, Counter>,
    lives: Family<KindLabels, Histogram, fn() -> Histogram>,
    tries: Family<TryLabels, Counter>,
    events: Family<EventLabels, Counter>,
    limited: Family<LimitLabels, Counter>,
    pushes: Family<PushLabels, Counter>,
    validations: Family<ValidationLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    token_refusals: Family<TokenRefusalLabels, Counter>,
    signatures: Family<SignatureLabels, Counter>,
    lookups: Family<LookupLabels, Counter>,
    breakers: Family<BreakerLabels, Gauge>,
    purged: Counter,
    long_polls: Gauge,
    computations: Gauge,
    clock_doubted: Gauge,
    revocation_lists: Counter,
    faults: Counter,
}

/// What a person did with a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Try {
    /// A try was counted; its computation is about to run.
    Reserved,
    /// The PIN was right.
    Right,
    /// The PIN was wrong.
    Wrong,
    /// The key was locked, blocked or in use.
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Fixed,
    method: Fixed,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StartLabels {
    operation: Fixed,
    flow: Fixed,
    addressee: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    operation: Fixed,
    flow: Fixed,
    outcome: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    operation: Fixed,
    flow: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    door: Fixed,
    by: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PushLabels {
    result: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TryLabels {
    result: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ValidationLabels {
    outcome: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    method: Fixed,
    assurance: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenRefusalLabels {
    call: Fixed,
    reason: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    lookup: Fixed,
    outcome: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BreakerLabels {
    lookup: Fixed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignatureLabels {
    flow: Fixed,
    outcome: Fixed,
}

/// A label value from our own source text, or a route template (of which there are only so many).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Fixed {
    Word(&'static str),
    Route(Arc<str>),
}

impl EncodeLabelValue for Fixed {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), std::fmt::Error> {
        match self {
            Self::Word(word) => word.encode(encoder),
            Self::Route(route) => EncodeLabelValue::encode(&&**route, encoder),
        }
    }
}

/// What a session is, as labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKind {
    /// What it is for.
    pub operation: &'static str,
    /// How the person is reached.
    pub flow: &'static str,
    /// How the person was named.
    pub addressee: &'static str,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let requests = Family::default();
        let durations = Family::new_with_constructor(request_seconds as fn() -> Histogram);
        let started = Family::default();
        let ended = Family::default();
        let lives = Family::new_with_constructor(session_seconds as fn() -> Histogram);
        let tries = Family::default();
        let events = Family::default();
        let (limited, pushes) = (Family::default(), Family::default());
        let (validations, signatures) = (Family::default(), Family::default());
        let (tokens, token_refusals) = (Family::default(), Family::default());
        let (lookups, breakers) = (Family::default(), Family::default());
        let (purged, long_polls, computations, faults) =
            (Counter::default(), Gauge::default(), Gauge::default(), Counter::default());
        let (clock_doubted, revocation_lists) = (Gauge::default(), Counter::default());

        let mut registry = Registry::with_prefix("countersign");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", build);
        registry.register("http_requests", "Requests answered", requests.clone());
        let name = "http_request_duration";
        registry.register_with_unit(
            name,
            "Time to answer, long polls included",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("sessions_started", "Sessions that relying parties started", started.clone());
        registry.register("sessions_ended", "Sessions that ended, by end result", ended.clone());
        registry.register_with_unit("session_life", "From start to end result", Unit::Seconds, lives.clone());
        registry.register("pin_tries", "Computations with a PIN", tries.clone());
        registry.register("events", "Entries of the audit trail, by kind", events.clone());
        registry.register("validations", "Files that were validated, by outcome", validations.clone());
        registry.register("registrant_tokens", "Registrant tokens that were made", tokens.clone());
        registry.register(
            "registrant_refusals",
            "Registrant calls that were refused, and why",
            token_refusals.clone(),
        );
        let help = "Signatures of the signing service that ended, by outcome";
        registry.register("signing_signatures", help, signatures.clone());
        registry.register("requests_limited", "Requests of phones that came too often", limited.clone());
        registry.register("push_messages", "Attempts to wake a phone", pushes.clone());
        let help = "Lookups at the remote service of [registration.remote], by outcome";
        registry.register("registration_lookups", help, lookups.clone());
        let help = "Circuit breakers of remote lookups: 0 closed, 1 half open, 2 open";
        registry.register("registration_lookup_breaker", help, breakers.clone());
        registry.register("rows_purged", "Rows deleted because they are kept no longer", purged.clone());
        registry.register("long_polls_open", "Calls that wait for a change", long_polls.clone());
        registry.register("computations_open", "Key computations that run or wait", computations.clone());
        let help = "1 while the clock is not believed, and nothing that states a time is signed";
        registry.register("clock_doubted", help, clock_doubted.clone());
        registry.register("revocation_lists", "Revocation lists made", revocation_lists.clone());
        registry.register("faults", "Requests answered with an incident", faults.clone());
        Self {
            registry,
            requests,
            durations,
            started,
            ended,
            lives,
            tries,
            events,
            limited,
            pushes,
            validations,
            tokens,
            token_refusals,
            signatures,
            lookups,
            breakers,
            purged,
            long_polls,
            computations,
            clock_doubted,
            revocation_lists,
            faults,
        }
    }

    /// What is counted of the requests that match this template.
    pub(crate) fn route(&self, template: &str) -> Route {
        let template: Arc<str> = template.into();
        let labels = RouteLabels { route: Fixed::Route(Arc::clone(&template)) };
        Route(Arc::new(OfRoute {
            durations: self.durations.get_or_create(&labels).clone(),
            template,
            requests: self.requests.clone(),
            answers: RwLock::default(),
        }))
    }

    /// A remote lookup has ended, and this is where its breaker stands.
    pub(crate) fn lookup(&self, kind: &'static str, outcome: &'static str, breaker: i64) {
        let (lookup, outcome) = (Fixed::Word(kind), Fixed::Word(outcome));
        self.breakers.get_or_create(&BreakerLabels { lookup: lookup.clone() }).set(breaker);
        self.lookups.get_or_create(&LookupLabels { lookup, outcome }).inc();
    }

    /// A session was started.
    pub fn session_started(&self, kind: SessionKind) {
        let labels = StartLabels {
            operation: Fixed::Word(kind.operation),
            flow: Fixed::Word(kind.flow),
            addressee: Fixed::Word(kind.addressee),
        };
        self.started.get_or_create(&labels).inc();
    }

    /// A session came to its end.
    pub fn session_ended(&self, kind: SessionKind, outcome: &'static str, lived: Duration) {
        let (operation, flow) = (Fixed::Word(kind.operation), Fixed::Word(kind.flow));
        let labels =
            EndLabels { operation: operation.clone(), flow: flow.clone(), outcome: Fixed::Word(outcome) };
        self.ended.get_or_create(&labels).inc();
        self.lives.get_or_create(&KindLabels { operation, flow }).observe(lived.as_secs_f64());
    }

    /// A PIN was tried.
    pub fn pin_try(&self, result: Try) {
        let word = match result {
            Try::Reserved => "reserved",
            Try::Right => "right",
            Try::Wrong => "wrong",
            Try::Refused => "refused",
        };
        self.tries.get_or_create(&TryLabels { result: Fixed::Word(word) }).inc();
    }

    /// Something was written into the audit trail.
    pub(crate) fn event(&self, kind: &'static str) {
        self.events.get_or_create(&EventLabels { event: Fixed::Word(kind) }).inc();
    }

    /// A file was validated.
    pub(crate) fn validated(&self, outcome: &'static str) {
        self.validations.get_or_create(&ValidationLabels { outcome: Fixed::Word(outcome) }).inc();
    }

    /// A registrant token was made.
    pub(crate) fn token_made(&self, method: &'static str, assurance: &'static str) {
        let labels = TokenLabels { method: Fixed::Word(method), assurance: Fixed::Word(assurance) };
        self.tokens.get_or_create(&labels).inc();
    }

    /// A call for a registrant token (`token`), or with one (`resource`), was refused.
    pub(crate) fn token_refused(&self, call: &'static str, reason: &'static str) {
        let labels = TokenRefusalLabels { call: Fixed::Word(call), reason: Fixed::Word(reason) };
        self.token_refusals.get_or_create(&labels).inc();
    }

    /// A signature of the signing service ended.
    pub(crate) fn signature_ended(&self, flow: &'static str, outcome: &'static str) {
        let labels = SignatureLabels { flow: Fixed::Word(flow), outcome: Fixed::Word(outcome) };
        self.signatures.get_or_create(&labels).inc();
    }

    /// A phone or an address came too often.
    pub(crate) fn limited(&self, door: &'static str, by: &'static str) {
        let labels = LimitLabels { door: Fixed::Word(door), by: Fixed::Word(by) };
        self.limited.get_or_create(&labels).inc();
    }

    /// Somebody was woken, or not.
    pub(crate) fn pushed(&self, result: &'static str) {
        self.pushes.get_or_create(&PushLabels { result: Fixed::Word(result) }).inc();
    }

    /// The sweep job deleted rows that are kept no longer.
    pub(crate) fn rows_purged(&self, count: u64) {
        self.purged.inc_by(count);
    }

    /// A revocation list was made.
    pub(crate) fn revocation_list(&self) {
        self.revocation_lists.inc();
    }

    /// Whether the clock is believed.
    pub(crate) fn clock_doubted(&self, doubted: bool) {
        self.clock_doubted.set(i64::from(doubted));
    }

    /// Something went wrong on our side.
    pub(crate) fn fault(&self) {
        self.faults.inc();
    }

    /// Lets another module register what it counts, once, while the application is put together.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The text for whoever collects it. What is counted elsewhere is given as it stands now.
    pub(crate) fn text(&self, long_polls: usize, computations: usize) -> String {
        self.long_polls.set(i64::try_from(long_polls).unwrap_or(i64::MAX));
        self.computations.set(i64::try_from(computations).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a string does not fail, and every label encodes itself as text.
        encode(&mut text, &self.registry).expect("metrics can be written to a string");
        text
    }
}

/// The counters of one route. Found once and kept: looking them up by their labels costs more than counting.
#[derive(Clone, Debug)]
pub(crate) struct Route(Arc<OfRoute>);

#[derive(Debug)]
struct OfRoute {
    template: Arc<str>,
    durations: Histogram,
    requests: Family<RequestLabels, Counter>,
    /// By method and status: a handful, so that looking through them is the fastest way.
    answers: RwLock<Vec<((&'static str, u16), Counter)>>,
}

impl Route {
    /// The template.
    pub(crate) fn template(&self) -> &str {
        &self.0.template
    }

    /// A request was answered.
    pub(crate) fn answered(&self, method: &'static str, status: u16, took: Duration) {
        self.0.durations.observe(took.as_secs_f64());
        let known = |answers: &[((&'static str, u16), Counter)]| {
            let found = answers.iter().find(|(of, _)| *of == (method, status));
            found.map(|(_, counter)| counter.inc()).is_some()
        };
        if known(&self.0.answers.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut answers = self.0.answers.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have been faster.
        if known(&answers) {
            return;
        }
        let route = Fixed::Route(Arc::clone(&self.0.template));
        let labels = RequestLabels { route, method: Fixed::Word(method), status };
        let counter = self.0.requests.get_or_create(&labels).clone();
        counter.inc();
        answers.push(((method, status), counter));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// From a tenth of a millisecond to the longest long poll.
fn request_seconds() -> Histogram {
    Histogram::new([0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0])
}

/// From a scripted phone to a person who hesitates.
fn session_seconds() -> Histogram {
    Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_in_the_text() {
        let metrics = Metrics::new();
        let kind = SessionKind { operation: "authenticate", flow: "notification", addressee: "person" };
        metrics.route("/v3/session/{session_id}").answered("GET", 200, Duration::from_millis(3));
        metrics.session_started(kind);
        metrics.session_ended(kind, "OK", Duration::from_secs(2));
        metrics.pin_try(Try::Wrong);
        let text = metrics.text(7, 1);
        for line in [
            r#"countersign_http_requests_total{route="/v3/session/{session_id}",method="GET",status="200"} 1"#,
            r#"countersign_http_request_duration_seconds_bucket{le="0.005",route="/v3/session/{session_id}"} 1"#,
            r#"countersign_sessions_started_total{operation="authenticate",flow="notification",addressee="person"} 1"#,
            r#"countersign_sessions_ended_total{operation="authenticate",flow="notification",outcome="OK"} 1"#,
            r#"countersign_pin_tries_total{result="wrong"} 1"#,
            "countersign_long_polls_open 7",
            "countersign_computations_open 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|each| each == line), "{line}\n--\n{text}");
        }
    }
}
