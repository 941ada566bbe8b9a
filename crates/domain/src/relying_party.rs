//! Who may ask, from where, under which name, for what.
//!
//! The interface has no authentication header: a request is believed because its source address belongs to the
//! relying party that its body names (relying party API, 1.1 and 1.5).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use countersign_wire::id::RelyingPartyUuid;
use countersign_wire::words::{CertificateLevel, RequestedLevel};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::refusal::Refusal;

/// A registered relying party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    /// `relyingPartyUUID` of its requests.
    pub uuid: RelyingPartyUuid,
    /// The names that it may show to people. Compared without regard to case.
    pub names: Vec<String>,
    /// The name of the party it asks for, when it is a broker. Enters everything that is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brokered_name: Option<String>,
    /// What it may ask for beyond the ordinary.
    #[serde(default)]
    pub permissions: Permissions,
    /// Where its requests come from. Empty: from this machine only.
    #[serde(default)]
    pub addresses: Vec<AddressRange>,
}

/// What a relying party may ask for beyond qualified certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Permissions {
    /// Accounts with advanced certificates.
    pub advanced: bool,
    /// The address of the person's device.
    pub share_md_client_ip_address: bool,
    /// The capabilities that it may name, letter for letter.
    pub capabilities: Vec<String>,
}

/// A range of addresses in CIDR form, such as `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

/// Why a text is not an address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address range: expected an address, optionally with /prefix length")]
pub struct NotAnAddressRange;

/// A request, as far as its permission is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// `relyingPartyUUID` of the body.
    pub uuid: RelyingPartyUuid,
    /// `relyingPartyName` of the body, as sent.
    pub name: &'a str,
    /// Where the request came from.
    pub address: IpAddr,
    /// What it asks for.
    pub wanted: Wanted<'a>,
}

/// What a request asks for that needs a permission.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// `certificateLevel`.
    pub level: RequestedLevel,
    /// `requestProperties.shareMdClientIpAddress`.
    pub share_ip: bool,
    /// `capabilities`.
    pub capabilities: &'a [String],
}

/// Every registered relying party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelyingParties(Vec<RelyingParty>);

impl RelyingParties {
    /// These and no others.
    pub fn new(parties: Vec<RelyingParty>) -> Self {
        Self(parties)
    }

    /// The relying party with this UUID.
    pub fn find(&self, uuid: RelyingPartyUuid) -> Option<&RelyingParty> {
        self.0.iter().find(|party| party.uuid == uuid)
    }

    /// All of them, in the order they were given.
    pub fn iter(&self) -> std::slice::Iter<'_, RelyingParty> {
        self.0.iter()
    }

    /// Whether any relying party may call from this address: all that can be checked for `GET /session`.
    pub fn knows_address(&self, address: IpAddr) -> bool {
        self.0.iter().any(|party| party.calls_from(address))
    }

    /// Checks a request in the order UUID, address, name, permissions. Malformed requests were refused before,
    /// unknown accounts are refused after.
    pub fn authorise(&self, caller: Caller<'_>) -> Result<&RelyingParty, Refusal> {
        let party = self.find(caller.uuid).ok_or(Refusal::UnknownRelyingParty)?;
        if !party.calls_from(caller.address) {
            return Err(Refusal::AddressNotAllowed);
        }
        if !party.is_named(caller.name) {
            return Err(Refusal::NameNotRegistered);
        }
        party.permissions.allow(caller.wanted)?;
        Ok(party)
    }
}

impl RelyingParty {
    /// Whether requests may come from this address. An IPv4 address in IPv6 clothing is an IPv4 address.
    pub fn calls_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.addresses.is_empty() {
            return address.is_loopback();
        }
        self.addresses.iter().any(|range| range.contains(address))
    }

    /// Whether this is one of the registered names, without regard to case.
    pub fn is_named(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.iter().any(|registered| registered.to_lowercase() == name)
    }
}

impl Permissions {
    fn allow(&self, wanted: Wanted<'_>) -> Result<(), Refusal> {
        if wanted.level.minimum() == CertificateLevel::Advanced && !self.advanced {
            return Err(Refusal::LevelNotPermitted);
        }
        if wanted.share_ip && !self.share_md_client_ip_address {
            return Err(Refusal::AddressSharingNotPermitted);
        }
        if wanted.capabilities.iter().any(|wanted| !self.capabilities.contains(wanted)) {
            return Err(Refusal::CapabilityNotPermitted);
        }
        Ok(())
    }
}

