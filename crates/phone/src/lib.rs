//! The person's side of the device API: a phone without a screen.
