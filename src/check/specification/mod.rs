//! Checks of a definition against its version of the OpenAPI Specification, object by object.
//!
//! The walk begins at the root and follows references, so that each object is checked once in each of its roles, in
//! whatever file it is. [`objects`] is the table of the specification's requirements; `tests/specification` tests it
//! against the official JSON Schemas.

mod conditions;
mod contradictions;
mod examples;
mod form;
mod media_type_hint;
mod objects;
mod schema;
mod types;

use form::{FieldForm, FieldVersions, Kind, NameForm, OtherFields, SpecificationObject};
use media_type_hint::media_type_hint;
use objects::REFERENCE;

use super::rules::specification as rules;
use crate::definition::rules::REFERENCE_SIBLINGS;
use crate::definition::{Definition, ExampleCheck, Node, NodeId, NodeKind, NodeMap, NodeSet, Specification};
use crate::model::{Finding, Findings, Hint, Rule, is_token, nearest};

pub(super) fn findings(definition: &Definition) -> Vec<Finding> {
    let mut walk = SpecificationWalk {
        specification: definition.specification,
        root: definition.document().root(),
        findings: Findings::default(),
        seen: NodeSet::default(),
        pending: Vec::new(),
        media_types: NodeMap::default(),
        examples: ExampleCheck::new(definition),
    };
    if let Some(root) = walk.root {
        walk.expect(root, Kind::OpenApi, false);
    }
    while let Some(ExpectedNode { node, kind, may_refer }) = walk.pending.pop() {
        if walk.seen.insert((node.id(), kind)) {
            match node.get("$ref").filter(|_| may_refer) {
                Some(reference) => walk.reference(node, reference, kind),
                None => walk.object(node, kind),
            }
        }
    }
    walk.left_out();
    walk.findings.into_vec()
}

struct SpecificationWalk<'d> {
    specification: Specification,
    root: Option<Node<'d>>,
    findings: Findings,
    seen: NodeSet<(NodeId, Kind)>,
    pending: Vec<ExpectedNode<'d>>,
    /// The names of Media Type Objects, by node.
    media_types: NodeMap<NodeId, &'d str>,
    examples: ExampleCheck<'d>,
}

/// A node to be checked, with the kind of object expected there.
struct ExpectedNode<'d> {
    node: Node<'d>,
    kind: Kind,
    /// True if a Reference Object is allowed in its place.
    may_refer: bool,
}

impl<'d> SpecificationWalk<'d> {
    fn expect(&mut self, node: Node<'d>, kind: Kind, may_refer: bool) {
        self.pending.push(ExpectedNode { node, kind, may_refer });
    }

    fn object(&mut self, node: Node<'d>, kind: Kind) {
        if kind == Kind::Schema {
            self.schema(node);
            return;
        }
        let shape = kind.shape();
        if !node.is_object() {
            self.wrong_kind(node, &format!("the {}", shape.name), "is a mapping");
            return;
        }
        self.fields(node, shape);
        self.conditions(node, kind);
        self.object_examples(node, kind);
        if kind == Kind::PathItem
            && let Some(next) = node.referenced()
        {
            self.expect(next, kind, false);
        }
    }

    fn reference(&mut self, node: Node<'d>, reference: Node<'d>, kind: Kind) {
        match self.specification {
            Specification::V3_0 if reference.as_str().is_none() => {
                self.wrong_kind(reference, "`$ref` of the Reference Object", "is a text");
            }
            Specification::V3_0 => self.siblings(node),
            Specification::V3_1 | Specification::V3_2 => self.fields(node, &REFERENCE),
        }
        if let Some(target) = node.referenced().filter(|_| self.is_reference_of(reference, kind)) {
            self.expect(target, kind, true);
        }
    }

    /// True if a reference leads to the section of components for the given kind; otherwise reports it.
    fn is_reference_of(&mut self, reference: Node<'d>, kind: Kind) -> bool {
        let pointer = reference.as_str().and_then(|text| text.split_once("#/components/")).map(|(_, pointer)| pointer);
        let section = pointer.and_then(|pointer| pointer.split_once('/')).filter(|(_, name)| !name.contains('/'));
        let (Some((section, _)), Some(own)) = (section, kind.section()) else { return true };
        if section == own {
            return true;
        }
        let message =
            format!("the reference leads to one of `components.{section}`, and one of `{own}` is needed here");
        self.add(rules::SPECIFICATION_VALUE, reference, message, format!("refer to one below `#/components/{own}/`"));
        false
    }

