//! What travels over HTTP, as types: the relying party API, device links, the device API.
