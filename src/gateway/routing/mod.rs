//! From a request's host and path to an API.

pub(crate) mod canonical;
mod contested;
pub(crate) mod host;
pub(crate) mod hosts;
pub(crate) mod table;
mod template_router;
pub(crate) mod values;
