//! Every HTTP surface of the trust service, one module each.
