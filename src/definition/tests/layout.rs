//! The files of a definition: above its folder, under identifiers, in large numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{places, read_files, read_text};
use crate::definition::{ImportRules, ImportedDefinition, import};
use crate::model::{DEFINITION_FILE, Finding, RuleLevel, RuleLevels};

const SCHEMA_OF_A: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: d, \
                           content: {a/b: {schema: {$ref: 'REFERENCE'}}}}}}}}\n";

fn import_files(name: &str, above: &[&str], files: &[(&str, &str)]) -> Result<ImportedDefinition, Vec<Finding>> {
    let files: BTreeMap<&str, Arc<[u8]>> =
        files.iter().map(|(path, text)| (*path, Arc::from(text.as_bytes()))).collect();
    let above: Vec<String> = above.iter().map(|&folder| folder.to_owned()).collect();
    import(name, &above, &ImportRules::default(), &mut |path| Ok(files.get(path).cloned()))
}

#[test]
fn the_folder_that_all_files_have_in_common_becomes_the_groups() {
    let root = SCHEMA_OF_A.replace("REFERENCE", "../common/pet.yaml#/Pet");
    let pet = "Pet: {type: object, properties: {toy: {$ref: '../../toys/toy.yaml'}, own: {$ref: '../api/own.yaml'}}}\n";
    let files = [
        ("api.yaml", root.as_str()),
        ("own.yaml", "{type: string}\n"),
        ("../common/pet.yaml", pet),
        ("../../toys/toy.yaml", "{type: string}\n"),
    ];
    let imported = import_files("api.yaml", &["home", "w", "specs", "api"], &files).expect("it is imported");
    let laid_out: Vec<&str> = imported.files.iter().map(|(path, _)| path).collect();
    assert_eq!(laid_out, ["specs/api/api.yaml", "specs/api/own.yaml", "specs/common/pet.yaml", "toys/toy.yaml"]);
    assert_eq!((imported.definition.as_str(), imported.renamed), ("specs/api/api.yaml", 0));
    for (path, bytes) in imported.files.iter() {
        let written = files.iter().find(|(from, _)| path.ends_with(from.trim_start_matches("../"))).expect("a file");
        assert_eq!(&**bytes, written.1.as_bytes(), "{path} keeps its bytes");
    }
    let again = |path: &str| Ok(imported.files.get(path).cloned());
    let reading = crate::definition::read_root("groups/g", &imported.definition, &mut { again });
    assert_eq!((reading.files, reading.findings), (imported.files, Vec::new()));
}

