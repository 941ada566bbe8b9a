//! From files to a signed container and back, at every level.

use countersign_container::validate::{Policy, validate, validate_bytes};
use countersign_container::{Container, Error, Indication, Level, Limits, Report, SubIndication};

use crate::make::{FILES, sign, signed, unsigned};
use crate::world::{WORLD, lt, noon, seconds};

#[track_caller]
pub fn check(container: &Container) -> Report {
    validate(container, &WORLD.anchors(), noon() + seconds(3600), &lt())
}

#[test]
fn a_signature_made_remotely_passes_at_level_lt() {
    let bytes = signed(Level::Lt).to_bytes().unwrap();
    let container = Container::from_bytes(&bytes).unwrap();
    let report = check(&container);
    assert!(report.is_valid(), "{report}");
    let signature = &report.signatures[0];
    assert_eq!(signature.indication, Indication::TotalPassed);
    assert_eq!(signature.level(), Some(Level::Lt));
    assert_eq!(signature.errors, []);
    assert_eq!(signature.warnings, []);
    assert_eq!(signature.info.best_signature_time, Some(noon() + seconds(1)));
    assert_eq!(signature.info.ocsp_response_creation_time, Some(noon() + seconds(2)));
    assert_eq!(signature.signed_by.as_deref(), Some("TESTNUMBER,ÕIE"));
    assert!(report.data_files.iter().all(|file| file.signed));
    for (name, _, content) in FILES {
        assert_eq!(container.read_data_file(name).unwrap(), content);
    }
    let json = report.to_json();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert!(json.contains("\"indication\": \"TOTAL-PASSED\""), "{json}");
}
