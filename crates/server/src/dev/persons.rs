//! The documented test persons of the demo environment (relying party API, sections 8.2 and 8.3): who they are and how
//! a session with each of them ends. This is the only list.

use countersign_wire::words;
use countersign_wire::words::InteractionType;
use jiff::civil::Date;

words! {
    /// What a simulated person does with a request.
    pub enum Outcome {
        /// Approves.
        Ok = "OK",
        /// Refuses outside an interaction screen.
        UserRefused = "USER_REFUSED",
        /// Cancels on the screen with text and PIN.
        RefusedDisplayTextAndPin = "USER_REFUSED_INTERACTION/displayTextAndPIN",
        /// Cancels on the confirmation screen.
        RefusedConfirmationMessage = "USER_REFUSED_INTERACTION/confirmationMessage",
        /// Cancels on the confirmation screen with codes to choose from.
        RefusedCodeChoice = "USER_REFUSED_INTERACTION/confirmationMessageAndVerificationCodeChoice",
        /// Cancels where the account is chosen.
        RefusedCertificateChoice = "USER_REFUSED_CERT_CHOICE",
        /// Chooses a wrong code.
        WrongCode = "WRONG_VC",
        /// Types a wrong PIN until the key is locked.
        WrongPin = "WRONG_PIN",
        /// Does nothing.
        Timeout = "TIMEOUT",
    }
}

impl Outcome {
    /// The screen on which the person cancels.
    pub(super) fn refused_interaction(self) -> Option<InteractionType> {
        match self {
            Outcome::RefusedDisplayTextAndPin => Some(InteractionType::DisplayTextAndPin),
            Outcome::RefusedConfirmationMessage => Some(InteractionType::ConfirmationMessage),
            Outcome::RefusedCodeChoice => Some(InteractionType::ConfirmationMessageAndVerificationCodeChoice),
            Outcome::Ok
            | Outcome::UserRefused
            | Outcome::RefusedCertificateChoice
            | Outcome::WrongCode
            | Outcome::WrongPin
            | Outcome::Timeout => None,
        }
    }
}

/// A test person's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// The document number.
    pub document: &'static str,
    /// `givenName` in the certificates.
    pub given_name: &'static str,
    /// `surname` in the certificates.
    pub surname: &'static str,
    /// How its sessions end.
    pub outcome: Outcome,
    /// What is particular about it.
    pub remark: &'static str,
    /// The date of birth that its certificates carry, if they do.
    pub born: Option<Born>,
}

/// Where the date of birth in the certificates comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Born {
    /// From the national number.
    ByNumber,
    /// From elsewhere: year, month, day.
    On(i16, i8, i8),
}

const fn row(document: &'static str, outcome: Outcome, born: Option<Born>, remark: &'static str) -> Person {
    let given_name = match outcome {
        Outcome::Ok => "OK",
        Outcome::UserRefused => "REFUSED",
        Outcome::RefusedDisplayTextAndPin
        | Outcome::RefusedConfirmationMessage
        | Outcome::RefusedCodeChoice
        | Outcome::RefusedCertificateChoice => "REFUSED INTERACTION",
        Outcome::WrongCode => "WRONG VC",
        Outcome::WrongPin => "WRONG PIN",
        Outcome::Timeout => "TIMEOUT",
    };
    Person { document, given_name, surname: "TESTNUMBER", outcome, remark, born }
}

const fn ok(document: &'static str, remark: &'static str) -> Person {
    row(document, Outcome::Ok, Some(Born::ByNumber), remark)
}

/// An account with certificates that are not qualified and hold no date of birth.
const fn not_qualified(document: &'static str, remark: &'static str) -> Person {
    row(document, Outcome::Ok, None, remark)
}

const fn plays(document: &'static str, outcome: Outcome) -> Person {
    row(document, outcome, Some(Born::ByNumber), "")
}

const ADULT: &str = "adult";
const MINOR: &str = "under 18";
const ANOTHER: &str = "has another active account at the demo service";

