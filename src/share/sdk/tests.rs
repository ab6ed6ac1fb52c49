use std::sync::Arc;

use proptest::prelude::*;

use super::methods::MethodResult;
use super::*;
use crate::model::GroupSettings;
use crate::share::model::ModelSource;

/// Reads a definition with these paths.
fn model(paths: &str) -> DefinitionModel {
    model_with(paths, "")
}

/// Reads a definition of a group with more settings.
fn model_with(paths: &str, more: &str) -> DefinitionModel {
    let text = format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n{paths}");
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    let settings: GroupSettings =
        serde_saphyr::from_str(&format!("schema: 1\nversion: '0.0.1'\nprefix: /g\n{more}")).expect("settings");
    DefinitionModel::build(ModelSource { definition: &definition, settings: &settings, environments: &[] })
}

/// Lists the public names of a client: its calls with the names of their parameters, and its types.
fn names(model: &DefinitionModel) -> Vec<String> {
    let group = "g".parse().expect("a name");
    let mut names: Vec<String> = Vec::new();
    for language in SdkLanguage::ALL {
        let source = SampleSource { group: &group, model, is_mock: true };
        let calls = samples(source, language).into_iter();
        names.extend(calls.map(|(operation, sample)| format!("{}: {}", operation.key, sample.call)));
    }
    names.extend(ClientPlan::new(model).declarations.into_iter().map(|declaration| declaration.name));
    names
}

/// Lists the calls of each operation in all languages.
fn calls(model: &DefinitionModel) -> std::collections::BTreeMap<String, Vec<String>> {
    let group = "g".parse().expect("a name");
    let mut calls: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for language in SdkLanguage::ALL {
        for (operation, sample) in samples(SampleSource { group: &group, model, is_mock: true }, language) {
            calls.entry(operation.key.clone()).or_default().push(sample.call);
        }
    }
    calls
}

/// True if two texts are one but for the case of their letters and what is none.
fn folds_as(one: &str, other: &str) -> bool {
    let folded = |text: &str| names::words(text).concat();
    folded(one) == folded(other)
}

fn operation(index: usize, id: &str) -> String {
    let quoted = serde_json::to_string(id).expect("JSON");
    format!(
        "  /p{index}/{{id}}:\n    post: {{operationId: {quoted}, parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}, \
         {{name: id, in: query, required: true, schema: {{type: string}}}}], requestBody: {{content: {{application/json: {{schema: {{type: object, \
         properties: {{a: {{type: object, properties: {{b: {{}}}}}}}}}}}}}}}}, responses: {{'204': {{description: d}}}}}}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_operation_that_is_added_takes_no_name_and_renames_none_but_of_its_like(at in 0..7usize, ids in prop::collection::hash_set("(getPet|get_pet|GetPet|class|body|[a-zA-Z0-9_ \u{67e5}\u{1f980}-]{1,6})", 2..7)) {
        let ids: Vec<String> = ids.into_iter().collect();
        let paths: Vec<String> = ids.iter().enumerate().map(|(index, id)| operation(index, id)).collect();
        let (added, fewer) = paths.split_last().expect("one at least");
        let (own, others) = ids.split_last().expect("one at least");
        let (first, last) = fewer.split_at(at.min(fewer.len()));
        let before = calls(&model(&fewer.concat()));
        let after = calls(&model(&[first, std::slice::from_ref(added), last].concat().concat()));
        for (id, calls) in &before {
            prop_assert!(folds_as(own, id) || after.get(id) == Some(calls), "{id}: {calls:?} {after:?}");
        }
        for call in &after[own] {
            let is_another = others.iter().any(|id| before[id].contains(call));
            prop_assert!(!is_another, "{own} takes {call} of {before:?}");
        }
    }
}

