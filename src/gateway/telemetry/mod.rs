//! What the gateway tells about itself: metrics, health, status and the access log.

pub(crate) mod access;
pub(crate) mod admin;
pub(crate) mod meter;
pub(crate) mod record;
