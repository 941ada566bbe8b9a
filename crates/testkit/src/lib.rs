//! For tests only: a clock that stands still, seeded randomness, and a whole service in memory.
//!
//! ```
//! use countersign_testkit::World;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let world = World::new();
//! let answer = world.get("/livez").await;
//! assert_eq!(answer.status, 200);
//! # });
//! ```
//!
//! Nothing here sleeps, uses the network or depends on today.

mod account;
mod clock;
mod randomness;
mod world;

pub use account::AccountDraft;
pub use clock::FakeClock;
pub use randomness::seeded;
pub use world::{Answer, START, World};
