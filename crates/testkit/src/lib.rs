//! For tests only: a fake clock, seeded randomness, a test CA, persons with phones.
