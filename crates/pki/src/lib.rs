//! Certificates and the protocols around them, as bytes in and bytes out.
