//! The seeds of the fuzz targets, each run once through its target, as `ci/fuzz.sh` does before it changes them. So a target that
//! no longer compiles, or a rule that it states and that no longer holds, is noticed without a fuzzer.

// The targets say `no_main`, which only a program can, and import the macro by the name of its crate.
#![allow(unused_attributes, unused_imports, unreachable_pub, clippy::all)]

extern crate self as libfuzzer_sys;

use std::fs;
use std::path::PathBuf;

/// Stands in for the macro of libFuzzer: the target as a function.
#[macro_export]
macro_rules! fuzz_target {
    (|$bytes:ident: &[u8]| $body:block) => {
        pub fn run($bytes: &[u8]) $body
    };
}

macro_rules! targets {
    ($($name:ident)+) => {
        #[path = "../../../fuzz/fuzz_targets"]
        mod targets {
            $(pub mod $name;)+
        }

        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), targets::$name::run)),+];
    };
}

targets! {
    archive_manifest asice_files asice_zip certificate certificate_request cms crl device_body device_link device_proof
    ocsp_request ocsp_response pades_pdf pades_sign partner_result registration_body siga_body signing_body start_body step_up_answer token trusted_list
    tsp_request tsp_response validation xades_extend xades_xml
}

fn fuzz(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder)
}

#[test]
fn every_seed_passes_its_target() {
    for (name, run) in TARGETS {
        let seeds =
            fs::read_dir(fuzz("seeds").join(name)).unwrap_or_else(|error| panic!("seeds of {name}: {error}"));
        let mut count = 0;
        for seed in seeds {
            let seed = fs::read(seed.unwrap().path()).unwrap();
            run(&seed);
            // Ends in the middle are where readers trip.
            for end in [seed.len() / 2, seed.len().saturating_sub(1)] {
                run(&seed[..end]);
            }
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_is_in_the_list_and_can_be_built() {
    let manifest = fs::read_to_string(fuzz("Cargo.toml")).unwrap();
    let mut files: Vec<String> = fs::read_dir(fuzz("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    for file in &files {
        assert!(manifest.contains(&format!("fuzz_targets/{file}.rs")), "{file} is not in fuzz/Cargo.toml");
        assert!(TARGETS.iter().any(|(name, _)| name == file), "{file} is not in the list of this test");
    }
    assert_eq!(files.len(), TARGETS.len());
}