/// The persons.
pub static PERSONS: [Person; 71] = [
    // 8.2, meant for device links
    ok("PNOEE-40404040009-MOCK-Q", ADULT),
    ok("PNOLT-40404040009-MOCK-Q", ADULT),
    ok("PNOLV-040404-10003-DEMO-Q", ADULT),
    ok("PNOBE-04040400287-MOCK-Q", ADULT),
    ok("PNOEE-61101019999-MOCK-Q", MINOR),
    ok("PNOLT-61101019999-MOCK-Q", MINOR),
    ok("PNOLV-010111-22341-MOCK-Q", MINOR),
    row(
        "PNOLV-320000-00008-DEMO-Q",
        Outcome::Ok,
        Some(Born::On(2011, 1, 1)),
        "under 18, no date in the number",
    ),
    ok("PNOBE-11010199815-MOCK-Q", MINOR),
    not_qualified("PNOLT-61101019988-MOCK-NQ", "under 18, not qualified"),
    not_qualified("PNOLV-020211-12351-MOCK-NQ", "under 18, not qualified"),
    // 8.3, meant for notifications
    ok("PNOEE-40504040001-DEM0-Q", ""),
    ok("PNOLT-40504040001-MOCK-Q", ""),
    ok("PNOLV-050405-10009-DEM0-Q", ""),
    row("PNOLV-320000-10003-DEMO-Q", Outcome::Ok, Some(Born::On(1905, 4, 4)), "no date in the number"),
    ok("PNOBE-05040400032-DEMO-Q", ""),
    not_qualified("PNOLT-40504049999-MOCK-NQ", "not qualified"),
    not_qualified("PNOLV-050404-19993-DEMO-NQ", "not qualified"),
    ok("PNOEE-50001029996-DEMO-Q", ADULT),
    ok("PNOLT-50001029996-DEMO-Q", ADULT),
    ok("PNOLV-020100-29990-MOCK-Q", ADULT),
    ok("PNOBE-00010299944-MOCK-Q", ADULT),
    ok("PNOLT-30303039914-MOCK-Q", ""),
    ok("PNOEE-39901012239-MOCK-Q", ANOTHER),
    ok("PNOLT-39901012239-DEMO-Q", ANOTHER),
    ok("PNOLV-030303-10215-MOCK-Q", ANOTHER),
    ok("PNOBE-99010199987-DEMO-Q", ANOTHER),
    ok("PNOEE-61101012257-MOCK-Q", MINOR),
    ok("PNOLT-61101012257-MOCK-Q", MINOR),
    ok("PNOLV-010111-23474-DEME-Q", MINOR),
    row(
        "PNOLV-320000-00032-DEMO-Q",
        Outcome::Ok,
        Some(Born::On(2011, 1, 1)),
        "under 18, no date in the number",
    ),
    ok("PNOLV-030303-10004-MOCK-Q", "names without digits"),
    ok("PNOLV-040404-19999-MOCK-Q", ""),
    ok("PNOLV-040404-19980-MOCK-Q", ""),
    ok("PNOLV-311299-19993-MOCK-Q", "date of birth in the certificate"),
    row(
        "PNOLV-329999-99901-MOCK-Q",
        Outcome::Ok,
        Some(Born::On(1999, 12, 31)),
        "date of birth in the certificate alone",
    ),
    row("PNOLV-329999-99709-MOCK-Q", Outcome::Ok, None, "no date of birth anywhere"),
    not_qualified("PNOLT-49912318881-MOCK-NQ", "not qualified"),
    not_qualified("PNOLV-311299-18886-MOCK-NQ", "not qualified"),
    plays("PNOEE-30403039917-MOCK-Q", Outcome::UserRefused),
    plays("PNOLT-30403039917-MOCK-Q", Outcome::UserRefused),
    plays("PNOLV-030403-10016-MOCK-Q", Outcome::UserRefused),
    plays("PNOBE-00010238349-MOCK-Q", Outcome::UserRefused),
    plays("PNOEE-30403039928-MOCK-Q", Outcome::RefusedDisplayTextAndPin),
    plays("PNOLT-30403039928-MOCK-Q", Outcome::RefusedDisplayTextAndPin),
    plays("PNOLV-030403-10024-MOCK-Q", Outcome::RefusedDisplayTextAndPin),
    plays("PNOBE-00010267350-MOCK-Q", Outcome::RefusedDisplayTextAndPin),
    // The table lists `verificationCodeChoice`, a screen of version 2 that clients of version 3 cannot read; these
    // persons cancel on its successor.
    plays("PNOEE-30403039939-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOLT-30403039939-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOLV-030403-10032-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOBE-00010266756-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOEE-30403039946-MOCK-Q", Outcome::RefusedConfirmationMessage),
    plays("PNOLT-30403039946-MOCK-Q", Outcome::RefusedConfirmationMessage),
    plays("PNOLV-030403-10040-MOCK-Q", Outcome::RefusedConfirmationMessage),
    plays("PNOBE-00010232708-MOCK-Q", Outcome::RefusedConfirmationMessage),
    plays("PNOEE-30403039950-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOLT-30403039950-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOLV-030403-10059-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOBE-00010211724-MOCK-Q", Outcome::RefusedCodeChoice),
    plays("PNOEE-30403039961-MOCK-Q", Outcome::RefusedCertificateChoice),
    plays("PNOLT-30403039961-MOCK-Q", Outcome::RefusedCertificateChoice),
    plays("PNOLV-030403-10067-MOCK-Q", Outcome::RefusedCertificateChoice),
    plays("PNOBE-00010221523-MOCK-Q", Outcome::RefusedCertificateChoice),
    plays("PNOEE-30403039972-MOCK-Q", Outcome::WrongCode),
    plays("PNOLT-30403039972-MOCK-Q", Outcome::WrongCode),
    plays("PNOLV-030403-10075-MOCK-Q", Outcome::WrongCode),
    plays("PNOBE-00010216276-MOCK-Q", Outcome::WrongCode),
    plays("PNOEE-30403039983-MOCK-Q", Outcome::Timeout),
    plays("PNOLT-30403039983-MOCK-Q", Outcome::Timeout),
    plays("PNOLV-030403-10083-MOCK-Q", Outcome::Timeout),
    plays("PNOBE-00010220335-MOCK-Q", Outcome::Timeout),
];

