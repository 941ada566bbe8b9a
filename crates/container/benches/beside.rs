//! What validating costs beside what it costs others, each pair in one run on the same file:
//!
//! - an ASiC-E of 100 kB at level LT beside digidoc4j, warmed up, in one Java process      (goal: a tenth of its time)
//! - a PDF document of 1 MB at level LT beside pyHanko, in one Python process              (goal: a tenth of its time)
//! - signing and validating where the hash is all the work, beside `sha256sum`             (goal: 80 % of its speed)
//!
//! The judges are those of `interop/run.sh`, which installs and builds them in `target/interop`; one that is not there is
//! skipped by name. `BESIDE_MEGABYTES` is the size of the large files (256).

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, dead_code, unreachable_pub)]

#[path = "../tests/container/make.rs"]
mod make;
#[path = "../tests/container/pdf/make.rs"]
mod make_pdf;
#[path = "../tests/container/pdf/sample.rs"]
mod sample;
#[path = "../tests/container/world.rs"]
mod world;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use countersign_container::validate::{validate_bytes, validate_source};
use countersign_container::{
    Container, ContainerWriter, FileName, Level, Limits, Method, Policy, SignatureRequest, SignatureTemplate,
};
use countersign_pki::algorithm::Digest;

use crate::make::{request, unsigned};
use crate::sample::Sample;
use crate::world::{WORLD, noon, seconds, xml_signature};

