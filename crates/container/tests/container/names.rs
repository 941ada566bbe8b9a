//! Names of all kinds, through the whole life of a container.

use std::collections::HashSet;

use countersign_container::validate::{Policy, TrustAnchors, validate};
use countersign_container::{Container, FileName, Level, Method};
use proptest::prelude::*;

use crate::make::sign;
use crate::world::{WORLD, noon, seconds};

fn is_valid_with(names: &[&str]) -> Container {
    let mut container = Container::new();
    for name in names {
        let content = format!("content of {name}");
        let name = FileName::parse(name).unwrap();
        container.add_data_file(name, "text/plain", content.as_bytes(), Method::Deflated, noon()).unwrap();
    }
    let signature = sign(&container, &WORLD.ec_signer, &WORLD.ec_signer_key, Level::B);
    container.add_signature(&signature, noon()).unwrap();
    let container = Container::from_bytes(&container.to_bytes().unwrap()).unwrap();
    let anchors = TrustAnchors { intermediates: vec![WORLD.ca.clone()], ..WORLD.anchors() };
    let policy = Policy { required_level: Level::B, ..Policy::default() };
    let report = validate(&container, &anchors, noon() + seconds(60), &policy);
    assert!(report.is_valid(), "{names:?}: {report}");
    let covered: Vec<&str> = report.signatures[0].signature_scopes.iter().map(|scope| &*scope.name).collect();
    assert_eq!(covered, names);
    container
}

#[test]
fn names_of_several_languages_and_signs_are_signed() {
    let names = [
        "Üürileping – lisa nr 3 (õ, ä, ö, ü, š, ž).pdf",
        "Договор аренды №5.docx",
        "📄 ✍🏽 👩‍👩‍👧.txt",
        "a+b c%20d&e=f#g?h.txt",
        "<script>\"'&amp;.html",
        "dir/sub dir/file",
        "日本語/العربية.txt",
        " leading and trailing ",
        "o\u{303} decomposed.txt",
        "..hidden",
        "a;b,c!$'()*~@",
        "100%.txt",
        "%41.txt",
    ];
    let container = is_valid_with(&names);
    for name in names {
        assert_eq!(container.read_data_file(name).unwrap(), format!("content of {name}").as_bytes());
    }
}

#[test]
fn the_longest_name_is_signed() {
    is_valid_with(&[&"õ".repeat(512)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_names_that_can_be_taken_are_signed(candidates in prop::collection::vec("\\PC{1,20}", 1..5)) {
        let mut folded = HashSet::new();
        let names: Vec<&str> = candidates
            .iter()
            .filter(|name| !name.contains(['\u{fffe}', '\u{ffff}']))
            .filter(|name| FileName::parse(name).is_ok_and(|name| folded.insert(name.folded())))
            .map(String::as_str)
            .collect();
        prop_assume!(!names.is_empty());
        is_valid_with(&names);
    }
}
