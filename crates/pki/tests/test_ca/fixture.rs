//! Cases kept as files: one JSON object each, byte strings in base64.
//!
//! Every case says which row of the table of attacks it belongs to, what is wrong, the time of the check,
//! and the verdict: `Good`, `Revoked`, `Valid` or the name of an error's variant.

#![allow(dead_code, missing_docs, unreachable_pub)]

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub struct Case {
    pub name: String,
    pub value: Value,
}

impl Case {
    pub fn new(name: &str, row: &str, about: &str, expected: &str) -> Self {
        let value = json!({ "row": row, "about": about, "expected": expected, "at": super::NOW });
        Self { name: name.into(), value }
    }

    pub fn text(mut self, key: &str, text: &str) -> Self {
        self.value[key] = text.into();
        self
    }

    pub fn bytes(mut self, key: &str, bytes: &[u8]) -> Self {
        self.value[key] = STANDARD.encode(bytes).into();
        self
    }

    pub fn get_text(&self, key: &str) -> Option<&str> {
        self.value.get(key).and_then(Value::as_str)
    }

    pub fn get_bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.get_text(key).map(|text| STANDARD.decode(text).unwrap())
    }

    pub fn certificate(&self, key: &str) -> countersign_pki::Certificate {
        let der = self.get_bytes(key).unwrap_or_else(|| panic!("{}: no {key}", self.name));
        countersign_pki::Certificate::from_der(&der).unwrap()
    }

    #[track_caller]
    pub fn expect(&self, verdict: &str) {
        let expected = self.get_text("expected").unwrap();
        assert_eq!(verdict, expected, "{}: {}", self.name, self.get_text("about").unwrap());
    }
}

/// The name of an enum's variant.
pub fn variant(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

/// Every case in `fixtures/{name}/`: a new file is a new test.
pub fn read_all(name: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            value: serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap(),
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!cases.is_empty());
    cases
}

/// Writes the cases to `fixtures/{name}/`, and `part` of each as a seed of the fuzz target `target`.
pub fn write_all(name: &str, cases: &[Case], target: &str, part: &str) {
    std::fs::create_dir_all(folder(name)).unwrap();
    for case in cases {
        let text = serde_json::to_string_pretty(&case.value).unwrap() + "\n";
        std::fs::write(folder(name).join(format!("{}.json", case.name)), text).unwrap();
        write_seed(target, &case.name, &case.get_bytes(part).unwrap());
    }
}

/// Writes one input to the seed folder of a fuzz target.
pub fn write_seed(target: &str, name: &str, bytes: &[u8]) {
    let seeds = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    std::fs::create_dir_all(&seeds).unwrap();
    std::fs::write(seeds.join(name), bytes).unwrap();
}
