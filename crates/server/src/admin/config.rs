//! `[[admin]]` and `[desk]`: who may use the operator's API, for what, and what takes two people.

use std::net::IpAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use countersign_domain::desk::{Act, Right, Role};
use countersign_domain::relying_party::AddressRange;
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[[admin]]`: a key of an operator. The key itself is nowhere in the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Whose key it is, as the audit trail will say: 1 to 64 letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal: `printf %s "$KEY" | sha256sum`. The key is to be random, of 128 bits or more
    /// (`openssl rand -hex 32`): a plain hash of a password that people remember can be searched for.
    pub key_sha256: String,
    /// Where its requests may come from (`192.0.2.7`, `10.1.0.0/16`). Without any: this machine only.
    #[serde(default)]
    pub addresses: Vec<AddressRange>,
    /// What it is for: `registrar`, `approver`, `revoker`, `auditor`, `authority`, `privacy`, `partner`. Without it: `all`.
    #[serde(default = "all")]
    pub roles: Vec<Role>,
}

fn all() -> Vec<Role> {
    vec![Role::All]
}

/// `[desk]`: how operators work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Desk {
    /// Acts that wait until somebody else has approved them, such as `record-qualified-evidence`,
    /// `end-evidence-as-wrong`, `erase-person` and `roll-over-ca`. Without any: each operator acts alone.
    pub four_eyes: Vec<Act>,
    /// Hours that such an act waits.
    pub proposal_hours: u32,
    /// Years that the records behind a certificate are kept after its end.
    pub retention_years: u16,
}

impl Default for Desk {
    fn default() -> Self {
        Self { four_eyes: Vec::new(), proposal_hours: 72, retention_years: 7 }
    }
}

impl Desk {
    pub(crate) fn check(&self, admins: &[Admin], found: &mut Vec<Mend>) {
        for act in &self.four_eyes {
            let right = Right::of(*act);
            if right.second.is_none() {
                found.push(Mend::new(
                    "desk.four_eyes",
                    format!("{act} cannot wait for a second person"),
                    "take it out; docs/operating/desk.md lists those that can",
                ));
            } else if !admins.is_empty() && !has_two(admins, right) {
                let roles: Vec<_> = right.roles.iter().map(|role| role.as_str()).collect();
                found.push(Mend::new(
                    "desk.four_eyes",
                    format!("nobody could approve {act}"),
                    format!(
                        "add an [[admin]] with the role {}, beside one of {}",
                        right.second.map_or("", Role::as_str),
                        roles.join(", ")
                    ),
                ));
            }
        }
        for (name, value, least, most) in [
            ("desk.proposal_hours", self.proposal_hours, 1, 24 * 30),
            ("desk.retention_years", u32::from(self.retention_years), 0, 100),
        ] {
            if !(least..=most).contains(&value) {
                let how = format!("give {least} to {most}");
                found.push(Mend::new(name, format!("{value} is out of range"), how));
            }
        }
    }
}

/// Whether one key can propose it and another approve it.
fn has_two(admins: &[Admin], right: Right) -> bool {
    let proposes = |admin: &&Admin| right.allows(&admin.roles);
    admins
        .iter()
        .filter(proposes)
        .any(|one| admins.iter().any(|other| other.name != one.name && right.allows_second(&other.roles)))
}

impl Admin {
    /// The entry for this key, from this machine, for everything.
    pub fn of_key(name: &str, key: &str) -> Self {
        let hash = digest(&SHA256, key.as_bytes());
        let key_sha256 = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
        Self { name: name.to_owned(), key_sha256, addresses: Vec::new(), roles: all() }
    }

    /// Whether this is the hash of the key. Takes as long for every wrong one.
    pub(super) fn has_key(&self, hash: &[u8]) -> bool {
        self.hash().is_some_and(|own| verify_slices_are_equal(&own, hash).is_ok())
    }

    pub(super) fn calls_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if self.addresses.is_empty() {
            return address.is_loopback();
        }
        self.addresses.iter().any(|range| range.contains(address))
    }

    fn hash(&self) -> Option<[u8; 32]> {
        // The parser of numbers also takes a sign.
        if self.key_sha256.len() != 64 || !self.key_sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = [0; 32];
        for (octet, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *octet = u8::from_str_radix(self.key_sha256.get(at..at + 2)?, 16).ok()?;
        }
        Some(hash)
    }

    pub(crate) fn check(&self, index: usize, earlier: &[Self], found: &mut Vec<Mend>) {
        let at = |member: &str| format!("admin[{index}].{member}");
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            found.push(Mend::new(
                at("name"),
                format!("{:?} is not a plain name", self.name),
                "give 1 to 64 letters, digits, '.', '_' and '-'",
            ));
        }
        if earlier.iter().any(|other| other.name == self.name) {
            found.push(Mend::new(at("name"), "is used twice", "give every key a name of its own"));
        }
        if self.roles.is_empty() {
            let how = "name what the key is for, or leave the line out for [\"all\"]";
            found.push(Mend::new(at("roles"), "is empty", how));
        }
        if self.hash().is_none() {
            found.push(Mend::new(
                at("key_sha256"),
                "is not a SHA-256 in hexadecimal",
                "give the 64 digits that `printf %s \"$KEY\" | sha256sum` prints",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_hash() {
        let admin = Admin::of_key("desk", "abc");
        assert_eq!(admin.key_sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(admin.has_key(digest(&SHA256, b"abc").as_ref()));
        assert!(!admin.has_key(digest(&SHA256, b"abd").as_ref()));
        let upper = Admin { key_sha256: admin.key_sha256.to_uppercase(), ..admin };
        assert!(upper.has_key(digest(&SHA256, b"abc").as_ref()));
    }

    #[test]
    fn what_cannot_be_an_entry_is_found() {
        let good = Admin::of_key("desk", "abc");
        let mut found = Vec::new();
        good.check(0, &[], &mut found);
        assert!(found.is_empty(), "{found:?}");
        for wrong in [
            Admin { name: String::new(), ..good.clone() },
            Admin { name: "a b".into(), ..good.clone() },
            Admin { key_sha256: "ba".into(), ..good.clone() },
            Admin { roles: Vec::new(), ..good.clone() },
            Admin { key_sha256: "zz".repeat(32), ..good.clone() },
            Admin { key_sha256: "õ".repeat(32), ..good.clone() },
            Admin { key_sha256: "+a".repeat(32), ..good.clone() },
        ] {
            let mut found = Vec::new();
            wrong.check(0, &[], &mut found);
            assert_eq!(found.len(), 1, "{wrong:?}: {found:?}");
        }
        let mut found = Vec::new();
        good.check(1, std::slice::from_ref(&good), &mut found);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn old_entries_may_do_everything() {
        let hash = "ab".repeat(32);
        let old: Admin = toml::from_str(&format!("name = \"desk\"\nkey_sha256 = \"{hash}\"")).unwrap();
        assert_eq!(old.roles, [Role::All]);
        assert!(
            toml::from_str::<Admin>(&format!("name = \"a\"\nkey_sha256 = \"{hash}\"\nroles = [\"king\"]"))
                .is_err()
        );
    }

    #[test]
    fn what_takes_two_needs_two_who_can() {
        let key = |name: &str, roles: &[Role]| Admin { roles: roles.to_vec(), ..Admin::of_key(name, name) };
        let (registrar, approver) = (key("a", &[Role::Registrar]), key("b", &[Role::Approver]));
        let faults = |acts: &[Act], admins: &[Admin]| {
            let mut found = Vec::new();
            Desk { four_eyes: acts.to_vec(), ..Desk::default() }.check(admins, &mut found);
            found.len()
        };
        assert_eq!(faults(&[Act::RecordQualified], &[registrar.clone(), approver.clone()]), 0);
        assert_eq!(faults(&[Act::RecordQualified], std::slice::from_ref(&registrar)), 1);
        assert_eq!(faults(&[Act::RecordQualified], &[key("c", &[Role::All])]), 1, "nobody is two");
        assert_eq!(faults(&[Act::RecordQualified], &[key("c", &[Role::All]), approver.clone()]), 0);
        assert_eq!(faults(&[Act::RollOverCa], &[key("c", &[Role::Authority]), approver]), 1);
        assert_eq!(faults(&[Act::IssueActivation], &[registrar]), 1, "its answer is for one");
        let mut found = Vec::new();
        Desk { proposal_hours: 0, ..Desk::default() }.check(&[], &mut found);
        assert_eq!(found.len(), 1);
    }
}
