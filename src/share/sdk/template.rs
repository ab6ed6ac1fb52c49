//! Templates, compiled in. One that cannot be rendered is a fault of the program, which the tests of every template
//! show.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

/// The templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    ("python/client.py", include_str!("templates/python/client.py.jinja")),
    ("python/types.py", include_str!("templates/python/types.py.jinja")),
    ("python/init.py", include_str!("templates/python/init.py.jinja")),
    ("python/build_backend.py", include_str!("templates/python/build_backend.py.jinja")),
    ("python/pyproject.toml", include_str!("templates/python/pyproject.toml.jinja")),
    ("python/README.md", include_str!("templates/python/README.md.jinja")),
    ("typescript/index.js", include_str!("templates/typescript/index.js.jinja")),
    ("typescript/index.d.ts", include_str!("templates/typescript/index.d.ts.jinja")),
    ("typescript/README.md", include_str!("templates/typescript/README.md.jinja")),
    ("java/Call.java", include_str!("templates/java/Call.java.jinja")),
    ("java/Choice.java", include_str!("templates/java/Choice.java.jinja")),
    ("java/Client.java", include_str!("templates/java/Client.java.jinja")),
    ("java/ClientPart.java", include_str!("templates/java/ClientPart.java.jinja")),
    ("java/Methods.java", include_str!("templates/java/Methods.java.jinja")),
    ("java/README.md", include_str!("templates/java/README.md.jinja")),
    ("java/Type.java", include_str!("templates/java/Type.java.jinja")),
    ("java/Values.java", include_str!("templates/java/Values.java.jinja")),
    ("java/pom.xml", include_str!("templates/java/pom.xml.jinja")),
];

/// Renders a template.
#[expect(clippy::expect_used, reason = "templates, their syntax and their contexts are all part of the program")]
pub(super) fn render(name: &str, context: impl Serialize) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters differ from each other"));
    // Code is escaped where it is written, as its own language demands.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let source = TEMPLATES.iter().find(|(known, _)| *known == name).map_or("", |(_, source)| *source);
    let rendered = environment.render_named_str(name, source, Value::from(Serde(context)));
    rendered.expect("a compiled template renders with its own context")
}
