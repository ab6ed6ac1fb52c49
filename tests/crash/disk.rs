//! A disk that forgets: what is durable of it, and what a power loss may or may not leave.
//!
//! The strict reading of POSIX: the bytes of a file are durable after an fsync of the file, an entry
//! of a folder after an fsync of that folder, and until then each may be lost or kept on its own.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};

/// A file or a folder, whatever its name is at the moment.
type Node = usize;

/// What one power loss may lose on its own: the bytes of a file, or what a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Bytes(Node),
    Entry(Node, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Bytes(Vec<u8>),
    Entry(Option<Node>),
}

/// A tree as a power loss leaves it: `None` is a folder. Paths are relative, with `/`.
pub(crate) type Tree = BTreeMap<String, Option<Vec<u8>>>;

/// A change of the disk, by paths below its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Create(String),
    Truncate(String),
    Write(String, Vec<u8>),
    MakeFolder(String),
    /// Another name for a file.
    Link(String, String),
    Rename(String, String),
    Remove(String),
    SyncFile(String),
    SyncFolder(String),
}

/// Values of each item: the first is durable, the last is what the running system sees.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    items: BTreeMap<Item, Vec<Value>>,
    folders: BTreeSet<Node>,
    nodes: usize,
}

const ROOT: Node = 0;

impl Disk {
    /// A disk on which all of a tree is durable.
    pub(crate) fn new(tree: &Tree) -> Result<Self> {
        let mut disk = Self { items: BTreeMap::new(), folders: BTreeSet::from([ROOT]), nodes: 1 };
        for (path, bytes) in tree {
            match bytes {
                None => disk.apply(&Event::MakeFolder(path.clone()))?,
                Some(bytes) => {
                    disk.apply(&Event::Create(path.clone()))?;
                    disk.apply(&Event::Write(path.clone(), bytes.clone()))?;
                }
            }
        }
        for values in disk.items.values_mut() {
            settle(values);
        }
        Ok(disk)
    }

    pub(crate) fn apply(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Create(path) => {
                let node = self.add(path)?;
                self.items.insert(Item::Bytes(node), vec![Value::Bytes(Vec::new())]);
            }
            Event::MakeFolder(path) => {
                let node = self.add(path)?;
                self.folders.insert(node);
            }
            Event::Truncate(path) => self.set_bytes(path, |_| Vec::new())?,
            Event::Write(path, more) => self.set_bytes(path, |now| [now, more].concat())?,
            Event::Link(from, to) => {
                let node = self.find(from)?;
                let (parent, name) = self.place(to)?;
                self.set(Item::Entry(parent, name), Value::Entry(Some(node)));
            }
            Event::Rename(from, to) => {
                let node = self.find(from)?;
                let (parent, name) = self.place(to)?;
                self.set(Item::Entry(parent, name), Value::Entry(Some(node)));
                let (parent, name) = self.place(from)?;
                self.set(Item::Entry(parent, name), Value::Entry(None));
            }
            Event::Remove(path) => {
                self.find(path)?;
                let (parent, name) = self.place(path)?;
                self.set(Item::Entry(parent, name), Value::Entry(None));
            }
            Event::SyncFile(path) => {
                let node = self.find(path)?;
                settle(self.items.get_mut(&Item::Bytes(node)).context("not a file")?);
            }
            Event::SyncFolder(path) => {
                let node = self.find(path)?;
                ensure!(self.folders.contains(&node), "{path} is no folder");
                let entries =
                    self.items.iter_mut().filter(|(item, _)| matches!(item, Item::Entry(of, _) if *of == node));
                entries.for_each(|(_, values)| settle(values));
            }
        }
        Ok(())
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.find(path).is_ok_and(|node| self.folders.contains(&node))
    }

    /// Builds what a power loss may leave now: nothing of what is pending, all of it, and each
    /// single pending item kept or lost against both.
    pub(crate) fn after_power_loss(&self) -> Result<Vec<Tree>> {
        let nothing: BTreeMap<&Item, &Value> = self.pick(|values| values.first());
        let all: BTreeMap<&Item, &Value> = self.pick(|values| values.last());
        let mut trees = vec![tree(&nothing, &self.folders)?, tree(&all, &self.folders)?];
        for (item, values) in self.items.iter().filter(|(_, values)| values.len() > 1) {
            let torn = torn(values);
            for value in values.iter().chain(&torn) {
                for base in [&nothing, &all] {
                    let mut one = base.clone();
                    one.insert(item, value);
                    trees.push(tree(&one, &self.folders)?);
                }
            }
        }
        Ok(trees)
    }

    fn pick<'a>(&'a self, choose: fn(&'a [Value]) -> Option<&'a Value>) -> BTreeMap<&'a Item, &'a Value> {
        self.items.iter().filter_map(|(item, values)| Some((item, choose(values)?))).collect()
    }

    fn add(&mut self, path: &str) -> Result<Node> {
        let (parent, name) = self.place(path)?;
        let node = self.nodes;
        self.nodes += 1;
        self.set(Item::Entry(parent, name), Value::Entry(Some(node)));
        Ok(node)
    }

    fn set(&mut self, item: Item, value: Value) {
        let values = self.items.entry(item).or_insert_with(|| vec![Value::Entry(None)]);
        values.push(value);
    }

    fn set_bytes(&mut self, path: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<()> {
        let node = self.find(path)?;
        let values = self.items.get_mut(&Item::Bytes(node)).context("not a file")?;
        let Some(Value::Bytes(now)) = values.last() else { bail!("no bytes") };
        let bytes = change(now);
        values.push(Value::Bytes(bytes));
        Ok(())
    }

    fn place(&self, path: &str) -> Result<(Node, String)> {
        match path.rsplit_once('/') {
            Some((parent, name)) => Ok((self.find(parent)?, name.to_owned())),
            None => Ok((ROOT, path.to_owned())),
        }
    }

    fn find(&self, path: &str) -> Result<Node> {
        let mut node = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let values = self.items.get(&Item::Entry(node, name.to_owned()));
            let Some(Value::Entry(Some(next))) = values.and_then(|values| values.last()) else {
                bail!("{path} is not there");
            };
            node = *next;
        }
        Ok(node)
    }
}

/// Makes durable what the running system sees.
fn settle(values: &mut Vec<Value>) {
    values.drain(..values.len().saturating_sub(1));
}

/// Returns what a file may hold whose length reached the disk and whose bytes did not, or in part.
fn torn(values: &[Value]) -> Vec<Value> {
    match values.last() {
        Some(Value::Bytes(bytes)) if !bytes.is_empty() => {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
            vec![Value::Bytes(vec![0; bytes.len()]), Value::Bytes(half)]
        }
        _ => Vec::new(),
    }
}

fn tree(chosen: &BTreeMap<&Item, &Value>, folders: &BTreeSet<Node>) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut open = vec![(ROOT, String::new())];
    while let Some((folder, path)) = open.pop() {
        for (item, value) in chosen {
            let (Item::Entry(of, name), Value::Entry(Some(node))) = (item, value) else { continue };
            if *of != folder {
                continue;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if folders.contains(node) {
                tree.insert(path.clone(), None);
                open.push((*node, path));
            } else {
                let Some(Value::Bytes(bytes)) = chosen.get(&Item::Bytes(*node)) else { bail!("{path} has no bytes") };
                tree.insert(path, Some(bytes.clone()));
            }
        }
    }
    Ok(tree)
}
