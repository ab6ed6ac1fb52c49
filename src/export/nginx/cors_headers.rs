//! Headers that let a page of another origin read a response, by variables of nginx.

use super::super::cors::varies;
use crate::routes::GroupRoutes;

/// Lists the headers that let a page of another origin read a response.
pub(super) fn cors_headers(group: &GroupRoutes) -> Vec<String> {
    let Some(cors) = &group.cors else { return Vec::new() };
    let name = variable_name(group);
    let vary = varies(cors).then(|| "Vary \"Origin\"".to_owned());
    let headers = [
        format!("Access-Control-Allow-Origin $apigw_origin_{name}"),
        format!("Access-Control-Allow-Credentials $apigw_credentials_{name}"),
        format!("Access-Control-Expose-Headers $apigw_exposed_{name}"),
    ];
    vary.into_iter().chain(headers).collect()
}

/// Returns the name of a group in variables, of letters, digits and underscores.
pub(super) fn variable_name(group: &GroupRoutes) -> String {
    format!("{}__{}", group.environment, group.group).replace('-', "_0")
}