    /// Reports fields beside a reference, which OpenAPI 3.0 ignores.
    fn siblings(&mut self, node: Node<'d>) {
        let ignored = node.entries().map(|(name, _)| name).find(|name| *name != "$ref" && !name.starts_with("x-"));
        if let Some(name) = ignored {
            let message = format!("{name:?} stands beside a `$ref`, where OpenAPI 3.0 ignores it");
            let hint = "move it to the target, or wrap the reference in `allOf`";
            self.findings.add(REFERENCE_SIBLINGS.finding(node.key_location(name), message, hint));
        }
    }

    fn fields(&mut self, node: Node<'d>, shape: &'static SpecificationObject) {
        for (name, value) in node.entries() {
            match shape.fields.iter().find(|field| field.name == name && self.has(field.exists)) {
                Some(field) => {
                    let owner = || format!("`{name}` of the {}", shape.name);
                    self.form(value, &field.form, &owner);
                }
                None => self.rest(node, name, value, shape),
            }
        }
        for field in shape.fields {
            if self.has(field.needed) && node.get(field.name).is_none() {
                let message = format!("the {} has no `{}`, which it needs", shape.name, field.name);
                let hint = format!("add it: {}", self.section(shape));
                self.add(rules::SPECIFICATION_REQUIRED, node, message, hint);
            }
        }
    }

    /// Checks a field that is not in the table.
    fn rest(&mut self, node: Node<'d>, name: &str, value: Node<'d>, shape: &'static SpecificationObject) {
        let is_extension = name.starts_with("x-");
        match shape.rest {
            OtherFields::Anything => {}
            OtherFields::Extensions | OtherFields::Named { extensions: true, .. } if is_extension => {}
            OtherFields::Named { form, .. } => {
                self.name(node, name, shape);
                self.form(value, form, &|| format!("{name:?} of the {}", shape.name));
            }
            OtherFields::Extensions | OtherFields::Nothing => {
                let known = shape.fields.iter().filter(|field| self.has(field.exists)).map(|field| field.name);
                let hint = self.unknown_hint(name, shape, nearest(name, known));
                let message = format!("the {} has no field {name:?}", shape.name);
                let location = node.key_location(name);
                self.findings.add(rules::SPECIFICATION_UNKNOWN.finding(location, message, hint));
            }
        }
    }

    fn unknown_hint(&self, name: &str, shape: &SpecificationObject, near: Option<String>) -> String {
        let elsewhere = shape.fields.iter().find(|field| field.name == name).map(|field| field.exists);
        match (near, elsewhere) {
            (_, Some(FieldVersions::V3_1)) => {
                format!("{name:?} came with OpenAPI 3.1: write `openapi: 3.1.0`, or remove it")
            }
            (_, Some(FieldVersions::V3_2)) => {
                format!("{name:?} came with OpenAPI 3.2: write `openapi: 3.2.0`, or remove it")
            }
            (_, Some(_)) => format!("{name:?} went with OpenAPI 3.0: remove it"),
            (Some(near), None) => format!("did you mean {near:?}?"),
            (None, None) => format!("remove it, or name it \"x-{name}\": {}", self.section(shape)),
        }
    }

