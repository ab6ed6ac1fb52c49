use std::io::Write as _;
use std::sync::Arc;

use super::*;
use crate::definition::{Definition, FetchError, ImportRules, import};
use crate::model::{
    Backend, Deployment, DeploymentState, Digest, DocumentPolicy, EnvironmentName, GroupSettings, OperationId, Release,
    Timestamp, Version,
};
use crate::share::GeneratedFile;
use crate::share::model::EnvironmentServers;

pub(super) const URLS: [&str; 1] = ["http://g.test.apigw.localhost/g"];

pub(super) fn definition(text: &str) -> Definition {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let reading = crate::definition::read("g", &mut fetch);
    reading.definition.unwrap_or_else(|| panic!("{:#?}", reading.findings))
}

/// Renders the reference of a definition that is live with a mock.
pub(super) fn rendered(definition: &Definition) -> Vec<GeneratedFile> {
    rendered_with(definition, "")
}

/// Renders the reference with more settings.
pub(super) fn rendered_with(definition: &Definition, more: &str) -> Vec<GeneratedFile> {
    rendered_as(definition, more, true)
}

/// Renders the reference of a definition that is live with a real backend.
pub(super) fn rendered_real(definition: &Definition, more: &str) -> Vec<GeneratedFile> {
    rendered_as(definition, more, false)
}

fn rendered_as(definition: &Definition, more: &str, is_mock: bool) -> Vec<GeneratedFile> {
    let settings: GroupSettings =
        serde_saphyr::from_str(&format!("schema: 1\nversion: '0.0.1'\nprefix: /g\n{more}")).expect("settings");
    let version: Version = "0.0.1".parse().expect("a version");
    let release = Release {
        state: DeploymentState::Live,
        version: version.clone(),
        digest: Digest::of(b""),
        backend: Backend::Mock,
    };
    let time = Timestamp::from_milliseconds(1_795_456_800_123);
    let operation = OperationId::new(time, &Digest::of(b""));
    let environment: EnvironmentName = "test".parse().expect("a name");
    let servers = [EnvironmentServers { environment: environment.clone(), urls: URLS.map(str::to_owned).to_vec() }];
    let deployment = Deployment { release, since: time, operation };
    reference(ReferenceSource {
        group: &"g".parse().expect("a name"),
        version: &version,
        digest: Digest::of(b""),
        settings: &settings,
        definition,
        servers: &servers,
        released: Some(ReleasedSource {
            environment: &environment,
            policy: DocumentPolicy::Draft,
            is_mock,
            live: LiveEntry { deployment: &deployment, number: &version, by: Some("ada") },
            elsewhere: &[],
            is_of_version: false,
            try_it: true,
            serving: None,
        }),
        has_clients: true,
    })
    .expect("the templates fit")
}

pub(super) fn text_of(files: &[GeneratedFile], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    String::from_utf8(file.bytes.clone()).expect("UTF-8")
}

/// Texts that would be markup, code or another language's punctuation anywhere but in a page.
const HOSTILE: [&str; 8] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "[link](javascript:alert(1)) ![image](https://example.com/x.png) <https://example.com>",
    "]]><!-- --><style>*{display:none}</style>",
    "{{ 7 * 7 }} {% raw %} ${x} `${x}`",
    "\u{202e}reversed\u{202c} \u{5d0}\u{5d1}\u{5d2}",
    "<svg/onload=alert(1)><base href=//example.com><form action=//example.com><iframe>",
];

/// A definition in which a text stands wherever somebody can write one.
fn definition_of(text: &str) -> Definition {
    let text = serde_json::to_string(text).expect("JSON");
    definition(&format!(
        "openapi: 3.1.0\n\
         info: {{title: {text}, summary: {text}, description: {text}, version: {text}}}\n\
         tags: [{{name: {text}, description: {text}}}]\n\
         webhooks: {{{text}: {{post: {{summary: {text}, description: {text}, responses: {{'200': {{description: {text}}}}}}}}}}}\n\
         paths:\n  /a:\n    post:\n      operationId: {text}\n      summary: {text}\n      description: {text}\n      tags: [{text}]\n\
         \x20     parameters: [{{name: {text}, in: query, description: {text}, required: true, schema: {{type: string, pattern: {text}, default: {text}}}, example: {text}}}]\n\
         \x20     requestBody: {{description: {text}, content: {{application/json: {{schema: {{$ref: '#/components/schemas/T'}}, examples: {{{text}: {{summary: {text}, value: {text}}}}}}}}}}}\n\
         \x20     responses: {{'200': {{description: {text}, headers: {{X-A: {{description: {text}, schema: {{type: string}}}}}}, content: {{text/plain: {{example: {text}}}}}}}}}\n\
         \x20     callbacks: {{{text}: {{'{{$request.body#/url}}': {{post: {{summary: {text}, responses: {{'200': {{description: {text}}}}}}}}}}}}}\n\
         components:\n  securitySchemes: {{S: {{type: http, scheme: bearer, description: {text}}}}}\n  schemas: {{T: {{title: {text}, description: {text}, type: object, properties: {{{text}: {{description: {text}, enum: [{text}]}}}}}}}}\n"
    ))
}