impl Person {
    /// The date of birth that the certificates carry.
    ///
    /// # Panics
    /// Never for the persons of the list; a test reads each of them.
    pub fn date_of_birth(&self) -> Option<Date> {
        match self.born? {
            Born::On(year, month, day) => Some(Date::constant(year, month, day)),
            Born::ByNumber => {
                let (country, number) = (self.document.get(3..5)?, self.document.get(6..)?);
                Some(by_number(country, number).expect("a date in the number"))
            }
        }
    }
}

/// The date in a national number: EE and LT `cyymmdd…`, LV `ddmmyy-c…`, BE `yymmdd` with the century in the checksum.
pub(super) fn by_number(country: &str, number: &str) -> Option<Date> {
    let digits = |from: usize, to: usize| number.get(from..to)?.parse::<i16>().ok();
    let (century, year, month, day) = match country {
        "EE" | "LT" => {
            let century = match digits(0, 1)? {
                1 | 2 => 1800,
                3 | 4 => 1900,
                _ => 2000,
            };
            (century, digits(1, 3)?, digits(3, 5)?, digits(5, 7)?)
        }
        "LV" => {
            let century = match digits(7, 8)? {
                0 => 1800,
                1 => 1900,
                _ => 2000,
            };
            (century, digits(4, 6)?, digits(2, 4)?, digits(0, 2)?)
        }
        "BE" => {
            let (first, check) =
                (number.get(..9)?.parse::<u64>().ok()?, number.get(9..11)?.parse::<u64>().ok()?);
            let century = if 97 - first % 97 == check { 1900 } else { 2000 };
            (century, digits(0, 2)?, digits(2, 4)?, digits(4, 6)?)
        }
        _ => return None,
    };
    Date::new(century + year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use countersign_wire::id::DocumentNumber;

    use super::*;

    #[test]
    fn every_person_is_listed_once_and_can_be_born() {
        let mut seen = HashSet::new();
        for person in &PERSONS {
            let document = DocumentNumber::parse(person.document).unwrap();
            assert!(seen.insert(person.document), "{}", person.document);
            assert_eq!(person.date_of_birth().is_some(), person.born.is_some());
            assert!(document.is_qualified() || person.born.is_none(), "{}", person.document);
        }
    }

    #[test]
    fn dates_are_read_from_national_numbers() {
        for (document, date) in [
            ("PNOEE-40504040001-DEM0-Q", Date::constant(1905, 4, 4)),
            ("PNOEE-61101012257-MOCK-Q", Date::constant(2011, 1, 1)),
            ("PNOLV-020100-29990-MOCK-Q", Date::constant(2000, 1, 2)),
            ("PNOLV-311299-19993-MOCK-Q", Date::constant(1999, 12, 31)),
        ] {
            assert_eq!(by_number(&document[3..5], &document[6..]), Some(date), "{document}");
        }
    }
}
