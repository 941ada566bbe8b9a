//! Trusted lists (TS 119 612): who is supervised to issue certificates and time-stamps, and since when.

mod service;

pub use self::service::{
    Assertion, Condition, Criteria, Qualification, Qualifier, ServicePeriod, ServiceScope, ServiceStatus,
    ServiceType, TrustService,
};