#[test]
fn a_hostile_text_never_becomes_an_element_of_its_own() {
    const ELEMENTS: &str = "html head meta title link style body a header span nav ol li button svg circle path rect div main \
                            footer script p label input kbd details summary ul h1 h2 h3 h4 h5 h6 dl dt dd section article code time template \
                            i fieldset legend pre em strong blockquote table thead tbody tr th td del hr br";
    const ATTRIBUTES: &str = "lang charset http-equiv content name rel type href title class id aria-label aria-hidden \
                              aria-current aria-labelledby viewbox fill stroke stroke-width stroke-linecap stroke-linejoin cx cy \
                              r d x y width height rx tabindex role for placeholder autocomplete spellcheck data-find dir \
                              data-method data-path data-parameter data-place data-style data-explode data-reserved data-input data-example hidden \
                              data-sample data-file data-part data-type checked data-language data-servers data-keys data-try data-text open start datetime data-through data-state data-state-address download";
    for text in HOSTILE {
        let page = text_of(&rendered(&definition_of(text)), "index.html");
        let mut scripts = 0;
        for token in tokens(&page) {
            let html5gum::Token::StartTag(tag) = token else { continue };
            let name = String::from_utf8_lossy(tag.name.as_slice()).into_owned();
            assert!(ELEMENTS.split_whitespace().any(|known| known == name), "{text}: <{name}>");
            scripts += usize::from(name == "script" || name == "style");
            for (attribute, value) in &tag.attributes {
                let attribute = String::from_utf8_lossy(attribute.as_slice()).into_owned();
                let value = String::from_utf8_lossy(value.as_slice()).into_owned();
                let is_known = ATTRIBUTES.split_whitespace().any(|known| known == attribute);
                assert!(is_known, "{text}: {attribute} of <{name}>");
                if attribute == "href" {
                    let is_own =
                        ["#", "../", "operations/", "openapi.", "llms.txt", "changes.", "index.html", "0.0.1/sdk/"];
                    let leads = is_own.iter().any(|own| value.starts_with(own)) || value == "https://example.com/x.png";
                    assert!(leads || value == "https://example.com", "{text}: {value}");
                }
            }
        }
        assert_eq!(scripts, 2, "{text}");
    }
}

/// Splits a page as browsers do, with its style and script as text.
fn tokens(page: &str) -> impl Iterator<Item = html5gum::Token<()>> {
    let mut emitter = html5gum::DefaultEmitter::default();
    emitter.naively_switch_states(true);
    html5gum::Tokenizer::new_with_emitter(page, emitter).map(|token| {
        let Ok(token) = token;
        token
    })
}

/// Returns the ids of a page and the targets of its links.
fn ids_and_links(page: &str) -> (Vec<String>, Vec<String>) {
    let (mut ids, mut links) = (Vec::new(), Vec::new());
    for token in tokens(page) {
        let html5gum::Token::StartTag(tag) = token else { continue };
        let value = |name: &[u8]| {
            let found = tag.attributes.iter().find(|(known, _)| known.as_slice() == name);
            found.map(|(_, value)| String::from_utf8_lossy(value.as_slice()).into_owned())
        };
        ids.extend(value(b"id"));
        links.extend(value(b"href").filter(|_| tag.name.as_slice() == b"a"));
    }
    (ids, links)
}

/// Asserts that every link within a reference leads somewhere, and that no part has the name of another.
fn require_whole(name: &str, files: &[GeneratedFile]) {
    let (ids, links) = ids_and_links(&text_of(files, "index.html"));
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    let (group, version) = ("g".parse().expect("a name"), "0.0.1".parse().expect("a version"));
    let clients = crate::share::sdk::archive_names(&group, &version);
    let clients: Vec<String> = clients.iter().map(|archive| format!("0.0.1/sdk/{}", archive.file)).collect();
    assert_eq!(unique.len(), ids.len(), "{name}: an id is there twice");
    for link in links {
        let leads = match link.strip_prefix('#') {
            Some(anchor) => unique.contains(&anchor.to_owned()),
            None if link.starts_with("http") || link.starts_with("mailto:") => true,
            // The matrix, the changes and the clients are no part of a reference.
            None if matches!(link.as_str(), "../../index.html" | "changes.html") => true,
            None => files.iter().any(|file| file.path == link) || clients.contains(&link),
        };
        assert!(leads, "{name}: {link} leads nowhere");
    }
    for bundled in ["openapi.json", "openapi.yaml"] {
        let text = text_of(files, bundled);
        let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let reading = crate::definition::read("bundled", &mut fetch);
        assert!(reading.definition.is_some(), "{name}: {bundled}: {:#?}", reading.findings);
    }
}