#[test]
fn a_component_that_comes_into_use_renames_nothing() {
    let get = |path: &str, name: &str| {
        format!(
            "  {path}: {{get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}}}}}}}\n"
        )
    };
    let components = "components:\n  schemas:\n    Pet: {type: object, properties: {owner: {type: object, properties: {a: {}}}}}\n    PetOwner: {type: object, properties: {b: {}}}\n";
    let before = names(&model(&(get("/a", "Pet") + components)));
    let after = names(&model(&(get("/a", "Pet") + &get("/b", "PetOwner") + components)));
    assert!(before.iter().all(|name| after.contains(name)), "{before:?} {after:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_component_that_is_added_renames_nothing(name in "(Pet|GetPet)?[-_]{0,2}(owner|Owner|Response|Body|item|Part|object|[a-zA-Z0-9]{1,6})?[-_]{0,2}(Item|Deep|name)?", is_first in any::<bool>()) {
        let fields = |inner: &str| format!("{{type: object, properties: {{owner: {inner}, response: {inner}, body: {inner}, item: {inner}}}}}");
        let object = fields(&fields("{type: object, properties: {deep: {type: object, properties: {a: {}}}}}"));
        let list = format!("{{type: [array, 'null'], items: {object}}}");
        let nullable = object.replacen("type: object", "type: [object, 'null']", 1);
        let schemas = [("Pet", &object), ("PetList", &list), ("Response", &object), ("Perhaps", &nullable)];
        prop_assume!(!name.is_empty() && schemas.iter().all(|(known, _)| *known != name));
        let quoted = serde_json::to_string(&name).expect("JSON");
        let known: Vec<String> = schemas.iter().map(|(name, schema)| format!("    {name}: {schema}\n")).collect();
        let added = format!("    {quoted}: {object}\n");
        let get = |id: &str, schema: &str| {
            format!("  /{id}: {{post: {{operationId: {id}, requestBody: {{content: {{application/json: {{schema: {object}}}}}}}, responses: {{'200': {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}}}}}\n")
        };
        let reference = |name: &str| format!("{{$ref: '#/components/schemas/{name}'}}");
        let all = schemas.map(|(name, _)| reference(name)).join(", ");
        let paths = get("getPet", &object) + &get("pet", &format!("{{anyOf: [{all}]}}"));
        let components = |schemas: Vec<String>| format!("components:\n  schemas:\n{}", schemas.concat());
        let before = names(&model(&(paths.clone() + &components(known.clone()))));
        let mut more = known;
        more.insert(if is_first { 0 } else { more.len() }, added);
        let after = names(&model(&(paths + &get("zz", &reference(&name)) + &components(more))));
        let lost: Vec<&String> = before.iter().filter(|name| !after.contains(name)).collect();
        prop_assert!(lost.is_empty(), "{name}: {lost:?}");
    }
}

/// Returns the README of each package.
fn readmes(model: &DefinitionModel) -> Vec<String> {
    let (group, version) = ("g".parse().expect("a name"), "0.0.1".parse().expect("a version"));
    let source = SdkSource { group: &group, version: &version, digest: Digest::of(b""), model };
    let files = generate(source, &SdkLanguage::ALL).into_iter().filter(|file| file.path.ends_with("/README.md"));
    files.map(|file| String::from_utf8(file.bytes).expect("UTF-8")).collect()
}

#[test]
fn a_first_call_that_is_too_long_is_not_shown() {
    let readmes_of = |length: usize| {
        readmes(&model(&format!(
            "  /p: {{post: {{operationId: o, requestBody: {{content: {{application/json: {{schema: {{type: object}}, example: {{a: {}}}}}}}}}, \
             responses: {{'204': {{description: d}}}}}}}}\n",
            "x".repeat(length)
        )))
    };
    for (short, long) in readmes_of(100).iter().zip(readmes_of(250_000)) {
        assert!(short.contains("The first call") && !long.contains("The first call"), "{} {}", short, long.len());
        assert!(long.len() < short.len());
    }
}

#[test]
fn a_readme_tells_who_asks_for_credentials() {
    let (checked, auth) = ("mock: {check_security: true}\n", "auth: {subscription: {}}\n");
    let of_definition = "Mock environments ask for the ones that the definition declares";
    let (none, basic, optional) = ("[]", "[{b: []}]", "[{}, {b: []}]");
    let api = "The gateway lets anyone through; the API asks for these, each operation for its own.";
    let both = "The gateway takes the first; the API asks for the others as well";
    for (security, settings, expected) in [
        (none, "", "None are asked for."),
        (optional, "", "None are asked for."),
        (none, auth, "```\n\nMock environments ask for none.\n"),
        (
            none,
            "auth: {subscription: {}, signature: {}}\n",
            "```\n\nOne of them suffices. Mock environments ask for none.\n",
        ),
        (basic, "", &format!("```\n\n{api} Mock environments ask for none.\n")),
        (basic, checked, &format!("```\n\n{api} {of_definition}.\n")),
        (
            basic,
            &format!("{auth}{checked}"),
            &format!("```\n\n{both}, each operation for its own: give them together. {of_definition}.\n"),
        ),
        (basic, "auth: {signature: {}}\n", "```\n\nMock environments ask for none.\n"),
    ] {
        let paths = format!(
            "  /p: {{get: {{operationId: o, security: {security}, responses: {{'204': {{description: d}}}}}}}}\n\
             components: {{securitySchemes: {{b: {{type: http, scheme: basic}}}}}}\n"
        );
        for readme in readmes(&model_with(&paths, settings)) {
            assert!(readme.contains(expected), "{security}, {settings}: {readme}");
            assert_eq!(readme.contains("asicAuth(\"user\""), expected.contains("the API asks"), "{readme}");
        }
    }
}

