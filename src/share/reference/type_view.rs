//! Types as readers see them: a line of words, constraints, and parts that unfold.

use std::fmt::Write as _;

use minijinja::value::Value as TemplateValue;
use serde::Serialize;

use super::anchors::PageAnchors;
use super::facts::{FactView, MOST_VALUE, literal_kind, shortened, value_text, values_fact};
use super::markdown::{code, first_line, line};
use crate::share::model::{
    AdditionalProperties, ContentModel, DefinitionModel, ObjectType, PartModel, PropertyModel, SchemaNotes, TypeId,
    TypeKind, TypeModel, UnionDiscriminator,
};

/// The most alternatives that are named in a line.
const MOST_NAMED: usize = 4;

/// A type as a template shows it.
#[derive(Debug, Default, Serialize)]
pub(super) struct TypeOutline {
    words: Vec<WordView>,
    description: Option<TemplateValue>,
    facts: Vec<FactView>,
    marks: Vec<&'static str>,
    is_deprecated: bool,
    fold_name: String,
    parts: Vec<PartView>,
    #[serde(skip)]
    said: Option<String>,
}

/// A piece of a type's line, with a link where it is a named type.
#[derive(Debug, Serialize)]
pub(super) struct WordView {
    text: String,
    href: Option<String>,
}

/// Properties or alternatives of a type.
#[derive(Debug, Serialize)]
struct PartView {
    name: Option<&'static str>,
    rows: Vec<RowView>,
}

#[derive(Debug, Serialize)]
struct RowView {
    name: Option<String>,
    is_required: bool,
    #[serde(rename = "type")]
    value: TypeOutline,
}

/// The side that sends a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeSide {
    /// Callers: properties that only responses have are left out.
    Request,
    /// The API: properties that only requests have are left out.
    Response,
    /// Either.
    Both,
}

/// Makes views of the types of a definition.
pub(super) struct TypeViewer<'m> {
    pub(super) model: &'m DefinitionModel,
    pub(super) anchors: &'m PageAnchors,
    /// The level of the heading above.
    pub(super) heading: u8,
    /// The side that a value is sent by, which decides on properties that the other alone sends.
    pub(super) side: TypeSide,
    /// True if named types are unfolded where they are used; they are links alone otherwise.
    pub(super) inlines: bool,
}

impl<'m> TypeViewer<'m> {
    /// Makes the view of a type with at most so many rows in it, as deep as they allow.
    pub(super) fn view(&self, value: &'m TypeModel, most_rows: usize) -> TypeOutline {
        const DEPTHS: [usize; 6] = [8, 6, 4, 3, 2, 1];
        let fits = |depth: &usize| self.count(value, *depth, &mut Vec::new(), most_rows) <= most_rows;
        let depth = DEPTHS.into_iter().find(fits).unwrap_or(0);
        self.view_within(value, depth, &mut Vec::new())
    }

    /// Makes the view of a content, with the media types that are declared for the fields of a form.
    pub(super) fn content(&self, content: &'m ContentModel, most_rows: usize) -> Option<TypeOutline> {
        let mut view = self.view(content.item.as_ref().or(content.value.as_ref())?, most_rows);
        for row in view.parts.iter_mut().flat_map(|part| &mut part.rows) {
            let of_row = |part: &&PartModel| Some(&part.name) == row.name.as_ref() && !part.media_types.is_empty();
            let declared = content.parts.iter().find(of_row);
            row.value.facts.extend(declared.map(|part| FactView::of(&part.media_types.join(" or "))));
        }
        Some(view)
    }

