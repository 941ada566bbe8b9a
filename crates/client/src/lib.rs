//! A library for relying parties: start sessions, show device links, check every answer.
