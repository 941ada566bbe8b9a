//! What a person types and sees: one file for each subject in `tests/cmd`. A changed output shows as a difference;
//! `TRYCMD=overwrite cargo test -p countersign-cli --test cmd` takes it over.

#[test]
fn what_is_typed_gives_what_is_shown() {
    trycmd::TestCases::new()
        .case("tests/cmd/*.trycmd")
        // Nothing of the machine that the test runs on.
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .run();
}
