//! The document of `routes`.

use schemars::JsonSchema;
use serde::Serialize;

use super::OutputDocument;
use crate::routes::EnvironmentRoutes;

/// The routes of the environments that were asked for.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RoutesView<'a> {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) environments: &'a [EnvironmentRoutes],
}

impl OutputDocument for RoutesView<'_> {}