#[test]
fn the_data_of_an_event_have_their_own_type() {
    let result = |schema: &str| {
        let model = model(&format!(
            "  /e: {{get: {{operationId: e, responses: {{'200': {{description: d, content: {{text/event-stream: {{{schema}}}}}}}}}}}}}\n"
        ));
        let plan = ClientPlan::new(&model);
        let fields = plan.declarations.iter().map(|declaration| match &declaration.kind {
            lowering::DeclarationKind::Object(fields, _) => fields.iter().map(|field| field.name.as_str()).collect(),
            lowering::DeclarationKind::Alias(_) => Vec::new(),
        });
        (plan.methods[0].results[0].clone(), fields.flatten().map(str::to_owned).collect::<Vec<_>>())
    };
    let event =
        |data: &str| format!("itemSchema: {{type: object, properties: {{event: {{type: string}}, data: {data}}}}}");
    let object = "{type: object, properties: {n: {type: integer}}}";
    let named = (MethodResult::Events(lowering::TypeUse::Named("E__Event".to_owned())), vec!["n".to_owned()]);
    assert_eq!(result(&format!("schema: {object}")), named);
    assert_eq!(result(&event(&format!("{{type: string, contentSchema: {object}}}"))), named);
    assert_eq!(result(&event(object)), named);
    assert_eq!(result(&event("{type: string}")).0, MethodResult::Events(lowering::TypeUse::Any));
}

#[test]
fn a_changed_description_changes_comments_alone() {
    let source = |description: &str| {
        let model = model(&format!(
            "  /a: {{get: {{operationId: a, description: {}, responses: {{'204': {{description: d}}}}}}}}\n",
            serde_json::to_string(description).expect("JSON")
        ));
        let (group, version) = ("g".parse().expect("a name"), "0.0.1".parse().expect("a version"));
        let source = SdkSource { group: &group, version: &version, digest: Digest::of(b""), model: &model };
        let files = generate(source, &SdkLanguage::ALL);
        let text = |path: &str| {
            let file = files.iter().find(|file| file.path == path).expect("a file");
            String::from_utf8(file.bytes.clone()).expect("UTF-8")
        };
        let java = text("java/src/main/java/g_sdk/Client.java");
        (text("python/g_sdk/client.py"), text("typescript/index.js"), text("typescript/index.d.ts"), java)
    };
    let hostile = "\"\"\"\nimport os # */ \\u002a\\u002f {@link x} \\ ${x} `\u{202e}\n@deprecated x";
    let (python, script, types, java) = source("plain");
    let (other_python, other_script, other_types, other_java) = source(hostile);
    assert_eq!(script, other_script);
    let code = |text: &str, start: &str, end: &str| {
        let (before, rest) = text.split_once(start).expect("a comment");
        format!("{before}{}", rest.split_once(end).expect("its end").1)
    };
    let method = |text: &str| text.split_once("    def a(").expect("a method").1.to_owned();
    assert_eq!(code(&method(&python), "\"\"\"", "\"\"\""), code(&method(&other_python), "\"\"\"", "\"\"\""));
    let method = |text: &str| text.split_once("environment?: Environment });").expect("a method").1.to_owned();
    assert_eq!(code(&method(&types), "/**", "*/"), code(&method(&other_types), "/**", "*/"));
    let method = |text: &str| text.split_once("new Client(baseUrl, options);\n    }").expect("a method").1.to_owned();
    assert_eq!(code(&method(&java), "/**", "*/"), code(&method(&other_java), "/**", "*/"));
    assert!(!other_java.contains("\\u") && !other_java.contains("{@") && !other_java.contains("@deprecated"));
}