#[test]
fn odd_names_and_shapes_have_a_reference_whose_links_lead_somewhere() {
    for (name, paths, schemas) in [
        ("nothing", "{}", "{}"),
        ("no names", "{/: {get: {responses: {default: {description: ''}}}}}", "{}"),
        (
            "equal but for case",
            "{/a: {get: {operationId: Get, responses: {}}, put: {operationId: get, responses: {}}}}",
            "{}",
        ),
        (
            "emoji",
            "{/a: {get: {operationId: 🐶, tags: [🐱, 🐶], responses: {}}, put: {operationId: 🐱, tags: ['#'], responses: {}}}}",
            "{}",
        ),
        (
            "a circle",
            "{/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}}",
            "{A: {properties: {a: {$ref: '#/components/schemas/A'}, b: {items: {$ref: '#/components/schemas/A'}}}}}",
        ),
        (
            "schemas that are true and false",
            "{/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: true}, '*/*': {schema: false}}}}}}}",
            "{T: true, F: false, O: {properties: {t: true, f: false}}, N: {const: null}, L: {type: [string, 'null', integer]}}",
        ),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {paths}\ncomponents: {{schemas: {schemas}}}\n"
        );
        require_whole(name, &rendered(&definition(&text)));
    }
    let long = "x".repeat(300);
    let deep = (0..40).fold("{type: string}".to_owned(), |inner, _| format!("{{properties: {{a: {inner}}}}}"));
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1', description: {}}}\npaths: {{/{long}: {{get: {{operationId: {long}, responses: \
         {{'200': {{description: d, content: {{application/json: {{schema: {deep}}}}}}}}}}}}}}}\n",
        "a".repeat(1 << 20)
    );
    require_whole("long and deep", &rendered(&definition(&text)));
}

#[test]
fn the_same_state_gives_the_same_bytes_and_an_added_operation_renames_none() {
    let paths = |names: &[&str]| {
        let operations =
            names.iter().map(|name| format!("  /{name}:\n    get: {{operationId: '{name}', responses: {{}}}}\n"));
        format!("openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n{}", operations.collect::<String>())
    };
    let before = rendered(&definition(&paths(&["b", "a b", "c"])));
    assert_eq!(before, rendered(&definition(&paths(&["b", "a b", "c"]))));
    let after = rendered(&definition(&paths(&["a", "b", "a-b", "a b", "B", "c"])));
    let (ids, _) = ids_and_links(&text_of(&after, "index.html"));
    for id in ids_and_links(&text_of(&before, "index.html")).0 {
        assert!(ids.contains(&id), "{id}");
    }
    for file in &before {
        assert!(after.iter().any(|known| known.path == file.path), "{}", file.path);
    }
}

#[test]
fn webhooks_have_links_that_another_one_does_not_move_and_markdown() {
    let hook = |name: &str, summary: &str| {
        format!("  {name}: {{post: {{{summary}responses: {{'200': {{description: ok}}}}}}}}\n")
    };
    let render = |hooks: &str| {
        rendered(&definition(&format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{}}\nwebhooks:\n{hooks}"
        )))
    };
    let new_pet = hook("newPet", "summary: A new pet, description: \"`<id>` <b>\", ");
    let before = render(&new_pet);
    let after = render(&format!("{}{new_pet}{}", hook("first", ""), hook("NewPet", "")));
    for files in [&before, &after] {
        let page = text_of(files, "index.html");
        let (ids, links) = ids_and_links(&page);
        assert!(ids.iter().any(|id| id == "webhook-newPet-post"), "{ids:?}");
        assert!(links.iter().any(|link| link == "#webhook-newPet-post"), "{links:?}");
        assert!(page.contains("<p dir=\"auto\">A new pet</p>"), "{page}");
        let index = text_of(files, "llms.txt");
        assert!(index.contains("\n## Webhooks\n"), "{index}");
        assert!(index.contains("- [POST newPet](operations/webhook-newPet-post.md): A new pet\n"), "{index}");
        let text = text_of(files, "operations/webhook-newPet-post.md");
        assert!(text.starts_with("# Webhook POST newPet\n\nA new pet\n\n`<id>` \\<b>\n"), "{text}");
        assert!(text.contains("## Response 200") && !text.contains("curl"), "{text}");
    }
    // Without a summary nothing is promised, and folders that fold letters hold both.
    let index = text_of(&after, "llms.txt");
    assert!(index.contains("- [POST first](operations/webhook-first-post.md)\n"), "{index}");
    let mut folded: Vec<String> = after.iter().map(|file| file.path.to_ascii_lowercase()).collect();
    folded.sort();
    folded.dedup();
    assert_eq!(folded.len(), after.len());
    require_whole("webhooks", &after);
}

