//! The list of defects has 123 rows, and none is forgotten: each is a case of a table with its expected outcome, or a test of its
//! own that is named here.

use std::collections::BTreeSet;
use std::path::Path;

/// Rows that are no single file: the file of the test, and the test.
const ELSEWHERE: &[(u8, &str, &str)] = &[
    (91, "container/tests/container/long_term.rs", "time_stamps_have_to_follow_each_other"),
    (92, "container/tests/container/archival.rs", "a_changed_archive_time_stamp_or_what_it_covers_is_no_lta"),
    (97, "pki/src/verify/tests.rs", "weak_rsa_keys_are_refused"),
    (97, "pki/src/verify/tests.rs", "a_point_off_the_curve_is_refused"),
    (98, "pki/tests/certificate/signatures.rs", "signatures_of_openssl_verify_and_bad_ones_do_not"),
    (99, "pki/src/algorithm.rs", "pss_without_parameters_or_with_mixed_ones_is_refused"),
    (117, "container/tests/container/pdf/whole.rs", "what_should_not_be_signed_is_refused"),
    (120, "container/tests/container/lists.rs", "the_last_good_list_stays_whatever_comes"),
    (120, "container/tests/container/lists.rs", "hostile_lists_are_refused_with_a_reason"),
    (
        121,
        "container/tests/container/lists.rs",
        "services_of_one_key_that_contradict_each_other_count_as_the_lesser",
    ),
    (122, "container/tests/container/other_forms.rs", "other_digests_than_signed_are_refused"),
    (123, "container/tests/container/reports.rs", "a_verdict_is_of_its_time_policy_and_anchors_alone"),
];

#[test]
fn every_row_of_the_list_of_defects_has_its_case() {
    let mut rows: BTreeSet<u8> = crate::hostile::cases().iter().map(|case| case.row).collect();
    rows.extend(crate::pdf::hostile::cases().iter().map(|case| case.row));
    for (row, file, test) in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            text.contains(&format!("#[test]\nfn {test}()"))
                || text.contains(&format!("#[test]\n    fn {test}()")),
            "row {row}: {test} is not in {file}"
        );
        rows.insert(*row);
    }
    let missing: Vec<u8> = (1..=123).filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
