//! Identity, read leniently where national numbers are concerned.

use countersign_client::verify::identity::Identity;
use countersign_pki::certificate::name;
use jiff::civil::Date;

use crate::world::{CertificateDraft, WORLD};

fn identity(number: &str, attribute: Option<Date>) -> Identity {
    let draft = CertificateDraft { date_of_birth: attribute, ..CertificateDraft::authentication() };
    let certificate = draft.named(name::SERIAL_NUMBER, number).issue(&WORLD.ca, &WORLD.key);
    Identity::of(&certificate).unwrap()
}

#[test]
fn the_date_of_birth_comes_from_the_attribute_then_from_the_number() {
    let attribute: Date = "1999-01-01".parse().unwrap();
    for (number, expected) in [
        ("PNOEE-40504040001", Some("1905-04-04")),
        ("PNOEE-61101019999", Some("2011-01-01")),
        ("PNOEE-38001085718", Some("1980-01-08")),
        ("PNOEE-10001010000", Some("1800-01-01")),
        ("PNOLT-49912318881", Some("1999-12-31")),
        ("PNOLV-050405-10009", Some("1905-04-05")),
        ("PNOLV-010111-22341", Some("2011-01-01")),
        ("PNOLV-311299-08886", Some("1899-12-31")),
        ("PNOLV-320000-10003", None),
        ("PNOLV-329999-99901", None),
        ("PNOLV-311299-98886", None),
        ("PNOLV-05040510009", None),
        ("PNOLV-310299-10009", None),
        ("PNOEE-70504040001", None),
        ("PNOEE-40513040001", None),
        ("PNOEE-40502300001", None),
        ("PNOEE-4050404000", None),
        ("PNOEE-4050404000A", None),
        ("PNOBE-05040400032", None),
        ("PASEE-40504040001", None),
        ("IDCLT-40504040001", None),
    ] {
        let expected = expected.map(|text| text.parse().unwrap());
        assert_eq!(identity(number, None).date_of_birth, expected, "{number}");
        assert_eq!(identity(number, Some(attribute)).date_of_birth, Some(attribute), "{number}");
    }
}

#[test]
fn names_country_and_number_come_from_the_subject() {
    let who = identity("PNOLV-030303-10012", None);
    assert_eq!(
        (who.given_name.as_str(), who.surname.as_str(), who.country.as_str()),
        ("OK", "TESTNUMBER", "EE")
    );
    assert_eq!((who.number(), who.person.country()), ("030303-10012", "LV"));
    assert_eq!(format!("{who:?}"), "Identity(EE, …)");
}
