//! The two-party RSA key: shares, PIN mask, encoding, the two halves and their combination.
