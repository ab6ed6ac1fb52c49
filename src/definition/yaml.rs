//! Parses one file, YAML or JSON, into a document.
//!
//! JSON is parsed as YAML. Scalars follow YAML 1.2's core schema (section 10.3.2), with two deviations in favour of the
//! author's intent: a number with leading zeros stays a text, and every key is a text as written, so that the response
//! code `200:` and the name `no:` are names.

mod scalar;
mod source;

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, Tag};

use super::control;
use super::document::{Document, MOST_NODES, NodeId, NodeValue, ObjectBuilder, ObjectEntry, TextPosition, TextSpan};
use super::findings::ReadFindings;
use super::rules;
use crate::model::{Location, Rule};
use scalar::Scalar;
use source::MOST_BYTES;

/// The maximum depth of nesting, counted through aliases.
pub(super) const MOST_LEVELS: u16 = 200;

/// Parses a file into the document and returns its root; `None` if it cannot be parsed, which a finding reports.
pub(super) fn read(document: &mut Document, path: &str, bytes: &[u8], findings: &mut ReadFindings) -> Option<NodeId> {
    document.begin_file(path, bytes.len().min(MOST_BYTES));
    let file = Arc::from(document.path_of(path));
    let root = source::text(&file, bytes, findings).and_then(|text| {
        let hidden = control::hidden(text);
        let mut builder = Builder { hides: hidden.is_some(), ..Builder::new(document, findings, &file) };
        builder.read(hidden.as_deref().unwrap_or(text)).map_err(|ParseStopped| ()).ok().flatten()
    });
    document.end_file(root);
    root
}

/// Parsing stopped, for the reason in a finding.
struct ParseStopped;

struct Builder<'a> {
    document: &'a mut Document,
    findings: &'a mut ReadFindings,
    file: &'a Arc<str>,
    frames: Vec<Frame>,
    /// The items of all open lists, those of the innermost last.
    items: Vec<NodeId>,
    /// The fields of all open mappings, those of the innermost last.
    entries: Vec<ObjectEntry>,
    anchors: HashMap<usize, (NodeId, u16)>,
    merged: usize,
    /// True if placeholders replace some characters of the text.
    hides: bool,
    root: Option<NodeId>,
}

/// An open collection.
struct Frame {
    collection: YamlCollection,
    place: TextPosition,
    anchor: usize,
    /// The depth of nesting within it.
    levels: u16,
}

/// The kind of collection, with the start of its content.
enum YamlCollection {
    Sequence { from: usize },
    Mapping { from: usize, key: PendingKey, merges: Vec<(NodeId, TextPosition)> },
}

/// The state of a mapping's next field.
enum PendingKey {
    Awaited,
    Name(TextSpan, TextPosition),
    Merge(TextPosition),
    /// The key cannot be a name, which a finding reports.
    Refused,
}

impl<'a> Builder<'a> {
    fn new(document: &'a mut Document, findings: &'a mut ReadFindings, file: &'a Arc<str>) -> Self {
        Self {
            document,
            findings,
            file,
            frames: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            anchors: HashMap::new(),
            merged: 0,
            hides: false,
            root: None,
        }
    }