#[test]
fn a_layout_that_would_take_the_place_of_the_groups_own_files_is_refused() {
    let root = SCHEMA_OF_A.replace("REFERENCE", "../group.yaml");
    let refused = |above: &[&str], files: &[(&str, &str)]| {
        let findings = import_files("a.yaml", above, files).expect_err("it is refused");
        findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    // The reference has to change, or the file that it leads to.
    let findings = import_files("a.yaml", &["w", "api"], &[("a.yaml", &root), ("../group.yaml", "{}\n")]);
    let column = 1 + root.lines().last().and_then(|line| line.find("'../group")).expect("the reference");
    let location = format!("a.yaml:{}:{column}", root.lines().count());
    assert_eq!(findings.expect_err("it is refused")[0].location.to_string(), location);
    let own = "a name that a group's folder has for its own files";
    let found = refused(&["w", "api"], &[("a.yaml", &root), ("../group.yaml", "{type: string}\n")]);
    assert_eq!(found, [format!("the definition needs the file \"group.yaml\", {own}")]);
    let root = SCHEMA_OF_A.replace("REFERENCE", "../common.yaml");
    let found = refused(&["w", "versions"], &[("a.yaml", &root), ("../common.yaml", "{type: string}\n")]);
    assert_eq!(found, [format!("the definition needs the file \"versions/a.yaml\", {own}")]);
    // Without folders above, as in a group, nothing leads up.
    let found = refused(&[], &[("a.yaml", &root), ("../common.yaml", "{type: string}\n")]);
    assert_eq!(found, ["the reference \"../common.yaml\" leads out of the group's folder"]);
}

#[test]
fn references_are_resolved_against_the_identifiers_around_them() {
    let text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    \
                A: {$ref: 'https://x.example/s/cat'}\n    \
                B: {$ref: 'https://x.example/s/cat#tail'}\n    \
                C: {$ref: 'dog.json'}\n    \
                Cat:\n      $id: https://x.example/s/cat\n      type: object\n      properties:\n        \
                a: {$ref: 'mouse#nose'}\n        b: {$ref: '#tail'}\n        c: {$ref: '#/$defs/r'}\n        \
                d: {$ref: '/s/mouse'}\n        e: {$ref: '#/components/schemas/Dog'}\n      \
                $defs: {t: {$anchor: tail, type: string}, r: {type: boolean}}\n    \
                Mouse: {$id: 'https://x.example/s/mouse', type: object, properties: {n: {$anchor: nose, type: integer}}}\n    \
                Dog: {$id: dog.json, type: array}\n";
    let reading = read_text(text);
    assert_eq!(places(&reading), [""; 0]);
    let definition = reading.definition.expect("it is read");
    let schemas =
        definition.document().root().and_then(|root| root.get("components")?.get("schemas")).expect("schemas");
    let type_of = |path: &str| {
        let node = path.split('/').try_fold(schemas, crate::definition::Node::get).expect("a schema");
        node.resolve().and_then(|node| node.get("type")?.as_str()).unwrap_or_default().to_owned()
    };
    for (path, expected) in [
        ("A", "object"),
        ("B", "string"),
        ("C", "array"),
        ("Cat/properties/a", "integer"),
        ("Cat/properties/b", "string"),
        ("Cat/properties/c", "boolean"),
        ("Cat/properties/d", "object"),
        // A pointer from the document's root is no pointer into the resource, but can only mean this.
        ("Cat/properties/e", "array"),
    ] {
        assert_eq!(type_of(path), expected, "{path}");
    }
    // The other file's anchor of that name is not this one's.
    let text = "openapi: 3.1.0\npaths: {}\ncomponents: {schemas: {A: {$ref: '#nose'}, \
                B: {$id: 'urn:b', $defs: {n: {$anchor: nose}}}}}\n";
    assert_eq!(places(&read_text(text)), ["openapi.yaml:3:34 reference-unresolved"]);
}

#[test]
fn a_document_of_3_2_may_name_itself() {
    let text = "openapi: 3.2.0\n$self: https://x.example/api/openapi.yaml\ninfo: {title: t, version: '1'}\npaths: {}\n\
                components: {schemas: {A: {$ref: 'https://x.example/api/openapi.yaml#/components/schemas/B'}, \
                B: {type: string}, C: {$ref: 'common.yaml'}}}\n";
    let reading = read_files(&[(DEFINITION_FILE, text), ("common.yaml", "{type: string}\n")]);
    assert_eq!(places(&reading), [""; 0]);
}

#[test]
fn a_long_key_of_json_is_a_key() {
    let key = "k".repeat(3_000);
    let text = format!("{{\"openapi\": \"3.0.3\", \"paths\": {{}}, \"x-a\": {{\"{key}\": [1], \"{key}2\" : 2}}}}");
    assert_eq!(places(&read_text(&text)), [""; 0]);
    let text = format!("openapi: 3.0.3\npaths: {{}}\nx-a:\n  {key}: 1\n");
    assert_eq!(places(&read_text(&text)), ["openapi.yaml:4:3003 definition-syntax"], "one of YAML is too long");
}

#[test]
fn a_limit_that_is_met_is_named_once() {
    use std::fmt::Write as _;
    let mut text = "openapi: 3.0.3\npaths: {}\ncomponents:\n  schemas:\n".to_owned();
    for number in 0..20_100 {
        let _ = writeln!(text, "    A{number}: {{$ref: 'f/{number}.yaml'}}");
    }
    let document: Arc<[u8]> = Arc::from(text.as_bytes());
    let small: Arc<[u8]> = Arc::from(&b"{type: string}\n"[..]);
    let mut fetch = |path: &str| Ok(Some(Arc::clone(if path == DEFINITION_FILE { &document } else { &small })));
    let reading = crate::definition::read("groups/g", &mut fetch);
    let found: Vec<String> = reading.findings.iter().map(Finding::one_line).collect();
    assert_eq!(found, ["groups/g/openapi.yaml: the definition has more than the 20000 files that are read"]);
    assert_eq!(reading.files.iter().count(), 20_000);
    // No text: soon refused, and counted all the same.
    let large: Arc<[u8]> = vec![0xff; 30 << 20].into();
    let text =
        "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {A: {$ref: a.yaml}, B: {$ref: b.yaml}, C: {$ref: c.yaml}}}\n";
    let document: Arc<[u8]> = Arc::from(text.as_bytes());
    let mut fetch = |path: &str| Ok(Some(Arc::clone(if path == DEFINITION_FILE { &document } else { &large })));
    let reading = crate::definition::read("groups/g", &mut fetch);
    let mut found = reading.findings.iter().filter(|finding| finding.rule == "definition-too-large");
    let message = "the files of the definition have more than the 64 MiB that are read of them";
    assert_eq!((found.next().map(|finding| finding.message.as_str()), found.count()), (Some(message), 0));
}

#[test]
fn levels_hold_for_an_import() {
    let text =
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {a: {get: {responses: {2xx: {description: d}}}}}\n";
    let import_at = |levels: &[(&str, RuleLevel)]| {
        let levels: RuleLevels = levels.iter().map(|(rule, level)| ((*rule).to_owned(), *level)).collect();
        import("a.yaml", &[], &ImportRules { levels, further: None }, &mut |_| Ok(Some(Arc::from(text.as_bytes()))))
    };
    let rules = |findings: &[Finding]| findings.iter().map(|finding| finding.rule).collect::<Vec<_>>();
    assert_eq!(rules(&import_at(&[]).expect("warnings alone").findings), ["definition-sloppy"; 2]);
    assert!(import_at(&[("definition-sloppy", RuleLevel::Off)]).expect("nothing found").findings.is_empty());
    let refused = import_at(&[("definition-sloppy", RuleLevel::Error)]).expect_err("an error here");
    assert_eq!(rules(&refused), ["definition-sloppy"; 2]);
}

#[test]
fn a_parameter_at_fault_is_shown_where_the_fault_is() {
    let text = "openapi: 3.0.3\npaths:\n  /a:\n    parameters:\n      - name: a\n        schema: {}\n      - in: query\n      \
                - {name: b, in: quer}\n      - 1\n      - {name: [c], in: query}\n";
    let reading = read_text(text);
    let found: Vec<String> = reading
        .findings
        .iter()
        .map(|finding| format!("{}:{} {}", finding.location.line, finding.location.column, finding.message))
        .collect();
    assert_eq!(
        found,
        [
            "5:9 the parameter \"a\" has no `in`: path, query, header or cookie",
            "7:9 the parameter has no `name`",
            "8:23 `in` of the parameter \"b\" is path, query, header or cookie",
            "9:9 a parameter is a mapping",
            "10:16 a text is needed here, and this is a list",
        ]
    );
}

#[test]
fn a_reference_to_another_kind_of_component_is_what_is_at_fault() {
    let text = "openapi: 3.0.3\npaths:\n  /a:\n    parameters:\n      - $ref: '#/components/schemas/S'\n      \
                - $ref: '#/components/parameters/P'\ncomponents:\n  schemas: {S: {type: string}}\n  \
                parameters:\n    P: {in: query}\n";
    let reading = read_text(text);
    let found: Vec<String> = reading
        .findings
        .iter()
        .filter(|finding| finding.message.contains("parameter"))
        .map(|finding| format!("{}:{} {}", finding.location.line, finding.location.column, finding.message))
        .collect();
    assert_eq!(found, ["5:15 this names something that is not a parameter", "10:8 the parameter has no `name`"]);
}
