//! Who may ask, from which page, about which numbers.

use countersign_wire::registration::token::WidgetClaims;
use countersign_wire::registration::words::Scope;
use countersign_wire::registration::{ClientId, PhoneNumber, TenantId};

use super::means::MeansKind;
use super::refusal::Refusal;

/// A client of the registration API, as the operator has set it up. What it may do is decided here; what a page asks for
/// can only narrow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
    /// Whose people it may ask about.
    pub tenant: TenantId,
    /// What its tokens may be used for.
    pub scopes: Vec<Scope>,
    /// The origins of its pages: `https://portal.example.org`. No others may use a token for a browser or an API key.
    pub origins: Vec<String>,
    /// Digits that the numbers begin with; empty: any.
    pub prefixes: Vec<String>,
    /// What it takes a confirmation with.
    pub methods: Vec<MeansKind>,
    /// Whether it may have people accept terms.
    pub asks_for_terms: bool,
    /// Whether the status tells it about terms.
    pub sees_terms: bool,
}

/// How a request was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The client's own server, with its token.
    Server,
    /// A browser, with a token that the client has given it.
    Widget(WidgetClaims),
    /// A page with an API key: the deprecated way.
    LegacyKey,
}

impl Client {
    /// The scopes of a token: those that were asked for, or all. `None` when there is one that it does not have.
    pub fn granted(&self, asked: &[Scope]) -> Option<Vec<Scope>> {
        if asked.is_empty() {
            return Some(self.scopes.clone());
        }
        let mut asked = asked.to_vec();
        asked.sort();
        asked.dedup();
        asked.iter().all(|scope| self.scopes.contains(scope)).then_some(asked)
    }

    /// Whether this is the origin of one of its pages, letter for letter.
    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }

    /// Whether it may ask about this number. `page` is the origin that the browser says the request comes from, where it
    /// says so; `verified`, whether the number's holder has entered a code for this client: of a browser that is asked for
    /// where `must_hold`.
    pub fn admit(
        &self,
        caller: &Caller,
        page: Option<&str>,
        number: &PhoneNumber,
        must_hold: bool,
        verified: bool,
    ) -> Result<(), Refusal> {
        self.admit_page(caller, page)?;
        let fits = self.prefixes.is_empty()
            || self.prefixes.iter().any(|prefix| number.as_str().starts_with(prefix.as_str()));
        if !fits {
            return Err(Refusal::NumberNotAllowed);
        }
        match caller {
            Caller::Server => Ok(()),
            Caller::Widget(WidgetClaims { msisdn: Some(only), .. }) if only != number => {
                Err(Refusal::NumberNotAllowed)
            }
            Caller::Widget(_) | Caller::LegacyKey if must_hold && !verified => {
                Err(Refusal::NumberNotVerified)
            }
            Caller::Widget(_) | Caller::LegacyKey => Ok(()),
        }
    }

    /// Whether the page may ask at all.
    pub fn admit_page(&self, caller: &Caller, page: Option<&str>) -> Result<(), Refusal> {
        let allowed = match (caller, page) {
            // A server has no page. A browser that shows one has been given the wrong token.
            (Caller::Server, None) => true,
            (Caller::Server, Some(page)) => self.has_origin(page),
            // A browser always says so when the page is another origin's; what says nothing is no such page.
            (Caller::Widget(claims), Some(page)) => claims.origin == page && self.has_origin(page),
            (Caller::LegacyKey, Some(page)) => self.has_origin(page),
            (Caller::Widget(_) | Caller::LegacyKey, None) => false,
        };
        if allowed { Ok(()) } else { Err(Refusal::OriginNotAllowed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://portal.example.org";

    fn client() -> Client {
        Client {
            id: ClientId::parse("portal").unwrap(),
            tenant: TenantId::parse("default").unwrap(),
            scopes: vec![Scope::Smartflow],
            origins: vec![PAGE.into(), "https://other.example.org".into()],
            prefixes: vec!["41".into(), "372".into()],
            methods: MeansKind::ALL.to_vec(),
            asks_for_terms: true,
            sees_terms: false,
        }
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    fn widget(msisdn: Option<&str>) -> Caller {
        Caller::Widget(WidgetClaims { origin: PAGE.into(), msisdn: msisdn.map(number) })
    }

    #[test]
    fn scopes_are_those_of_the_client() {
        let client = client();
        assert_eq!(client.granted(&[]), Some(vec![Scope::Smartflow]));
        assert_eq!(client.granted(&[Scope::Smartflow, Scope::Smartflow]), Some(vec![Scope::Smartflow]));
        assert_eq!(client.granted(&[Scope::Smartflow, Scope::Miss]), None);
    }

    #[test]
    fn only_its_own_pages_use_a_browser_s_token() {
        let client = client();
        let page = |caller: &Caller, page| client.admit_page(caller, page);
        assert_eq!(page(&widget(None), Some(PAGE)), Ok(()));
        for other in [
            None,
            Some("https://other.example.org"),
            Some("https://evil.example"),
            Some("https://portal.example.org.evil.example"),
            Some("http://portal.example.org"),
            Some("https://portal.example.org/"),
            Some("HTTPS://PORTAL.EXAMPLE.ORG"),
            Some("null"),
            Some(""),
        ] {
            assert_eq!(page(&widget(None), other), Err(Refusal::OriginNotAllowed), "{other:?}");
        }
        assert_eq!(page(&Caller::LegacyKey, Some("https://other.example.org")), Ok(()));
        assert_eq!(page(&Caller::LegacyKey, None), Err(Refusal::OriginNotAllowed));
        assert_eq!(page(&Caller::Server, None), Ok(()));
        assert_eq!(page(&Caller::Server, Some("https://evil.example")), Err(Refusal::OriginNotAllowed));
        let removed = Client { origins: Vec::new(), ..client.clone() };
        assert_eq!(removed.admit_page(&widget(None), Some(PAGE)), Err(Refusal::OriginNotAllowed));
    }

    #[test]
    fn numbers_are_those_of_client_and_token() {
        let client = client();
        let ask = |caller: &Caller, text: &str, verified| {
            client.admit(caller, Some(PAGE), &number(text), true, verified)
        };
        assert_eq!(ask(&Caller::Server, "41791234567", false), Ok(()));
        assert_eq!(ask(&Caller::Server, "491791234567", true), Err(Refusal::NumberNotAllowed));
        assert_eq!(ask(&widget(None), "41791234567", true), Ok(()));
        assert_eq!(ask(&widget(None), "41791234567", false), Err(Refusal::NumberNotVerified));
        assert_eq!(ask(&widget(Some("41791234567")), "41791234567", true), Ok(()));
        assert_eq!(ask(&widget(Some("41791234567")), "41791234568", true), Err(Refusal::NumberNotAllowed));
        assert_eq!(ask(&Caller::LegacyKey, "41791234567", false), Err(Refusal::NumberNotVerified));
        let sending = client.admit(&widget(None), Some(PAGE), &number("41791234567"), false, false);
        assert_eq!(sending, Ok(()), "before the code there is no code");
    }
}
