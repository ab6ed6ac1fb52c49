//! Definitions that mean harm, each with a name: the same for the benchmark and for the tests of the commands.

use std::fmt::Write as _;

/// A definition that means harm.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// What the import says of it; empty where it is taken without a word.
    pub(crate) says: &'static str,
}

/// Makes all of them. What is many there is so many times fewer, unless its number is what a limit is for.
pub(crate) fn definitions(fewer: usize) -> Vec<Hostile> {
    let text = |name, text: String, says| Hostile { name, bytes: text.into_bytes(), says };
    let mut list = schemas(fewer);
    list.extend([
        text("aliases of aliases", bomb(), "definition-structure"),
        text("a chain of aliases", chain_of_aliases(), "definition-too-large"),
        text("merges of merges", merges(), "definition-too-large"),
        text("deep flow", format!("{HEAD}paths: {}", "[".repeat(100_000)), "definition-too-large"),
        text("deep flow maps", format!("{HEAD}paths: {}", "{a: ".repeat(100_000)), "definition-too-large"),
        text("deep blocks", deep_blocks(), "definition-too-large"),
        text("900,000 values", format!("{HEAD}paths: {{}}\nx-a: [{}]\n", "a,".repeat(900_000)), "definition-too-large"),
        text("40 MiB of spaces", " ".repeat(40 << 20), "at most 33554432 are read"),
        text(
            "200,000 duplicate keys",
            format!("{HEAD}paths: {{}}\n{}", "a: 1\n".repeat(200_000 / fewer)),
            "duplicate-key",
        ),
        text("100,000 parameters", parameters(100_000 / fewer), ""),
        text("100,000 responses", responses(fewer), "definition-structure"),
        text("100,000 extensions of one operation", extensions(fewer), ""),
        text("a chain of 10,000 path items", path_items(fewer), "definition-structure"),
        text("a server whose variables unfold", server(), "definition-structure"),
        text("100,000 schemas of 2.0 whose names are alike", names_alike(fewer), ""),
        text("100,000 fields of a form of 2.0", form(fewer), ""),
        text("500 long lists", long_lists(fewer), ""),
        text("2,000 media types of one example", media_types_of_one_example(fewer), ""),
        text("an example that is compared with 2,000 schemas", compared_often(fewer), ""),
        text("a description that 10,000 APIs share", shared_description(), "definition-too-large"),
        text("1,000 parameters that 10,000 APIs share", shared_parameters(), "definition-too-large"),
        text("10,000 requirements of 10,000 APIs", requirements(), "definition-too-large"),
        text("a name of XML that is written 40,000 times", names_of_xml(), ""),
        text("20,000 expressions", expressions(fewer), ""),
        text("two files of 16 MB", large(fewer), ""),
        text("a number beyond all bounds", format!("{HEAD}paths: {{}}\nx-a: 1e999999999\n"), ""),
        text("a text of 20 MiB", format!("{HEAD}paths: {{}}\nx-a: \"{}\"\n", "a".repeat((20 << 20) / fewer)), ""),
        text("a byte order mark", format!("\u{feff}{HEAD}paths: {{}}\n"), ""),
        text("NUL bytes", format!("{HEAD}paths: {{}}\nx-a: \"\0\"\n"), "definition-syntax"),
        text("a tag", format!("{HEAD}paths: !ruby/object:Gem {{}}\nx-a: !python/object/apply:os.system ls\n"), ""),
    ]);
    let plain = format!("{HEAD}paths: {{}}\n");
    let utf_16 = plain.encode_utf16().flat_map(u16::to_le_bytes);
    list.push(Hostile { name: "UTF-16", bytes: [0xff, 0xfe].into_iter().chain(utf_16).collect(), says: "UTF-8" });
    list
}

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n";

/// Makes a definition whose one API takes and gives the schema `s0`.
fn around(schemas: &str) -> Vec<u8> {
    let content = "{content: {application/json: {schema: {$ref: '#/components/schemas/s0'}}}}";
    let response = content.replacen('{', "{description: d, ", 1);
    format!(
        "{HEAD}paths:\n  /a:\n    post:\n      requestBody: {content}\n      responses:\n        '200': {response}\n\
         components:\n  schemas:\n{schemas}"
    )
    .into_bytes()
}

fn reference(index: usize) -> String {
    format!("{{$ref: '#/components/schemas/s{index}'}}")
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        let _ = writeln!(text, "    s{index}: {}", line(index));
        text
    })
}

