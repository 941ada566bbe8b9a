//! `POST /api/public/confirm`, which is two operations (registration 5.3.1, 5.3.5): the body says which.

use serde_json::{Map, Value};

use super::code::number;
use super::id::TermsToken;
use super::level::PerJurisdiction;
use super::phone_number::PhoneNumber;
use super::read;
use crate::problem::InvalidMember;

/// What a body of this path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// `msisdn`: send a code. The `code` of the guide's sample is passed over: there is none yet.
    SendCode(PhoneNumber),
    /// `token`: the person has decided on terms.
    Decide(Decide),
}

/// What the person said to each jurisdiction's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decide {
    /// The transaction; `None` when the text can be no token of ours, which is as good as one that is not known.
    pub token: Option<TermsToken>,
    /// Whether they accept. A jurisdiction that is not named is not accepted.
    pub accepts: PerJurisdiction<bool>,
    /// `knowsTheRisk`: they know that it may lower the level.
    pub knows_the_risk: bool,
}

impl Confirm {
    /// Reads a body.
    pub fn from_body(body: &[u8]) -> Result<Self, Vec<InvalidMember>> {
        let members = read::object(body).map_err(|invalid| vec![invalid])?;
        let there = |name| members.get(name).is_some_and(|value| !value.is_null());
        match (there("msisdn"), there("token")) {
            (true, false) => number(&members).map(Self::SendCode).map_err(|invalid| vec![invalid]),
            (false, true) => Decide::read(&members).map(Self::Decide),
            (true, true) | (false, false) => Err(vec![InvalidMember::body(
                "expected either msisdn, to send a code, or token, to decide on terms",
            )]),
        }
    }
}

impl Decide {
    fn read(members: &Map<String, Value>) -> Result<Self, Vec<InvalidMember>> {
        let mut wrong = Vec::new();
        let mut switch = |pointer| {
            read::switch(members, pointer).unwrap_or_else(|invalid| {
                wrong.push(invalid);
                None
            })
        };
        // The guide's spelling, and the one that it must have meant.
        let (guide, meant) = (switch("/decizionZertes"), switch("/decisionZertes"));
        let eidas = switch("/decisionEidas");
        let risk = switch("/knowsTheRisk");
        let token = read::text(members, "/token").unwrap_or_else(|invalid| {
            wrong.push(invalid);
            None
        });
        if let (Some(guide), Some(meant)) = (guide, meant)
            && guide != meant
        {
            wrong.push(InvalidMember::at(
                "/decizionZertes",
                "expected the same as decisionZertes, or one of them",
            ));
        }
        let zertes = guide.or(meant);
        if wrong.is_empty() && zertes.is_none() && eidas.is_none() {
            wrong.push(InvalidMember::body("expected decizionZertes or decisionEidas, or both"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            token: token.and_then(|text| TermsToken::parse(text).ok()),
            accepts: PerJurisdiction { zertes: zertes.unwrap_or_default(), eidas: eidas.unwrap_or_default() },
            knows_the_risk: risk.unwrap_or_default(),
        })
    }
}

/// The body of `POST /api/public/phone/verification`: a number alone.
pub fn send_code(body: &[u8]) -> Result<PhoneNumber, Vec<InvalidMember>> {
    let members = read::object(body).map_err(|invalid| vec![invalid])?;
    number(&members).map_err(|invalid| vec![invalid])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    fn decide(members: &str) -> Result<Decide, Vec<InvalidMember>> {
        match Confirm::from_body(format!("{{{members},\"token\":\"{TOKEN}\"}}").as_bytes())? {
            Confirm::Decide(decide) => Ok(decide),
            Confirm::SendCode(_) => panic!("a decision was sent"),
        }
    }

    /// The inconsistency register, row 1: the sample that sends a code carries one.
    #[test]
    fn the_guide_s_examples_are_told_apart() {
        let send = Confirm::from_body(br#"{ "msisdn": "4179999999", "code": "ABCD" }"#).unwrap();
        assert_eq!(send, Confirm::SendCode(PhoneNumber::parse("4179999999").unwrap()));
        let decision =
            decide(r#""decizionZertes": true, "decisionEidas": true, "knowsTheRisk": true"#).unwrap();
        assert_eq!(decision.token.unwrap().as_str(), TOKEN);
        assert_eq!(decision.accepts, PerJurisdiction { zertes: true, eidas: true });
        assert!(decision.knows_the_risk);
    }

    #[test]
    fn both_or_neither_is_refused() {
        for body in [
            "{}",
            r#"{"code":"ABCD"}"#,
            r#"{"msisdn":null,"token":null}"#,
            r#"{"msisdn":"4179999999","token":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
        ] {
            assert!(Confirm::from_body(body.as_bytes()).is_err(), "{body}");
        }
    }

    /// The inconsistency register, row 3.
    #[test]
    fn both_spellings_of_the_decision_are_read() {
        for (members, zertes) in [
            (r#""decizionZertes":true"#, true),
            (r#""decisionZertes":true"#, true),
            (r#""decisionZertes":true,"decizionZertes":true"#, true),
            (r#""decisionEidas":true"#, false),
            (r#""decizionZertes":false"#, false),
            (r#""decizionZertes":null,"decisionZertes":true"#, true),
        ] {
            assert_eq!(decide(members).unwrap().accepts.zertes, zertes, "{members}");
        }
        let wrong = decide(r#""decisionZertes":true,"decizionZertes":false"#).unwrap_err();
        assert_eq!(wrong[0].pointer, "/decizionZertes");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (members, pointer) in [
            (r#""decizionZertes":"true""#, "/decizionZertes"),
            (r#""decisionZertes":1"#, "/decisionZertes"),
            (r#""decisionEidas":{}"#, "/decisionEidas"),
            (r#""decisionEidas":true,"knowsTheRisk":"yes""#, "/knowsTheRisk"),
            (r#""knowsTheRisk":true"#, ""),
        ] {
            let wrong = decide(members).unwrap_err();
            assert_eq!((wrong.len(), &*wrong[0].pointer), (1, pointer), "{members}");
        }
        let text = Confirm::from_body(br#"{"token":5,"decisionEidas":true}"#).unwrap_err();
        assert_eq!(text[0].pointer, "/token");
        // As long as it is a text, it is a token that nobody has.
        let masked = Confirm::from_body(br#"{"token":"*****","decisionEidas":true}"#).unwrap();
        assert!(matches!(masked, Confirm::Decide(Decide { token: None, .. })));
    }
}