impl AddressRange {
    /// Every IPv4 address.
    pub const ANY_V4: Self = Self { network: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix: 0 };
    /// Every IPv6 address.
    pub const ANY_V6: Self = Self { network: IpAddr::V6(Ipv6Addr::UNSPECIFIED), prefix: 0 };

    /// Whether `address` lies in the range. The two families never meet.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = NotAnAddressRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| NotAnAddressRange)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_| NotAnAddressRange)?,
            None => longest,
        };
        if prefix <= longest { Ok(Self { network, prefix }) } else { Err(NotAnAddressRange) }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "00000000-0000-4000-8000-000000000000";

    fn parties() -> RelyingParties {
        RelyingParties::new(vec![RelyingParty {
            uuid: UUID.parse().unwrap(),
            names: vec!["DEMO".into(), "Näidis OÜ".into()],
            brokered_name: None,
            permissions: Permissions { capabilities: vec!["A".into()], ..Permissions::default() },
            addresses: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        }])
    }

    fn caller() -> Caller<'static> {
        Caller {
            uuid: UUID.parse().unwrap(),
            name: "DEMO",
            address: "192.0.2.7".parse().unwrap(),
            wanted: Wanted::default(),
        }
    }

    #[test]
    fn a_registered_caller_is_let_in() {
        assert_eq!(parties().authorise(caller()).unwrap().names[0], "DEMO");
        for name in ["demo", "NÄIDIS oü"] {
            assert!(parties().authorise(Caller { name, ..caller() }).is_ok(), "{name}");
        }
        for address in ["2001:db8::1", "::ffff:192.0.2.7"] {
            assert!(
                parties().authorise(Caller { address: address.parse().unwrap(), ..caller() }).is_ok(),
                "{address}"
            );
        }
    }

    #[test]
    fn the_first_fault_in_order_is_the_one_reported() {
        let capabilities = ["B".to_owned()];
        let mut wrong = Caller {
            uuid: "11111111-0000-4000-8000-000000000000".parse().unwrap(),
            name: "Other",
            address: "198.51.100.1".parse().unwrap(),
            wanted: Wanted { level: RequestedLevel::Advanced, share_ip: true, capabilities: &capabilities },
        };
        assert_eq!(parties().authorise(wrong), Err(Refusal::UnknownRelyingParty));
        wrong.uuid = caller().uuid;
        assert_eq!(parties().authorise(wrong), Err(Refusal::AddressNotAllowed));
        wrong.address = caller().address;
        assert_eq!(parties().authorise(wrong), Err(Refusal::NameNotRegistered));
        wrong.name = caller().name;
        assert_eq!(parties().authorise(wrong), Err(Refusal::LevelNotPermitted));
        wrong.wanted.level = RequestedLevel::Qscd;
        assert_eq!(parties().authorise(wrong), Err(Refusal::AddressSharingNotPermitted));
        wrong.wanted.share_ip = false;
        assert_eq!(parties().authorise(wrong), Err(Refusal::CapabilityNotPermitted));
        wrong.wanted.capabilities = &[];
        assert!(parties().authorise(wrong).is_ok());
    }

    #[test]
    fn without_addresses_only_this_machine_calls() {
        let mut party = parties().0.remove(0);
        party.addresses.clear();
        for (address, allowed) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.7", false),
        ] {
            assert_eq!(party.calls_from(address.parse().unwrap()), allowed, "{address}");
        }
        party.addresses = vec![AddressRange::ANY_V4];
        assert!(party.calls_from("203.0.113.9".parse().unwrap()));
        assert!(!party.calls_from("2001:db8::1".parse().unwrap()));
        party.addresses = vec![AddressRange::ANY_V6];
        assert!(party.calls_from("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn ranges_are_read_and_written() {
        for (text, written) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("::/0", "::/0"),
            ("2001:db8::1", "2001:db8::1/128"),
        ] {
            let range: AddressRange = text.parse().unwrap();
            assert_eq!(range.to_string(), written);
            let json = serde_json::to_string(&range).unwrap();
            assert_eq!(serde_json::from_str::<AddressRange>(&json).unwrap(), range);
        }
        for text in ["", "any", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/x", "192.0.2/24"] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_edges_of_a_range_are_inside() {
        let range: AddressRange = "192.0.2.64/26".parse().unwrap();
        for (address, inside) in
            [("192.0.2.63", false), ("192.0.2.64", true), ("192.0.2.127", true), ("192.0.2.128", false)]
        {
            assert_eq!(range.contains(address.parse().unwrap()), inside, "{address}");
        }
    }
}