#[test]
fn the_definition_of_a_mock_asks_for_what_the_mock_asks_for() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\nsecurity: [{k: []}]\n\
                paths: {/a: {get: {operationId: a, security: [{k: []}], responses: {'204': {description: d}}}}}\n\
                components: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}}}\n";
    for (settings, count) in [("", 0), ("mock: {check_security: true}\n", 2), ("auth: {subscription: {}}\n", 0)] {
        let bundled = text_of(&rendered_with(&definition(text), settings), "openapi.yaml");
        assert_eq!(bundled.matches("security:").count(), count, "{settings}: {bundled}");
        assert!(!bundled.contains("gateway_"), "{bundled}");
    }
}

#[test]
fn a_form_knows_which_parameters_have_parts() {
    let schemas = "components: {schemas: {L: {type: array, items: {type: string}}, S: {type: string}}}";
    for (parameter, input) in [
        ("schema: {type: string}", "text"),
        ("schema: {type: [integer, 'null']}", "text"),
        ("schema: {$ref: '#/components/schemas/S'}", "text"),
        ("schema: {$ref: '#/components/schemas/L'}", "value"),
        ("schema: {anyOf: [{type: string}, {type: object}]}", "value"),
        ("schema: {}", "value"),
        ("content: {application/json: {schema: {type: object}}}", "content"),
    ] {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{get: {{operationId: a, parameters: [{{name: q, in: query, \
             {parameter}}}], responses: {{'204': {{description: d}}}}}}}}}}\n{schemas}\n"
        );
        let page = text_of(&rendered(&definition(&text)), "index.html");
        assert!(page.contains(&format!("data-input=\"{input}\"")), "{parameter}: {page}");
    }
}

#[test]
fn a_large_definition_has_a_page_of_a_size_that_browsers_take() {
    let operation = |number: usize| {
        format!(
            "  /p{number}:\n    get:\n      operationId: op{number}\n      parameters: [{{name: q, in: query, schema: {{type: string}}}}]\n\
             \x20     responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '#/components/schemas/T'}}}}}}}}}}\n"
        )
    };
    let properties: String =
        (0..200).map(|number| format!("p{number}: {{type: string}}, ")).collect::<Vec<_>>().concat();
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths:\n{}components: {{schemas: {{T: {{type: object, properties: {{{properties}}}}}}}}}\n",
        (0..1000).map(operation).collect::<String>()
    );
    let page = text_of(&rendered(&definition(&text)), "index.html");
    assert!(page.len() < 8_000_000, "{}", page.len());
    let (ids, _) = ids_and_links(&page);
    let missing: Vec<String> = (0..1000)
        .map(|number| format!("op{number}"))
        .filter(|id| !ids.iter().any(|known| known.ends_with(id)))
        .collect();
    assert_eq!(missing, [""; 0]);
}

/// Renders every document of the corpus, into a folder where a second variable names one.
#[test]
fn every_definition_of_the_corpus_has_a_reference_whose_links_lead_somewhere() {
    let Some(folder) = std::env::var_os("APIGW_CORPUS") else {
        let _ =
            writeln!(std::io::stderr(), "skipped, since APIGW_CORPUS is missing: pages of other projects' documents");
        return;
    };
    let out = std::env::var_os("APIGW_CORPUS_PAGES").map(std::path::PathBuf::from);
    let mut count = 0;
    for group in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        for path in group.is_dir().then(|| std::fs::read_dir(&group).expect("a folder")).into_iter().flatten() {
            let path = path.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let imported = import(&name, &[], &ImportRules::default(), &mut |file| {
                std::fs::read(group.join(file)).map(|bytes| Some(Arc::from(bytes))).or(Ok::<_, FetchError>(None))
            });
            let Ok(imported) = imported else { continue };
            let mut fetch = |file: &str| Ok(imported.files.get(file).map(|bytes| Arc::from(&bytes[..])));
            let Some(definition) = crate::definition::read("g", &mut fetch).definition else { continue };
            let files = rendered(&definition);
            require_whole(&name, &files);
            count += 1;
            let Some(out) = &out else { continue };
            for file in &files {
                let place = out.join(group.file_name().expect("a name")).join(&name).join(&file.path);
                std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
                std::fs::write(place, &file.bytes).expect("written");
            }
        }
    }
    assert!(count > 0, "APIGW_CORPUS names a folder without definitions");
}