fn schemas(fewer: usize) -> Vec<Hostile> {
    let many = 100_000 / fewer;
    let schemas = |name, text: String, says| Hostile { name, bytes: around(&text), says };
    let next = |index: usize| reference(index + 1);
    vec![
        schemas("a chain of 100,000 references", lines(many, next) + &format!("    s{many}: {{type: string}}\n"), ""),
        schemas(
            "100,000 references in a circle",
            lines(many, |index| reference((index + 1) % many)),
            "reference-circular",
        ),
        schemas("exponential allOf", doubled("allOf", 150), ""),
        schemas("exponential oneOf", doubled("oneOf", 60), ""),
        schemas("exponential anyOf", doubled("anyOf", 60), ""),
        schemas(
            "exponential properties",
            lines(90, |index| {
                let next = next(index);
                format!("{{type: object, required: [a, b], properties: {{a: {next}, b: {next}}}}}")
            }) + "    s90: {type: string}\n",
            "",
        ),
        schemas(
            "a tower of 10,000 allOf",
            lines(many / 10, |index| format!("{{allOf: [{}]}}", next(index))) + &format!("    s{}: {{}}\n", many / 10),
            "",
        ),
        schemas(
            "requires itself",
            format!("    s0: {{type: object, required: [a], properties: {{a: {}}}}}\n", reference(0)),
            "",
        ),
        schemas(
            "a list of a billion",
            "    s0: {type: array, minItems: 1000000000, items: {type: string}}\n".to_owned(),
            "",
        ),
        schemas("a text of a billion", "    s0: {type: string, minLength: 1000000000}\n".to_owned(), ""),
        schemas("a map of a billion", "    s0: {type: object, minProperties: 1000000000}\n".to_owned(), ""),
        schemas(
            "an expression that backtracks",
            format!("    s0: {{type: string, pattern: '^(a+)+(?=b)c$', example: {}}}\n", "a".repeat(40)),
            "",
        ),
        schemas(
            "an expression that unfolds",
            "    s0: {type: string, pattern: '^((a{1000}){1000}){1000}$'}\n".to_owned(),
            "",
        ),
        schemas(
            "an expression that nests",
            format!("    s0: {{type: string, pattern: '{}a{}'}}\n", "(".repeat(4_000), ")".repeat(4_000)),
            "",
        ),
        schemas(
            "an enum of 100,000",
            format!("    s0: {{type: string, enum: [{}]}}\n", numbered(many, |index| format!("v{index}"))),
            "",
        ),
        schemas(
            "an enum of 100,000 that nothing fits",
            format!("    s0: {{type: string, enum: [{}]}}\n", numbered(many, |index| index.to_string())),
            "",
        ),
        schemas(
            "400 patterns over 400 properties",
            format!(
                "    s0:\n      type: object\n      patternProperties: {{{}}}\n      properties: {{{}}}\n",
                numbered(400, |index| format!("'^(a|b{index})*$': {{}}")),
                numbered(400, |index| format!("p{index}: {{}}")),
            ),
            "",
        ),
        schemas(
            "100,000 properties",
            format!(
                "    s0: {{type: object, properties: {{{}}}}}\n",
                numbered(many, |index| format!("p{index}: {{type: string}}"))
            ),
            "",
        ),
    ]
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(", ")
}

fn doubled(keyword: &str, count: usize) -> String {
    let both = |index: usize| format!("{{{keyword}: [{0}, {0}]}}", reference(index + 1));
    lines(count, both) + &format!("    s{count}: {{type: string}}\n")
}

fn bomb() -> String {
    let mut text = format!("{HEAD}a0: &a0 [x, x]\n");
    for index in 1..30 {
        let before = index - 1;
        let _ = writeln!(text, "a{index}: &a{index} [*a{before}, *a{before}, *a{before}]");
    }
    text + "paths: *a29\n"
}

fn chain_of_aliases() -> String {
    let mut text = format!("{HEAD}paths: {{}}\na0: &a0 [x]\n");
    for index in 1..100_000 {
        let _ = writeln!(text, "a{index}: &a{index} [*a{}]", index - 1);
    }
    text
}

fn merges() -> String {
    let mut text = format!("{HEAD}paths: {{}}\na0: &a0 {{k0: 1}}\n");
    for index in 1..3_000 {
        let _ = writeln!(text, "a{index}: &a{index} {{<<: *a{}, k{index}: 1}}", index - 1);
    }
    text
}

fn deep_blocks() -> String {
    (0..2_000).fold(format!("{HEAD}paths:\n"), |mut text, index| {
        let _ = writeln!(text, "{}a:", " ".repeat(index + 1));
        text
    })
}

fn parameters(count: usize) -> String {
    let mut text = format!("{HEAD}paths:\n  /a:\n    get:\n      parameters:\n");
    for index in 0..count {
        let _ = writeln!(text, "      - {{name: p{index}, in: query, schema: {{type: string}}}}");
    }
    text + "      responses: {'200': {description: d}}\n"
}

fn responses(fewer: usize) -> String {
    let mut text = format!("{HEAD}paths:\n  /a:\n    get:\n      responses:\n");
    for index in 0..100_000 / fewer {
        let _ = writeln!(text, "        '{}': {{description: d}}", index + 100);
    }
    text
}

fn extensions(fewer: usize) -> String {
    let mut text = format!("{HEAD}paths:\n  /a:\n    get:\n      responses: {{'200': {{description: d}}}}\n");
    for index in 0..100_000 / fewer {
        let _ = writeln!(text, "      x-{index}: 1");
    }
    text
}

