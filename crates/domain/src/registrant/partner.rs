//! Partners: other services that log people in and want tokens for them.

use std::net::IpAddr;

use countersign_token::Assurance;

use super::Refusal;
use crate::relying_party::AddressRange;

/// A registered partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its name, in tokens and logs.
    pub name: String,
    /// SHA-256 of its bearer key.
    pub key: Option<[u8; 32]>,
    /// SHA-256 of the certificates that it shows in TLS.
    pub certificates: Vec<[u8; 32]>,
    /// Where it calls from. Empty: this machine only.
    pub addresses: Vec<AddressRange>,
    /// Whether it is believed who somebody is.
    pub may_assert: bool,
    /// Whether its address is proof enough, as in the document that this interface comes from.
    pub address_only: bool,
    /// Whether it sends codes of people that are no national numbers.
    pub foreign: bool,
}

/// What is known of whoever calls.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Where from.
    pub address: IpAddr,
    /// SHA-256 of the bearer key that was sent, if one was.
    pub key: Option<&'a [u8; 32]>,
    /// SHA-256 of the certificate that was shown in TLS, if one was.
    pub certificate: Option<&'a [u8; 32]>,
}

/// How a partner is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// By a key or a certificate, from an address of its list.
    Proven,
    /// By its address alone.
    AddressOnly,
}

impl Standing {
    /// What the word of such a partner is worth at most.
    pub const fn assurance(self) -> Assurance {
        match self {
            Self::Proven => Assurance::Substantial,
            Self::AddressOnly => Assurance::Low,
        }
    }
}

/// All partners.
#[derive(Clone, Debug, Default)]
pub struct Partners(Vec<Partner>);

impl Partners {
    /// These and no others.
    pub fn new(partners: Vec<Partner>) -> Self {
        Self(partners)
    }

    /// Who calls. A key or certificate that is shown must be a partner's: one that is wrong is not passed over in favour
    /// of the address.
    pub fn identify(&self, caller: Caller<'_>) -> Result<(&Partner, Standing), Refusal> {
        let shown = caller.key.is_some() || caller.certificate.is_some();
        // Every entry is looked at; what is compared are hashes, so the time tells nothing of a key.
        let mut found = None;
        for partner in &self.0 {
            let here = partner.calls_from(caller.address);
            let by_key = caller.key.is_some_and(|key| partner.key.as_ref() == Some(key));
            let by_certificate = caller.certificate.is_some_and(|shown| partner.certificates.contains(shown));
            if here && (by_key || by_certificate) {
                found = Some((partner, Standing::Proven));
            } else if here && !shown && partner.address_only && found.is_none() {
                found = Some((partner, Standing::AddressOnly));
            }
        }
        found.ok_or(Refusal::NoPartner)
    }

    /// The partner that is believed who somebody is.
    pub fn asserting(&self, caller: Caller<'_>) -> Result<(&Partner, Standing), Refusal> {
        let found = self.identify(caller)?;
        if found.0.may_assert { Ok(found) } else { Err(Refusal::MayNotAssert) }
    }
}

impl Partner {
    fn calls_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.addresses.is_empty() {
            return address.is_loopback();
        }
        self.addresses.iter().any(|range| range.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(name: &str) -> Partner {
        Partner {
            name: name.into(),
            key: Some([1; 32]),
            certificates: vec![[2; 32]],
            addresses: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
            may_assert: true,
            address_only: false,
            foreign: false,
        }
    }

    fn identify(
        partner: Partner,
        address: &str,
        key: Option<u8>,
        certificate: Option<u8>,
    ) -> Option<Standing> {
        let (key, certificate) = (key.map(|k| [k; 32]), certificate.map(|c| [c; 32]));
        let caller = Caller {
            address: address.parse().unwrap(),
            key: key.as_ref(),
            certificate: certificate.as_ref(),
        };
        Partners::new(vec![partner]).identify(caller).ok().map(|(_, standing)| standing)
    }

    #[test]
    fn a_partner_needs_proof_and_address() {
        for address in ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1"] {
            assert_eq!(identify(partner("a"), address, Some(1), None), Some(Standing::Proven), "{address}");
            assert_eq!(identify(partner("a"), address, None, Some(2)), Some(Standing::Proven), "{address}");
        }
        for (address, key, certificate) in [
            ("192.0.3.9", Some(1), None),
            ("127.0.0.1", Some(1), None),
            ("192.0.2.9", Some(9), None),
            ("192.0.2.9", None, Some(9)),
            ("192.0.2.9", None, None),
        ] {
            assert_eq!(identify(partner("a"), address, key, certificate), None, "{address}");
        }
    }

    #[test]
    fn an_address_is_proof_only_where_that_is_said_and_nothing_wrong_is_shown() {
        let believed = || Partner { address_only: true, ..partner("a") };
        assert_eq!(identify(believed(), "192.0.2.9", None, None), Some(Standing::AddressOnly));
        assert_eq!(identify(believed(), "192.0.2.9", Some(1), None), Some(Standing::Proven));
        assert_eq!(identify(believed(), "192.0.2.9", Some(9), None), None);
        assert_eq!(identify(believed(), "198.51.100.1", None, None), None);
    }

    #[test]
    fn not_every_partner_is_believed_who_somebody_is() {
        let silent = Partners::new(vec![Partner { may_assert: false, ..partner("a") }]);
        let caller = Caller { address: "192.0.2.9".parse().unwrap(), key: Some(&[1; 32]), certificate: None };
        assert_eq!(silent.asserting(caller).unwrap_err(), Refusal::MayNotAssert);
        assert!(silent.identify(caller).is_ok());
    }
}
