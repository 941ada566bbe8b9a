//! What a hostile document may cost: every limit has a case that would take minutes, or all memory, without it. The times are
//! shown with `--nocapture`.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use countersign_container::pades::{PdfLimits, open};

use super::sample::{Sample, deflate};

/// Hundreds of times what these take on a slow machine, and a fraction of what they took without limits.
const ALLOWED: Duration = Duration::from_secs(20);

#[track_caller]
fn assert_cheap(what: &str, file: &[u8]) {
    let start = Instant::now();
    let refused = open(file, &PdfLimits::default()).is_err();
    let elapsed = start.elapsed();
    println!("{what}: {elapsed:?} for {} bytes, refused: {refused}", file.len());
    assert!(elapsed < ALLOWED, "{what}: {elapsed:?}");
}

/// A document whose object of this number is something else.
fn with(number: u32, object: &str) -> Vec<u8> {
    let mut sample = Sample::with_form();
    sample.set(number, object);
    sample.with_table()
}

fn packed(head: &str, content: &[u8]) -> Vec<u8> {
    let content = deflate(content);
    let mut file =
        format!("%PDF-1.7\n1 0 obj\n<<{head}/Filter/FlateDecode/Length {}>>\nstream\n", content.len())
            .into_bytes();
    file.extend_from_slice(&content);
    file.extend_from_slice(b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n");
    file
}

#[test]
fn deep_and_wide_objects_cost_little() {
    assert_cheap("nested arrays", &with(10, &"[".repeat(4 << 20)));
    assert_cheap("nested dictionaries", &with(10, &"<</A".repeat(1 << 20)));
    assert_cheap("a long array", &with(10, &format!("[{}]", "0 ".repeat(4 << 20))));
    assert_cheap("an array of reals", &with(10, &format!("[{}]", "1. ".repeat(2 << 20))));
    assert_cheap("a long name", &with(10, &format!("/{}", "#41".repeat(1 << 20))));
    assert_cheap("an open string", &with(10, &"(".repeat(4 << 20)));
    let keys: String = (0..4_000).map(|key| format!("/K{key} 0")).collect();
    assert_cheap("a dictionary of many keys", &with(10, &format!("<<{keys}>>")));
}

#[test]
fn large_tables_and_bombs_cost_little() {
    assert_cheap(
        "a table of a million entries",
        &packed("/Type/XRef/W[1 4 2]/Size 1000000/Root 1 0 R", &vec![1; 7_000_000]),
    );
    assert_cheap(
        "a table of a hundred million",
        &packed("/Type/XRef/W[1 1 0]/Size 100000000/Root 1 0 R", &vec![1; 1000]),
    );
    assert_cheap(
        "a table that inflates to 64 MB",
        &packed("/Type/XRef/W[1 4 2]/Size 4/Root 1 0 R", &vec![0; 64 << 20]),
    );
    let narrow = packed("/Type/XRef/W[0 1 0]/Size 900000/Root 1 0 R", &vec![9; 900_000]);
    assert_cheap("entries that all lead to one object", &narrow);
}

#[test]
fn loops_cost_little() {
    let kids = "11 0 R ".repeat(100_000);
    assert_cheap("a field as its own kids", &with(11, &format!("<</T(a)/FT/Sig/Kids[{kids}]>>")));
    assert_cheap("a form that is its own field", &with(10, "<</Fields[10 0 R]/T(a)>>"));
    assert_cheap("references that lead to each other", &with(10, "11 0 R"));
    let mut chain = Sample::with_form();
    for number in 20..5_000 {
        chain.set(number, &format!("<</T(a)/FT/Sig/Kids[{} 0 R]>>", number + 1));
    }
    chain.set(10, "<</Fields[20 0 R]>>");
    assert_cheap("a deep tree of fields", &chain.with_table());
    let mut many = Sample::with_form();
    let list: String = (20..3_000).map(|number| format!("{number} 0 R ")).collect();
    for number in 20..3_000 {
        many.set(number, &format!("<</T(a{number})/FT/Sig/V 9 0 R>>"));
    }
    many.set(10, &format!("<</Fields[{list}]>>"));
    assert_cheap("thousands of signature fields", &many.with_table());
}