fn path_items(fewer: usize) -> String {
    let count = 10_000 / fewer;
    (0..count).fold(format!("{HEAD}paths:\n"), |mut text, index| {
        let _ = writeln!(text, "  /a{index}: {{$ref: '#/paths/~1a{}'}}", index + 1);
        text
    }) + &format!("  /a{count}: {{get: {{responses: {{'200': {{description: d}}}}}}}}\n")
}

fn server() -> String {
    let (many, long) = ("{a}".repeat(100_000), "b".repeat(1_000_000));
    format!("{HEAD}servers: [{{url: \"https://{many}\", variables: {{a: {{default: {long}}}}}}}]\npaths: {{}}\n")
}

/// Writes so many APIs, from `GET /a` on, each with the operation that is given, its number in place of `@`.
fn apis(count: usize, operation: &str) -> String {
    (0..count).fold("paths:\n".to_owned(), |mut text, index| {
        let name = if index == 0 { String::new() } else { index.to_string() };
        let _ = writeln!(text, "  /a{name}: {{get: {}}}", operation.replace('@', &index.to_string()));
        text
    })
}

/// Writes an operation that answers with a body.
fn answering(content: &str) -> String {
    format!("{{responses: {{'200': {{description: d, content: {{{content}}}}}}}}}")
}

fn long_lists(fewer: usize) -> String {
    let content = "application/json: {schema: {type: array, minItems: MANY, items: {type: string, title: '@'}}}";
    let content = content.replace("MANY", &(40_000 / fewer).to_string());
    HEAD.to_owned() + &apis(500 / fewer, &answering(&content))
}

fn media_types_of_one_example(fewer: usize) -> String {
    let content = numbered(2_000 / fewer, |index| format!("a/v{index}+json: {{examples: {{e: *e}}}}"));
    format!("{HEAD}x-e: &e {{value: [{}]}}\n{}", vec!["1"; 19_000 / fewer].join(","), apis(1, &answering(&content)))
}

fn compared_often(fewer: usize) -> String {
    let example = "examples: {e: *e}";
    let content = numbered(2_000 / fewer, |index| {
        format!("a/v{index}+json: {{schema: {{items: {{title: '{index}'}}}}, {example}}}")
    });
    format!("{HEAD}x-e: &e {{value: [{}]}}\n{}", vec!["1"; 19_000 / fewer].join(","), apis(1, &answering(&content)))
}

fn shared_description() -> String {
    format!("{HEAD}x-t: &t {}\n{}", "x".repeat(1 << 20), apis(10_000, "{responses: {'200': {description: *t}}}"))
}

fn shared_parameters() -> String {
    let parameters = numbered(1_000, |index| format!("{{name: p{index}, in: query, schema: {{}}}}"));
    let operation = "{parameters: *p, responses: {'200': {description: d}}}";
    format!("{HEAD}x-p: &p [{parameters}]\n{}", apis(10_000, operation))
}

fn requirements() -> String {
    let requirements = numbered(10_000, |index| format!("{{a{index}: []}}"));
    format!("{HEAD}security: [{requirements}]\n{}", apis(10_000, "{responses: {'200': {description: d}}}"))
}

fn names_of_xml() -> String {
    let name = "n".repeat(100_000);
    let content =
        format!("application/xml: {{schema: {{type: array, minItems: 40000, items: {{xml: {{name: {name}}}}}}}}}");
    HEAD.to_owned() + &apis(1, &answering(&content))
}

fn expressions(fewer: usize) -> String {
    let one = |index| format!("p{index}: {{type: string, pattern: '^[a-z]{{1,200}}{index}(x|y)+$'}}");
    let content = format!("application/json: {{schema: {{properties: {{{}}}}}}}", numbered(20_000 / fewer, one));
    HEAD.to_owned() + &apis(1, &answering(&content))
}

fn large(fewer: usize) -> String {
    let response = format!("{{responses: {{'200': {{description: '@{}'}}}}}}", "string ".repeat(750));
    HEAD.to_owned() + &apis(3_000 / fewer, &response)
}

const HEAD_2: &str = "swagger: '2.0'\ninfo: {title: t, version: '1'}\n";

/// Names of letters that 3.0 does not allow, each replaced by the same sign.
fn names_alike(fewer: usize) -> String {
    let letter = |index: usize| ('\u{4e00}'..).nth(index % 1_000).unwrap_or('\u{4e00}');
    (0..100_000 / fewer).fold(format!("{HEAD_2}paths: {{}}\ndefinitions:\n"), |mut text, index| {
        let _ = writeln!(text, "  {}{}: {{}}", letter(index), letter(index / 1_000));
        text
    })
}

fn form(fewer: usize) -> String {
    let mut text = format!(
        "{HEAD_2}paths:\n  /a:\n    post:\n      responses: {{'200': {{description: d}}}}\n      parameters:\n"
    );
    for index in 0..100_000 / fewer {
        let _ = writeln!(text, "      - {{name: p{index}, in: formData, type: string}}");
    }
    text
}