    /// Counts the rows of a view, but not beyond a number.
    fn count(&self, value: &'m TypeModel, depth: usize, open: &mut Vec<TypeId>, most: usize) -> usize {
        if depth == 0 {
            return 0;
        }
        match &value.kind {
            TypeKind::Reference(id) => {
                let Some(target) = self.enter(*id, open) else { return 0 };
                let count = self.count(target, depth, open, most);
                open.pop();
                count
            }
            TypeKind::Array(item) | TypeKind::Map(item) => self.count(item, depth, open, most),
            _ => {
                let mut count: usize = 0;
                for row in rows(&value.kind) {
                    count += 1;
                    if count > most {
                        return count;
                    }
                    count += self.count(row, depth - 1, open, most - count);
                }
                count
            }
        }
    }

    /// Follows a reference, unless it leads back into itself.
    fn enter(&self, id: TypeId, open: &mut Vec<TypeId>) -> Option<&'m TypeModel> {
        if !self.inlines || open.contains(&id) {
            return None;
        }
        let named = self.model.named_type(id)?;
        open.push(id);
        Some(&named.value)
    }

    fn view_within(&self, value: &'m TypeModel, depth: usize, open: &mut Vec<TypeId>) -> TypeOutline {
        let mut view = TypeOutline { words: self.words(value, 0), ..TypeOutline::default() };
        self.add_notes(&mut view, &value.notes);
        self.add_content(&mut view, value, depth, open);
        view.fold_name = view.parts.first().map_or("", |part| part.name.unwrap_or("Properties")).to_owned();
        view
    }

    /// Adds what lies in a type: constraints of what it names, properties, items, alternatives.
    fn add_content(&self, view: &mut TypeOutline, value: &'m TypeModel, depth: usize, open: &mut Vec<TypeId>) {
        match &value.kind {
            TypeKind::Reference(id) => {
                let Some(target) = self.enter(*id, open) else { return };
                self.add_notes(view, &target.notes);
                self.add_content(view, target, depth, open);
                open.pop();
            }
            TypeKind::Literal(values) => view.facts.extend(values_fact(values)),
            TypeKind::Array(item) | TypeKind::Map(item) => {
                let mut inner = TypeOutline::default();
                self.add_notes(&mut inner, &SchemaNotes { description: None, ..item.notes.clone() });
                self.add_content(&mut inner, item, depth, open);
                view.facts.extend(
                    inner.facts.into_iter().map(|fact| FactView { words: format!("each: {}", fact.words), ..fact }),
                );
                view.parts.extend(inner.parts);
            }
            TypeKind::Object(object) => {
                if matches!(object.additional, AdditionalProperties::Refused) && !object.properties.is_empty() {
                    view.facts.push(FactView::of("no other properties"));
                }
                if depth > 0 {
                    view.parts.extend(self.properties(object, depth, open));
                }
            }
            TypeKind::Tuple(first, rest) if depth > 0 => {
                let rows = first.iter().chain(rest.as_deref()).enumerate().map(|(index, item)| {
                    let is_rest = index >= first.len();
                    let name = if is_rest { "further items".to_owned() } else { format!("[{index}]") };
                    self.row(Some(name), item, false, depth, open)
                });
                view.parts.push(PartView { name: Some("Items"), rows: rows.collect() });
            }
            TypeKind::Union(alternatives, discriminator) => {
                if let Some(discriminator) = discriminator {
                    view.facts.push(FactView::with("told apart by", &discriminator.property));
                }
                let is_plain = alternatives.iter().all(|one| self.is_plain(one));
                if depth > 0 && !is_plain {
                    let rows = alternatives.iter().map(|one| {
                        let name = discriminator.as_ref().and_then(|found| self.discriminated(one, found));
                        self.row(name, one, false, depth, open)
                    });
                    view.parts.push(PartView { name: Some("One of"), rows: rows.collect() });
                }
            }
            _ => {}
        }
    }

    /// True if the words of a type say everything about it.
    fn is_plain(&self, value: &TypeModel) -> bool {
        let has_no_notes = value.notes.description.is_none() && value.notes.constraints.is_empty();
        has_no_notes
            && match &value.kind {
                TypeKind::Object(_) | TypeKind::Union(..) | TypeKind::Tuple(..) | TypeKind::Literal(_) => false,
                TypeKind::Reference(id) => self.anchors.type_anchor(*id).is_some(),
                TypeKind::Array(item) | TypeKind::Map(item) => self.is_plain(item),
                _ => true,
            }
    }

    /// Returns the value of a discriminator that stands for an alternative.
    fn discriminated(&self, value: &TypeModel, discriminator: &UnionDiscriminator) -> Option<String> {
        let TypeKind::Reference(id) = value.kind else { return None };
        let name = &self.model.named_type(id)?.name;
        let means = |target: &str| target == name || target.rsplit('/').next() == Some(name);
        let value = discriminator.mapping.iter().find(|(_, target)| means(target)).map(|(value, _)| value);
        Some(format!("{}: {}", discriminator.property, value.unwrap_or(name)))
    }

    fn properties(&self, object: &'m ObjectType, depth: usize, open: &mut Vec<TypeId>) -> Option<PartView> {
        let mut rows = Vec::new();
        let is_sent = |property: &&PropertyModel| match self.side {
            TypeSide::Request => !property.is_read_only,
            TypeSide::Response => !property.is_write_only,
            TypeSide::Both => true,
        };
        for property in object.properties.iter().filter(is_sent) {
            let is_required = property.is_required;
            let mut row = self.row(Some(property.name.clone()), &property.value, is_required, depth, open);
            row.value.marks.extend(property.is_read_only.then_some("only in responses"));
            row.value.marks.extend(property.is_write_only.then_some("only in requests"));
            rows.push(row);
        }
        if let AdditionalProperties::Typed(value) = &object.additional {
            rows.push(self.row(Some("(any other name)".to_owned()), value, false, depth, open));
        }
        (!rows.is_empty()).then_some(PartView { name: None, rows })
    }

    fn row(
        &self,
        name: Option<String>,
        value: &'m TypeModel,
        is_required: bool,
        depth: usize,
        open: &mut Vec<TypeId>,
    ) -> RowView {
        RowView { name, is_required, value: self.view_within(value, depth - 1, open) }
    }

    /// Adds the notes that nearer ones have not given.
    fn add_notes(&self, view: &mut TypeOutline, notes: &SchemaNotes) {
        if view.description.is_none() {
            view.said.clone_from(&notes.description);
            view.description = self.anchors.description(notes.description.as_deref(), self.heading);
        }
        if notes.is_deprecated && !view.is_deprecated {
            view.is_deprecated = true;
            view.marks.push("deprecated");
        }
        let mut facts: Vec<FactView> = notes.constraints.iter().map(FactView::of_constraint).collect();
        facts.extend(notes.default.iter().map(|value| FactView::with("default", &value_text(value))));
        let has_example = view.facts.iter().any(|fact| fact.words == "example");
        let example = notes.examples.first().map(value_text).filter(|text| !has_example && text.len() < MOST_VALUE);
        facts.extend(example.map(|text| FactView::with("example", &text)));
        for fact in facts {
            if !view.facts.iter().any(|known| known.words == fact.words && known.code == fact.code) {
                view.facts.push(fact);
            }
        }
    }

    /// Returns the line of a type.
    fn words(&self, value: &TypeModel, level: usize) -> Vec<WordView> {
        let mut words = match &value.kind {
            TypeKind::Any => vec![WordView::of("any value")],
            TypeKind::Never => vec![WordView::of("no value")],
            TypeKind::Null => vec![WordView::of("null")],
            TypeKind::Boolean => vec![WordView::of("boolean")],
            TypeKind::Integer => vec![WordView::of("integer")],
            TypeKind::Number => vec![WordView::of("number")],
            TypeKind::Text => vec![WordView::of("string")],
            TypeKind::Bytes => vec![WordView::of("file")],
            TypeKind::Literal(values) => vec![WordView::of(literal_kind(values))],
            TypeKind::Tuple(..) => vec![WordView::of("array of fixed items")],
            TypeKind::Object(_) => vec![WordView::of("object")],
            TypeKind::Reference(id) => vec![self.reference_word(*id)],
            TypeKind::Array(item) if level < 4 => self.prefixed("array of ", item, level),
            TypeKind::Map(item) if level < 4 => self.prefixed("map of ", item, level),
            TypeKind::Array(_) => vec![WordView::of("array")],
            TypeKind::Map(_) => vec![WordView::of("map")],
            TypeKind::Union(alternatives, _) if level < 2 && alternatives.len() <= MOST_NAMED => {
                let mut words: Vec<WordView> = Vec::new();
                for one in alternatives {
                    if !words.is_empty() {
                        words.push(WordView::of(" or "));
                    }
                    words.extend(self.words(one, level + 1));
                }
                words
            }
            TypeKind::Union(alternatives, _) => vec![WordView::of(&format!("one of {} types", alternatives.len()))],
        };
        if let Some(format) = &value.notes.format {
            words.push(WordView::of(&format!(" ({})", shortened(format))));
        }
        if value.is_nullable {
            words.push(WordView::of(" or null"));
        }
        words
    }

    fn prefixed(&self, prefix: &str, item: &TypeModel, level: usize) -> Vec<WordView> {
        let mut words = vec![WordView::of(prefix)];
        words.extend(self.words(item, level + 1));
        words
    }

    fn reference_word(&self, id: TypeId) -> WordView {
        let text = self.model.named_type(id).map_or("object", |named| named.name.as_str());
        WordView { text: shortened(text), href: self.anchors.type_anchor(id).map(|anchor| format!("#{anchor}")) }
    }
}

