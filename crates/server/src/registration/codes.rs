//! One-time codes: made, written down, handed over. For clients, and for our own pages, which ask in their own name.

use std::net::IpAddr;

use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{CodeChallenge, OneTimeCode, Refusal};
use countersign_wire::registration::{ClientId, PhoneNumber};
use jiff::Timestamp;

use super::gateway::{Message, NotSent};
use crate::buckets::Network;
use crate::command::Failure;
use crate::{App, Origin};

/// In whose name the page asks on which terms are confirmed. No client may be called so: the configuration refuses ids
/// that begin with a dot.
pub(super) const OF_CONSENT: &str = ".consent";
/// The same for the page on which passwords are set.
pub(super) const OF_PASSWORD: &str = ".password";
/// The same for the page on which somebody who is being identified shows that a number is theirs.
pub(super) const OF_DESK: &str = ".desk";

/// A code that is written down and has to be sent.
pub(super) struct Made {
    number: PhoneNumber,
    code: OneTimeCode,
    challenge: CodeChallenge,
    at: Timestamp,
}

/// One of our own pages as the client of a code.
pub(super) fn page(name: &str) -> ClientId {
    // Cannot fail: constants of this form.
    ClientId::parse(name).expect("a plain name")
}

/// Counts a wish for a code against the limits of the number and of the address, if one is given.
pub(super) fn limited(app: &App, number: &PhoneNumber, address: Option<IpAddr>) -> Result<(), Refusal> {
    let (limits, now) = (&app.registration().limits, app.now());
    let by_address = address.map_or(Ok(()), |from| limits.codes_of_address.take(Network::of(from), now));
    let taken = by_address.map_err(|seconds| ("address", seconds)).and_then(|()| {
        limits.codes_of_number.take(number.clone(), now).map_err(|seconds| ("number", seconds))
    });
    taken.map_err(|(by, seconds)| {
        app.metrics().limited("code", by);
        Refusal::CodeTooSoon { seconds }
    })
}

/// Makes a code. Only what is written down is sent: a code that arrives can be entered.
pub(super) async fn make(app: &App, client: ClientId, number: PhoneNumber) -> Result<Made, Failure> {
    let of = app.clone();
    app.execute("send a code", move |tx, context| {
        let service = of.registration();
        let played = of.test_world().is_some_and(|world| world.sandbox().knows(&number));
        let code = if played {
            OneTimeCode::known(crate::dev::sandbox::RIGHT_CODE)
        } else {
            OneTimeCode::draw(&mut context.rng)
        };
        let earlier = tx.codes().find(&client, &number)?;
        let (challenge, events) = CodeChallenge::send(
            earlier,
            client,
            number.clone(),
            &code,
            &service.code_key,
            &service.codes,
            context.now,
            &mut context.rng,
        )
        .map_err(AnyRefusal::from)?;
        tx.codes().save(&challenge)?;
        context.record(events.into_iter().map(Into::into));
        Ok(Made { number, code, challenge, at: context.now })
    })
    .await
}

/// What became of a code that somebody wanted on one of our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It is on its way.
    Sent,
    /// One was sent a moment ago.
    TooSoon { seconds: u32 },
    /// The gateway does not take it.
    NotSent,
}

/// Sends a code for one of our own pages, which says itself what became of it.
pub(super) async fn send_for_page(
    app: &App,
    name: &str,
    number: PhoneNumber,
    origin: &Origin,
) -> Result<Wanted, Failure> {
    if let Err(Refusal::CodeTooSoon { seconds }) = limited(app, &number, Some(origin.address)) {
        return Ok(Wanted::TooSoon { seconds });
    }
    let made = match make(app, page(name), number).await {
        Err(Failure::Refused(AnyRefusal::Registration(Refusal::CodeTooSoon { seconds }))) => {
            return Ok(Wanted::TooSoon { seconds });
        }
        made => made?,
    };
    Ok(if hand_over(app, made).await?.is_ok() { Wanted::Sent } else { Wanted::NotSent })
}

/// Hands a code over. Where that fails, nobody has it, and the next may be sent at once.
pub(super) async fn hand_over(app: &App, made: Made) -> Result<Result<(), NotSent>, Failure> {
    let Made { number, code, challenge, at } = made;
    let Err(error) = app.registration().gateway.send(&number, Message::Code(&code), at).await else {
        return Ok(Ok(()));
    };
    tracing::error!(error = %error, "a code was not sent");
    app.execute("take back a code", move |tx, _| Ok(tx.codes().save(&challenge.not_sent())?)).await?;
    Ok(Err(error))
}