fn main() {
    let folder = root().join("target/beside");
    fs::create_dir_all(folder.join("trust")).unwrap();
    let anchors =
        [("root", &WORLD.root), ("eid-q", &WORLD.ca), ("tsa", &WORLD.tsu), ("tsa-root", &WORLD.tsa_root)];
    for (name, certificate) in anchors {
        fs::write(folder.join("trust").join(format!("{name}.pem")), certificate.to_pem()).unwrap();
    }
    let asice = folder.join("lt-100kB.asice");
    fs::write(&asice, container(100_000)).unwrap();
    let pdf = folder.join("lt-1MB.pdf");
    fs::write(&pdf, document(1_000_000)).unwrap();

    let ours = validating(&asice);
    let classes = root().join("target/interop/validators/validator-digidoc4j");
    if classes.join("lib").is_dir() {
        let path = format!("{0}/classes:{0}/lib/*", classes.display());
        let java = ["-cp", &path, "interop.DigiDoc4jSpeed", text(&folder), text(&asice)];
        beside("ASiC-E, 100 kB, LT", ours, "digidoc4j, warmed up", other("java", &java));
    } else {
        println!("SKIP beside/digidoc4j: not built; interop/run.sh PROGRAM matrix builds it");
    }

    let ours = validating(&pdf);
    let python = root().join("target/interop/venv/bin/python");
    if python.is_file() {
        let script = root().join("bench/pyhanko_speed.py");
        let arguments = [text(&script), text(&folder), text(&pdf)];
        beside("PDF, 1 MB, LT", ours, "pyHanko", other(text(&python), &arguments));
    } else {
        println!("SKIP beside/pyhanko: not installed; interop/run.sh PROGRAM pdf installs it");
    }
    hashing(&folder);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Bytes that do not pack, as in a picture.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

fn container(length: usize) -> Vec<u8> {
    let mut container = Container::new();
    let name = FileName::parse("contract.bin").unwrap();
    container
        .add_data_file(name, "application/octet-stream", &noise(length), Method::Deflated, noon())
        .unwrap();
    let signature = make::sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    container.to_bytes().unwrap()
}

fn document(length: usize) -> Vec<u8> {
    let mut sample = Sample::new();
    let mut object = format!("<</Length {length}>>\nstream\n").into_bytes();
    object.extend(noise(length));
    object.extend(b"\nendstream");
    sample.objects.push((10, object));
    make_pdf::signed(&sample.with_table(), Level::Lt)
}

/// The median time of a validation, from bytes to report.
fn validating(file: &Path) -> Duration {
    let bytes = fs::read(file).unwrap();
    let (anchors, policy, limits) = (WORLD.anchors(), Policy::default(), Limits::default());
    let mut times: Vec<Duration> = (0..60)
        .map(|_| {
            let start = Instant::now();
            let report = validate_bytes(&bytes, None, &limits, &anchors, noon() + seconds(3600), &policy);
            assert!(report.is_valid(), "{report}");
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// What another program prints: the median of its own times, in seconds.
fn other(program: &str, arguments: &[&str]) -> Option<Duration> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let seconds = String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("seconds ")?.parse().ok());
    if seconds.is_none() {
        println!("{program} does not say: {}", String::from_utf8_lossy(&output.stderr));
    }
    seconds.map(Duration::from_secs_f64)
}

fn beside(what: &str, ours: Duration, whose: &str, theirs: Option<Duration>) {
    match theirs {
        Some(theirs) => println!(
            "{what}: {:.2} ms, {whose} {:.2} ms: {:.1} times as fast",
            ours.as_secs_f64() * 1e3,
            theirs.as_secs_f64() * 1e3,
            theirs.as_secs_f64() / ours.as_secs_f64()
        ),
        None => {
            println!("SKIP beside/{whose}: it cannot be run here; ours {:.2} ms", ours.as_secs_f64() * 1e3)
        }
    }
}

/// The least time of three.
fn best(mut work: impl FnMut()) -> Duration {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..3).map(|_| time(&mut work)).min().unwrap()
}

/// Large files, in the page cache for both: `sha256sum` is timed on the same bytes.
fn hashing(folder: &Path) {
    let megabytes: usize =
        std::env::var("BESIDE_MEGABYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    let data = folder.join("large.bin");
    let mut sink = BufWriter::new(File::create(&data).unwrap());
    let piece = noise(1 << 20);
    (0..megabytes).for_each(|_| sink.write_all(&piece).unwrap());
    sink.into_inner().unwrap();
    let reference = best(|| {
        assert!(Command::new("sha256sum").arg(&data).output().unwrap().status.success());
    });
    let size = (megabytes as u64) << 20;
    let say = |what: &str, ours: Duration| {
        let speed = |time: Duration| size as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{what}, {megabytes} MB: {:.0} MB/s, sha256sum {:.0} MB/s: {:.0} %",
            speed(ours),
            speed(reference),
            100.0 * reference.as_secs_f64() / ours.as_secs_f64()
        );
    };
    let signed = folder.join("large.asice");
    let anchors = WORLD.anchors();
    let policy = Policy { required_level: Level::B, ..Policy::default() };
    say("ASiC-E signed", best(|| sign_large(&data, &signed, size)));
    say(
        "ASiC-E validated",
        best(|| {
            let source = File::open(&signed).unwrap();
            let now = noon() + seconds(3600);
            let report = validate_source(source, None, &Limits::streaming(), &anchors, now, &policy);
            assert!(report.signatures[0].errors.is_empty() && report.errors.is_empty(), "{report}");
        }),
    );
    let bytes = document(size as usize - (1 << 20));
    say(
        "PDF validated",
        best(|| {
            let now = noon() + seconds(3600);
            let report = validate_bytes(&bytes, None, &Limits::default(), &anchors, now, &Policy::default());
            assert!(report.is_valid(), "{report}");
        }),
    );
    for file in [data, signed] {
        fs::remove_file(file).unwrap();
    }
}

fn sign_large(data: &Path, signed: &Path, size: u64) {
    let sink = BufWriter::new(File::create(signed).unwrap());
    let mut writer = ContainerWriter::new(sink, &[Digest::Sha256], noon()).unwrap();
    let name = FileName::parse("large.bin").unwrap();
    let source = File::open(data).unwrap();
    writer.add_data_file(name, "application/octet-stream", size, source, Method::Stored, noon()).unwrap();
    let request = SignatureRequest {
        data_files: writer.data_file_digests(Digest::Sha256).unwrap(),
        ..request(&unsigned(), &WORLD.signer, &WORLD.signer_key)
    };
    let template = SignatureTemplate::new(&request).unwrap();
    let mut signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    make::extend(&unsigned(), &mut signature, Level::Lt);
    writer.add_signature(&signature, noon()).unwrap();
    writer.finish(noon()).unwrap();
}