    fn read(&mut self, text: &str) -> Result<Option<NodeId>, ParseStopped> {
        // YAML limits an implicit key to 1,024 characters (section 7.4.2); JSON has no limit.
        let longest_key = if text.trim_start().starts_with(['{', '[']) { MOST_BYTES } else { 1_024 };
        let mut options = granit_parser::options! {
            flow_nesting_limit: usize::from(MOST_LEVELS),
            block_nesting_limit: usize::from(MOST_LEVELS),
            simple_key_max_lookahead: longest_key,
        };
        options.set_emit_comments(false);
        let mut documents = 0;
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| {
                let mark = error.marker();
                let place = TextPosition { line: number(mark.line()), column: number(mark.col() + 1) };
                self.syntax_error(error.kind(), place)
            })?;
            if matches!(event, Event::DocumentStart(..)) {
                documents += 1;
                if documents > 1 {
                    let message = "the file holds more than one YAML document";
                    let hint = "keep one, and move the others to files of their own";
                    return Err(self.stop(rules::SYNTAX, place(&span), message, hint));
                }
            }
            self.event(event, &span)?;
        }
        if self.root.is_none() {
            let location = Location::file(&**self.file);
            self.findings.add(rules::SYNTAX, location, "the file is empty", "write a definition into it");
        }
        Ok(self.root)
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), ParseStopped> {
        let at = place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = if self.hides { control::shown(text) } else { text };
                if self.awaits_key() {
                    let name = self.text(&text)?;
                    let is_merge = text == "<<" && style == ScalarStyle::Plain;
                    self.set_key(if is_merge { PendingKey::Merge(at) } else { PendingKey::Name(name, at) });
                    if anchor != 0 {
                        let node = self.store(NodeValue::String(name), at)?;
                        self.anchors.insert(anchor, (node, 0));
                    }
                    return Ok(());
                }
                let content = self.scalar(&text, style, tag.as_deref(), at)?;
                let node = self.store(content, at)?;
                self.complete(node, 0, anchor, at)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(YamlCollection::Sequence { from: self.items.len() }, at, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let from = self.entries.len();
                self.open(YamlCollection::Mapping { from, key: PendingKey::Awaited, merges: Vec::new() }, at, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).copied() {
                Some((node, levels)) => self.complete(node, levels, 0, at),
                None => Err(self.stop(
                    rules::SYNTAX,
                    at,
                    "the alias names a value that contains the alias",
                    "write the value out, or use a `$ref`",
                )),
            },
            _ => Ok(()),
        }
    }

    fn awaits_key(&self) -> bool {
        let last = self.frames.last().map(|frame| &frame.collection);
        matches!(last, Some(YamlCollection::Mapping { key: PendingKey::Awaited, .. }))
    }

    fn set_key(&mut self, new: PendingKey) {
        if let Some(Frame { collection: YamlCollection::Mapping { key, .. }, .. }) = self.frames.last_mut() {
            *key = new;
        }
    }

    fn open(&mut self, collection: YamlCollection, place: TextPosition, anchor: usize) -> Result<(), ParseStopped> {
        if self.frames.len() >= usize::from(MOST_LEVELS) {
            return Err(self.too_deep(place));
        }
        self.frames.push(Frame { collection, place, anchor, levels: 0 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ParseStopped> {
        let Some(Frame { collection, place, anchor, levels }) = self.frames.pop() else { return Ok(()) };
        let content = match collection {
            YamlCollection::Sequence { from } => {
                let items = self.items.get(from..).unwrap_or_default();
                let content = self.document.store_mut().add_items(items).ok_or(ParseStopped)?;
                self.items.truncate(from);
                content
            }
            YamlCollection::Mapping { from, merges, .. } => self.mapping(from, &merges)?,
        };
        let node = self.store(content, place)?;
        self.complete(node, levels + 1, anchor, place)
    }

    /// Adds a completed value to its collection.
    fn complete(&mut self, node: NodeId, levels: u16, anchor: usize, at: TextPosition) -> Result<(), ParseStopped> {
        if anchor != 0 {
            self.anchors.insert(anchor, (node, levels));
        }
        if usize::from(levels) + self.frames.len() > usize::from(MOST_LEVELS) {
            return Err(self.too_deep(at));
        }
        if self.awaits_key() {
            self.collection_as_key(node, at);
            return Ok(());
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.levels = frame.levels.max(levels);
        match &mut frame.collection {
            YamlCollection::Sequence { .. } => self.items.push(node),
            YamlCollection::Mapping { key, merges, .. } => match std::mem::replace(key, PendingKey::Awaited) {
                PendingKey::Name(name, place) => {
                    let key = self.document.store_mut().key(name);
                    self.entries.push(ObjectEntry { key, place, value: node });
                }
                PendingKey::Merge(place) => merges.push((node, place)),
                PendingKey::Awaited | PendingKey::Refused => {}
            },
        }
        Ok(())
    }

    /// Accepts an alias of a text as a key and refuses any other collection.
    fn collection_as_key(&mut self, node: NodeId, at: TextPosition) {
        let name = self.document.text_of(node);
        if name.is_none() {
            let message = "a key is a mapping or a list, not a text";
            self.finding(rules::SYNTAX, at, message, "put the key in quotes: \"{name}\"");
        }
        self.set_key(name.map_or(PendingKey::Refused, |name| PendingKey::Name(name, at)));
    }

    /// Completes a mapping, keeping the first of duplicate fields with a finding for each of the others.
    fn mapping(&mut self, from: usize, merges: &[(NodeId, TextPosition)]) -> Result<NodeValue, ParseStopped> {
        let mut object = self.document.store_mut().begin_object(self.entries.len() - from);
        for entry in self.entries.drain(from..) {
            let store = self.document.store_mut();
            if let Some(first) = store.add_field(&mut object, entry) {
                let message = format!(
                    "the key {:?} is given twice in this mapping, first on line {}, column {}",
                    store.text(entry.key.text()),
                    first.place.line,
                    first.place.column
                );
                let location = locate(self.file, entry.place);
                self.findings.add(rules::DUPLICATE_KEY, location, message, "remove or rename one of the two");
            }
        }
        self.merge(&mut object, merges)?;
        self.document.store_mut().end_object(object).ok_or(ParseStopped)
    }

    /// Adds the fields of merge keys; the mapping's own fields take precedence, then those of earlier sources.
    fn merge(&mut self, object: &mut ObjectBuilder, merges: &[(NodeId, TextPosition)]) -> Result<(), ParseStopped> {
        for (node, at) in merges {
            let node = self.document.node(*node);
            let sources: Vec<_> = if node.is_array() { node.items().collect() } else { vec![node] };
            if !sources.iter().all(|source| source.is_object()) {
                let message = "a merge key `<<` needs a mapping, or a list of mappings";
                self.findings.add(rules::SYNTAX, locate(self.file, *at), message, "name a mapping with `*`");
                continue;
            }
            let sources: Vec<NodeId> = sources.into_iter().map(super::document::Node::id).collect();
            for source in sources {
                let count = self.document.node(source).entries().count();
                self.merged += count + self.document.store_mut().count(object);
                if self.merged > MOST_NODES {
                    return Err(self.too_many(*at));
                }
                for field in (0..count).filter_map(|at| self.document.field(source, at)).collect::<Vec<_>>() {
                    self.document.store_mut().add_field(object, field);
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<TextSpan, ParseStopped> {
        self.document.store_mut().add_text(text).ok_or(ParseStopped)
    }

    fn store(&mut self, content: NodeValue, at: TextPosition) -> Result<NodeId, ParseStopped> {
        if self.document.size() >= MOST_NODES {
            return Err(self.too_many(at));
        }
        self.document.add(content, at).ok_or(ParseStopped)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: TextPosition,
    ) -> Result<NodeValue, ParseStopped> {
        let scalar = match tag.map(|tag| (tag, tag.core_suffix())) {
            None if style == ScalarStyle::Plain => scalar::plain(text),
            Some((_, Some("int" | "float" | "bool" | "null"))) => scalar::plain(text),
            None | Some((_, Some(_))) => Scalar::Text,
            Some((tag, None)) => {
                if !(tag.handle().is_empty() && tag.suffix() == "!") {
                    let message = format!("the tag {tag} has no meaning in a definition and is ignored");
                    self.finding(rules::SLOPPY, at, &message, "remove the tag");
                }
                Scalar::Text
            }
        };
        Ok(match scalar {
            Scalar::Null => NodeValue::Null,
            Scalar::Bool(value) => NodeValue::Bool(value),
            Scalar::Number(number) => {
                if let Some(rounded) = scalar::rounded_integer(text, &number) {
                    let message =
                        format!("the number {text} is read as {rounded}: beyond 64 bits, numbers are doubles");
                    self.finding(rules::NUMBER_ROUNDED, at, &message, "write a number that a double holds, or a text");
                }
                let store = self.document.store_mut();
                let is_exact = scalar::is_exact(&number, text);
                let added = if is_exact { store.add_number(number) } else { store.add_inexact_number(number, text) };
                added.ok_or(ParseStopped)?
            }
            Scalar::Text => NodeValue::String(self.text(text)?),
        })
    }

    fn syntax_error(&mut self, kind: &ErrorKind, at: TextPosition) -> ParseStopped {
        match kind {
            ErrorKind::RecursionLimitExceeded => self.too_deep(at),
            ErrorKind::UnknownAnchor => {
                self.stop(rules::SYNTAX, at, "the alias names no anchor", "set the anchor with `&` before this place")
            }
            other => {
                let message = format!("this cannot be read as YAML or JSON: {other}");
                self.stop(rules::SYNTAX, at, &message, "look at this line and the one before it")
            }
        }
    }

    fn too_deep(&mut self, at: TextPosition) -> ParseStopped {
        let message = format!("the values are nested deeper than {MOST_LEVELS} levels here");
        self.stop(rules::TOO_LARGE, at, &message, "move the inner parts to `components` and refer to them")
    }

    fn too_many(&mut self, at: TextPosition) -> ParseStopped {
        let message = format!("the definition holds more than {MOST_NODES} values");
        self.stop(rules::TOO_LARGE, at, &message, "split the definition into several groups")
    }

    fn stop(&mut self, rule: Rule, at: TextPosition, message: &str, hint: &str) -> ParseStopped {
        self.finding(rule, at, message, hint);
        ParseStopped
    }

    fn finding(&mut self, rule: Rule, at: TextPosition, message: &str, hint: &str) {
        self.findings.add(rule, locate(self.file, at), message, hint);
    }
}

fn locate(file: &Arc<str>, at: TextPosition) -> Location {
    Location { file: Arc::clone(file), line: at.line as usize, column: at.column as usize }
}

fn place(span: &Span) -> TextPosition {
    TextPosition { line: number(span.start.line()), column: number(span.start.col() + 1) }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