    /// Checks a name chosen by the author, such as a path or status code.
    fn name(&mut self, node: Node<'d>, name: &str, shape: &SpecificationObject) {
        let bytes = name.as_bytes();
        let (is_right, hint) = match shape.section {
            8 => (name.starts_with('/'), "begin the path with `/`"),
            16 => {
                let is_code = matches!(bytes, [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1'..=b'5', b'X', b'X']);
                (is_code, "write a code from 100 to 599, a class like \"4XX\", or `default`")
            }
            _ => (true, ""),
        };
        if !is_right {
            let message = format!("{name:?} is not a valid key of the {}", shape.name);
            self.findings.add(rules::SPECIFICATION_NAME.finding(node.key_location(name), message, hint));
        }
    }

    fn form(&mut self, node: Node<'d>, form: &'static FieldForm, owner: &dyn Fn() -> String) {
        match form {
            FieldForm::Any => {}
            FieldForm::Text => {
                if node.as_str().is_none() {
                    self.wrong_kind(node, &owner(), "is a text");
                }
            }
            FieldForm::Flag => {
                if node.as_bool().is_none() {
                    self.wrong_kind(node, &owner(), "is `true` or `false`");
                }
            }
            FieldForm::Word(words) => self.word(node, words, owner),
            FieldForm::Object(kind) => self.expect(node, *kind, false),
            FieldForm::OrReference(kind) => self.expect(node, *kind, true),
            FieldForm::List(item) => {
                if !node.is_array() {
                    self.wrong_kind(node, &owner(), "is a list");
                }
                for each in node.items() {
                    self.form(each, item, &|| format!("an item of {}", owner()));
                }
            }
            FieldForm::Map(names, value) => self.map(node, *names, value, owner),
            FieldForm::Content { single } => {
                let media_type: &FieldForm = if self.has(FieldVersions::V3_2) {
                    &FieldForm::OrReference(Kind::MediaType)
                } else {
                    &FieldForm::Object(Kind::MediaType)
                };
                self.map(node, NameForm::MediaType, media_type, owner);
                self.media_types.extend(node.entries().map(|(name, value)| (value.id(), name)));
                if *single && node.is_object() && node.entries().count() != 1 {
                    self.wrong_kind(node, &owner(), "has exactly one media type");
                }
            }
        }
    }

    fn word(&mut self, node: Node<'d>, words: &[&str], owner: &dyn Fn() -> String) {
        let Some(word) = node.as_str() else {
            self.wrong_kind(node, &owner(), "is a text");
            return;
        };
        if !words.contains(&word) {
            let hint = match nearest(word, words.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("write one of {}", words.join(", ")),
            };
            self.add(rules::SPECIFICATION_VALUE, node, format!("{} is not {word:?}", owner()), hint);
        }
    }

    fn map(&mut self, node: Node<'d>, names: NameForm, value: &'static FieldForm, owner: &dyn Fn() -> String) {
        if !node.is_object() {
            self.wrong_kind(node, &owner(), "is a mapping");
            return;
        }
        for (name, each) in node.entries() {
            if let Some(hint) = names.fault(name) {
                let message = format!("{name:?} is not a valid key of {}", owner());
                self.findings.add(rules::SPECIFICATION_NAME.finding(node.key_location(name), message, hint));
            }
            self.form(each, value, &|| format!("{name:?} in {}", owner()));
        }
    }

    /// True if the version of the definition is among the given versions.
    fn has(&self, versions: FieldVersions) -> bool {
        match versions {
            FieldVersions::Never => false,
            FieldVersions::All => true,
            FieldVersions::V3_0 => self.specification == Specification::V3_0,
            FieldVersions::V3_1 => self.specification >= Specification::V3_1,
            FieldVersions::V3_2 => self.specification >= Specification::V3_2,
            FieldVersions::BeforeV3_2 => self.specification < Specification::V3_2,
        }
    }

    /// Names the section of the specification that defines an object.
    fn section(&self, shape: &SpecificationObject) -> String {
        let chapter = match self.specification {
            Specification::V3_0 => "4.7",
            Specification::V3_1 => "4.8",
            // The section numbers of 3.2 differ from the table, so the object is referred to by name.
            Specification::V3_2 => return format!("OpenAPI 3.2, {}", shape.name),
        };
        format!("OpenAPI {}, section {chapter}.{}", self.specification, shape.section)
    }

    fn wrong_kind(&mut self, node: Node<'d>, owner: &str, is: &str) {
        let here = kind_name(node);
        let hint = match node.kind() {
            NodeKind::Number(_) | NodeKind::Bool(_) if is == "is a text" => "put it in quotes",
            NodeKind::Null => "remove it, or write what is meant",
            NodeKind::String(_) if is == "is a list" => "put it in brackets: […]",
            _ => "compare it with the OpenAPI Specification",
        };
        self.add(rules::SPECIFICATION_VALUE, node, format!("{owner} {is}, and here is {here}"), hint);
    }

    fn add(&mut self, rule: Rule, node: Node<'_>, message: impl Into<String>, hint: impl Into<Hint>) {
        self.findings.add(rule.finding(node.location(), message, hint));
    }
}

impl NameForm {
    /// Returns a hint for a name of the wrong form; `None` if the name is valid.
    fn fault(self, name: &str) -> Option<Hint> {
        match self {
            Self::Any => None,
            Self::Component => {
                let is_right =
                    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
                (!is_right).then(|| "use letters, digits, `.`, `-` and `_`".into())
            }
            Self::MediaType => media_type_hint(name).map(Hint::from),
            Self::Header => (!is_token(name)).then(|| "write the name of a header, like \"X-Rate-Limit\"".into()),
        }
    }
}

fn kind_name(node: Node<'_>) -> &'static str {
    match node.kind() {
        NodeKind::Null => "nothing",
        NodeKind::Bool(_) => "a flag",
        NodeKind::Number(_) => "a number",
        NodeKind::String(_) => "a text",
        NodeKind::Array => "a list",
        NodeKind::Object => "a mapping",
    }
}
