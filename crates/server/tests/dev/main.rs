//! The controls of a development server, through the router.

mod activations;
mod inspect;

use std::sync::Arc;

use countersign_server::authority::dev as authority;
use countersign_server::registration::gateway::Outbox;
use countersign_server::{MovableClock, dev};
use countersign_split_key::Parameters;
use countersign_testkit::World;

/// Keys that are broken in minutes, and made in milliseconds.
pub(crate) fn parameters() -> Parameters {
    Parameters::for_tests(1024)
}

/// A world with the test persons in it.
pub(crate) async fn world() -> World {
    let mut config = dev::config();
    config.device_api.kdf_iterations = 2;
    let world = World::build(config, |builder| {
        let authorities = authority::authorities().expect("the TEST authority");
        builder
            .authorities(authorities)
            .key_parameters(parameters())
            .message_gateway(Arc::new(Outbox::default()))
    });
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    world.again()
}