/// Lists the types that become rows below a type.
fn rows(kind: &TypeKind) -> Vec<&TypeModel> {
    match kind {
        TypeKind::Tuple(first, rest) => first.iter().chain(rest.as_deref()).collect(),
        TypeKind::Union(alternatives, _) => alternatives.iter().collect(),
        TypeKind::Object(object) => {
            let additional = match &object.additional {
                AdditionalProperties::Typed(value) => Some(&**value),
                _ => None,
            };
            object.properties.iter().map(|property| &property.value).chain(additional).collect()
        }
        _ => Vec::new(),
    }
}

impl WordView {
    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), href: None }
    }
}

impl TypeOutline {
    /// Returns the line of the type with its constraints, as Markdown.
    pub(super) fn text_line(&self) -> String {
        let words: String = self.words.iter().map(|word| word.text.as_str()).collect();
        let mut parts = vec![line(&words)];
        for fact in &self.facts {
            // The values of an enumeration follow its words.
            if let (Some(text), true, Some(last)) = (&fact.code, fact.words.is_empty(), parts.last_mut()) {
                let separator = if last.ends_with('`') { ", " } else { " " };
                let _ = write!(last, "{separator}`{}`", code(text));
                continue;
            }
            parts.push(match &fact.code {
                Some(text) => format!("{} `{}`", fact.words, code(text)),
                None => fact.words.clone(),
            });
        }
        parts.extend(self.marks.iter().map(|mark| (*mark).to_owned()));
        parts.join(", ")
    }

    /// Writes the rows below the type as a list in Markdown.
    pub(super) fn write_rows(&self, text: &mut String, level: usize) {
        for row in self.parts.iter().flat_map(|part| &part.rows) {
            let name = row.name.as_deref().map(|name| format!("`{}`: ", code(name))).unwrap_or_default();
            let required = if row.is_required { ", required" } else { "" };
            let said = row.value.said.as_deref().map(first_line).filter(|said| !said.is_empty());
            let said = said.map(|said| format!("; {}", line(&said))).unwrap_or_default();
            let _ = writeln!(text, "{}- {name}{}{required}{said}", "  ".repeat(level), row.value.text_line());
            row.value.write_rows(text, level + 1);
        }
    }
}
