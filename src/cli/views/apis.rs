//! The documents of `api` and `call`.

use schemars::JsonSchema;
use serde::Serialize;

use super::OutputDocument;
use crate::definition::Api;
use crate::model::{EnvironmentName, GroupName, Method, OperationId, SCHEMA, Version};

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ApiView {
    method: Method,
    path: String,
    operation_id: Option<String>,
    /// The old spelling of `operation_id`.
    #[serde(rename = "operationId")]
    old_operation_id: Option<String>,
    summary: Option<String>,
    deprecated: bool,
}

impl ApiView {
    pub(in crate::cli) fn new(api: &Api) -> Self {
        Self {
            method: api.method,
            path: format!("{}{}", api.path, api.variant),
            operation_id: api.operation_id.clone(),
            old_operation_id: api.operation_id.clone(),
            summary: api.summary.clone(),
            deprecated: api.deprecated,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ApiListView {
    schema: u32,
    group: GroupName,
    apis: Vec<ApiView>,
}

impl ApiListView {
    pub(in crate::cli) fn new(group: GroupName, apis: &[Api]) -> Self {
        Self { schema: SCHEMA, group, apis: apis.iter().map(ApiView::new).collect() }
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ApiShowView {
    #[serde(flatten)]
    api: ApiView,
    schema: u32,
    group: GroupName,
    /// The constant result; none where the definition gives none.
    constant_result: Option<MockResponseView>,
    /// The old spelling of `constant_result`.
    #[serde(rename = "constantResult")]
    old_constant_result: Option<MockResponseView>,
}

impl ApiShowView {
    pub(in crate::cli) fn new(group: GroupName, api: &Api, constant_result: Option<MockResponseView>) -> Self {
        let old_constant_result = constant_result.clone();
        Self { api: ApiView::new(api), schema: SCHEMA, group, constant_result, old_constant_result }
    }
}

#[derive(Clone, Serialize, JsonSchema)]
pub(in crate::cli) struct MockResponseView {
    status: u16,
    headers: Vec<(String, String)>,
    media_type: Option<String>,
    /// The old spelling of `media_type`.
    #[serde(rename = "mediaType")]
    old_media_type: Option<String>,
    body: String,
}

impl MockResponseView {
    pub(in crate::cli) fn new(
        status: u16,
        headers: Vec<(String, String)>,
        media_type: Option<String>,
        body: &[u8],
    ) -> Self {
        let body = String::from_utf8_lossy(body).into_owned();
        Self { status, headers, media_type: media_type.clone(), old_media_type: media_type, body }
    }
}

/// An API that was added to a definition or removed from it.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ApiChangeView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) method: Method,
    pub(in crate::cli) path: String,
    /// The file that was edited.
    pub(in crate::cli) file: String,
    /// True if it was added, false if it was removed.
    pub(in crate::cli) added: bool,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(in crate::cli) struct HeaderView {
    pub(in crate::cli) name: String,
    pub(in crate::cli) value: String,
}

/// The request that was sent, without its secrets.
#[derive(Clone, Serialize, JsonSchema)]
pub(in crate::cli) struct SentView {
    pub(in crate::cli) environment: EnvironmentName,
    pub(in crate::cli) group: GroupName,
    pub(in crate::cli) version: Version,
    pub(in crate::cli) operation: OperationId,
    pub(in crate::cli) api: String,
    pub(in crate::cli) method: String,
    pub(in crate::cli) url: String,
    pub(in crate::cli) headers: Vec<HeaderView>,
    pub(in crate::cli) body_bytes: usize,
}

/// A request and its response.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct CallView {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) request: SentView,
    pub(in crate::cli) status: u16,
    pub(in crate::cli) headers: Vec<HeaderView>,
    /// The body, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) body: Option<String>,
    /// The body, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) body_base64: Option<String>,
    pub(in crate::cli) time_ms: f64,
}

impl OutputDocument for ApiListView {}
impl OutputDocument for ApiShowView {}
impl OutputDocument for ApiChangeView {}
impl OutputDocument for CallView {}
