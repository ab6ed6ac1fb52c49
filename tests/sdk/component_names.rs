//! Names of components: nothing that folds to one takes it away.

use std::sync::Arc;

use apigw::model::{Digest, GroupSettings};
use apigw::share::model::{DefinitionModel, ModelSource};
use apigw::share::sdk::{SdkLanguage, SdkSource, generate};

/// Returns the declaration of `PetOwner` in the types of a client.
fn pet_owner(response: &str, components: &str) -> String {
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a: {{get: {{operationId: a, responses: {{'200': \
         {{description: d, content: {{application/json: {{schema: {response}}}}}}}}}}}}}\ncomponents:\n  schemas:\n{components}"
    );
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    let settings: GroupSettings =
        serde_saphyr::from_str("schema: 1\nversion: '0.0.1'\nprefix: /g\n").expect("settings");
    let model = DefinitionModel::build(ModelSource { definition: &definition, settings: &settings, environments: &[] });
    let (group, version) = ("g".parse().expect("a name"), "0.0.1".parse().expect("a version"));
    let source = SdkSource { group: &group, version: &version, digest: Digest::of(b""), model: &model };
    let files = generate(source, &[SdkLanguage::TypeScript]);
    let types = files.iter().find(|file| file.path == "typescript/index.d.ts").expect("types");
    let types = String::from_utf8_lossy(&types.bytes).into_owned();
    let declared = types.split("export interface PetOwner {").nth(1).and_then(|rest| rest.split("\n}").next());
    declared.unwrap_or_else(|| panic!("{types}")).to_owned()
}

#[test]
fn nothing_that_folds_to_the_name_of_a_component_takes_it() {
    let reference = "{$ref: '#/components/schemas/PetOwner'}";
    let component = "    PetOwner: {type: object, properties: {b: {type: string}}}\n";
    let alone = pet_owner(reference, component);
    assert!(alone.contains("b?: string"), "{alone}");
    // An object in the property `owner` of `Pet` would have the name too.
    let pet = "    Pet: {type: object, properties: {owner: {type: object, properties: {a: {type: string}}}}}\n";
    let both = format!("{{anyOf: [{{$ref: '#/components/schemas/Pet'}}, {reference}]}}");
    assert_eq!(pet_owner(&both, &format!("{pet}{component}")), alone);
    // So would components that come before it in the order of the alphabet.
    let folded = "    PET-Owner: {type: object, properties: {c: {type: string}}}\n";
    let both = format!("{{anyOf: [{{$ref: '#/components/schemas/PET-Owner'}}, {reference}]}}");
    assert_eq!(pet_owner(&both, &format!("{folded}{component}")), alone);
}
