//! The files of a workspace, the commands that change them, and the people and accidents around them: the protocol of
//! commits as a state machine. It shares no code with the program.
//!
//! One group, two environments, two commands at once, a colleague who publishes elsewhere, Git. A publish bumps the
//! version: it freezes one, edits the settings, and commits.

mod commands;
mod git;
mod promises;

use super::rules::Rule;

/// The most operations of a run.
const MOST_OPERATIONS: usize = 8;
/// The numbers of versions that are frozen here; a colleague's have numbers of their own.
const NUMBERS: usize = 8;

/// An operation's number, from one on; 0 is none.
pub(crate) type Id = u8;
/// A set of operations.
pub(crate) type Ids = u16;

/// An operation as its file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Operation {
    environment: u8,
    before: Id,
    merged: Id,
    version: u8,
    bytes: u8,
}

/// An environment's file: the operation of its one entry, that of the other side in a conflict, and what tells the
/// file from any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct EnvironmentFile {
    operation: Id,
    theirs: Id,
    identity: u8,
}

/// The settings of the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Settings {
    version: u8,
    description: u8,
}

/// The note of a commit under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Intent {
    environment: u8,
    operation: Id,
    identity: u8,
    before: Settings,
    after: Settings,
}

/// The request that a command was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Request {
    Publish(u8),
    /// `group set`.
    Describe,
    /// `version delete` of a number.
    Delete(u8),
}

/// The next step of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Point {
    Lock,
    Recover,
    Check,
    Freeze,
    Declare,
    Edit,
    WriteOperation,
    Rename,
    Forget,
    Acknowledge,
}

/// A command under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Worker {
    request: Request,
    point: Point,
    base: Id,
    settings: Settings,
    operation: Id,
    intent: Option<Intent>,
    /// All that it may have changed, as it was before.
    before: Before,
    /// The lock that it has: the generation of the lock file, where that is what is locked.
    generation: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Before {
    settings: Settings,
    frozen: [u8; NUMBERS],
    history: Ids,
}

/// What may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) commands: u8,
    pub(crate) crashes: u8,
    pub(crate) failures: u8,
    pub(crate) cleans: u8,
    pub(crate) pushes: u8,
    pub(crate) pulls: u8,
    pub(crate) colleagues: u8,
    pub(crate) checkouts: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    files: [EnvironmentFile; 2],
    operations: [Operation; MOST_OPERATIONS],
    count: u8,
    history: Ids,
    settings: Settings,
    /// Each setting as it was written last.
    written: Settings,
    /// The bytes of each frozen version; 0 where there is none.
    frozen: [u8; NUMBERS],
    /// The bytes that a deleted version had.
    deleted: [u8; NUMBERS],
    intent: Option<Intent>,
    workers: [Option<Worker>; 2],
    lock: Option<u8>,
    generation: u8,
    identities: u8,
    remote: [Id; 2],
    remote_history: Ids,
    /// Operations that are acknowledged in this clone, or came from Git.
    acknowledged: Ids,
    /// Operations that were cut off and of which Git or `git clean` took away what tells them apart.
    excused: Ids,
    /// Operations that Git had and whose files were removed here: a merge keeps that.
    removed: Ids,
    /// Operations that somebody set the file back past.
    set_back: Ids,
    pub(crate) budget: Budget,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Start(u8, Request),
    Step(u8, Point),
    Crash(u8, Point),
    /// A call of a command fails before its commit.
    Fail(u8, Point),
    CleanLocal,
    Push,
    Pull,
    /// A colleague publishes and pushes.
    Colleague(u8),
    /// A colleague puts an operation in force that was cut off here and pushed, and pushes that.
    ColleagueTakes(Id),
    /// `git checkout` of the environment's file as it was before.
    SetBack(u8),
    Resolve(u8),
}

/// A promise that does not hold.
pub(crate) type Violation = &'static str;

const fn bit(id: Id) -> Ids {
    1 << id
}

impl State {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            files: [EnvironmentFile::default(); 2],
            operations: [Operation::default(); MOST_OPERATIONS],
            count: 0,
            history: 0,
            settings: Settings::default(),
            written: Settings::default(),
            frozen: [0; NUMBERS],
            deleted: [0; NUMBERS],
            intent: None,
            workers: [None; 2],
            lock: None,
            generation: 0,
            identities: 0,
            remote: [0; 2],
            remote_history: 0,
            acknowledged: 0,
            excused: 0,
            removed: 0,
            set_back: 0,
            budget,
        }
    }

    /// Lists all that may happen next.
    pub(crate) fn events(&self, rule: Option<Rule>) -> Vec<Event> {
        let mut events = Vec::new();
        for who in [0_u8, 1] {
            match self.workers[usize::from(who)] {
                None if self.budget.commands > 0 => {
                    events.extend([0, 1].map(|environment| Event::Start(who, Request::Publish(environment))));
                    events.push(Event::Start(who, Request::Describe));
                    let numbers = (1..NUMBERS).filter(|number| self.frozen[*number] != 0);
                    let delete = |number| Event::Start(who, Request::Delete(u8::try_from(number).unwrap_or_default()));
                    events.extend(numbers.map(delete));
                }
                None => {}
                Some(worker) => {
                    let may_lock = self.lock.is_none() || rule == Some(Rule::NoLock) || self.is_lock_replaced(rule);
                    if worker.point != Point::Lock || may_lock {
                        events.push(Event::Step(who, worker.point));
                    }
                    if self.budget.crashes > 0 && worker.point > Point::Recover {
                        events.push(Event::Crash(who, worker.point));
                    }
                    let is_publish = matches!(worker.request, Request::Publish(_));
                    let can_fail = worker.point > Point::Freeze && worker.point <= Point::Rename;
                    if self.budget.failures > 0 && is_publish && can_fail {
                        events.push(Event::Fail(who, worker.point));
                    }
                }
            }
        }
        self.add_git(&mut events);
        events
    }

    /// A lock file that was removed is another one when it comes back.
    fn is_lock_replaced(&self, rule: Option<Rule>) -> bool {
        let holder = self.lock.and_then(|who| self.workers[usize::from(who)]);
        rule == Some(Rule::LockInLocalFolder) && holder.is_some_and(|holder| holder.generation != self.generation)
    }

    fn add_git(&self, events: &mut Vec<Event>) {
        // Nobody runs Git on a file in the midst of a command of their own; what a command left when it died is another
        // matter.
        let is_free = self.lock.is_none();
        if self.budget.cleans > 0 && (self.intent.is_some() || !is_free) {
            events.push(Event::CleanLocal);
        }
        let is_ahead = self.remote_history & !self.history == 0 && self.history != self.remote_history;
        if self.budget.pushes > 0 && is_free && is_ahead && self.files.iter().all(|file| file.theirs == 0) {
            events.push(Event::Push);
        }
        if self.budget.pulls > 0 && is_free && self.is_behind() {
            events.push(Event::Pull);
        }
        for environment in [0, 1] {
            let file = self.files[usize::from(environment)];
            if self.budget.colleagues > 0 {
                events.push(Event::Colleague(environment));
                let head = self.remote[usize::from(environment)];
                let was_cut_off = |id: &Id| {
                    let operation = self.operations[usize::from(*id)];
                    let is_there = self.remote_history & bit(*id) != 0 && operation.environment == environment;
                    is_there && operation.before == head && *id != head
                };
                events.extend((1..=self.count).filter(was_cut_off).map(Event::ColleagueTakes));
            }
            let was_pushed = file.operation != 0 && self.remote_history & bit(file.operation) != 0;
            if self.budget.checkouts > 0 && is_free && was_pushed && file.theirs == 0 {
                events.push(Event::SetBack(environment));
            }
            if is_free && file.theirs != 0 {
                events.push(Event::Resolve(environment));
            }
        }
    }

    /// Lets something happen.
    ///
    /// # Errors
    ///
    /// Returns the promise that it breaks.
    pub(crate) fn after(mut self, event: Event, rule: Option<Rule>) -> Result<Self, Violation> {
        match event {
            Event::Start(who, request) => self.start(who, request),
            Event::Step(who, _) => self.step(who, rule)?,
            Event::Crash(who, _) => {
                self.budget.crashes -= 1;
                self.end(who);
            }
            Event::Fail(who, _) => self.fail(who, rule)?,
            Event::CleanLocal => {
                self.budget.cleans -= 1;
                self.generation += 1;
                self.intent = None;
                self.excuse();
            }
            Event::Push => {
                self.budget.pushes -= 1;
                self.remote = self.files.map(|file| file.operation);
                self.remote_history = self.history;
            }
            Event::Pull => self.pull(),
            Event::Colleague(environment) => {
                self.budget.colleagues -= 1;
                let before = self.remote[usize::from(environment)];
                let id = self.new_operation(Operation { environment, before, ..Operation::default() });
                self.remote[usize::from(environment)] = id;
                self.remote_history |= bit(id);
            }
            Event::ColleagueTakes(id) => {
                self.budget.colleagues -= 1;
                self.remote[usize::from(self.operations[usize::from(id)].environment)] = id;
            }
            Event::SetBack(environment) => {
                self.budget.checkouts -= 1;
                let operation = self.files[usize::from(environment)].operation;
                let before = self.operations[usize::from(operation)].before;
                self.set_back |= self.ancestors(operation) & !self.ancestors(before);
                self.excuse();
                self.replace_file(environment, before, 0);
            }
            Event::Resolve(environment) => {
                self.recover(rule)?;
                self.resolve(environment, rule);
            }
        }
        self.check()?;
        Ok(self)
    }

    fn new_operation(&mut self, operation: Operation) -> Id {
        self.count += 1;
        self.operations[usize::from(self.count)] = operation;
        self.count
    }

    pub(crate) const fn has_room(&self) -> bool {
        (self.count as usize) < MOST_OPERATIONS - 2
    }

    fn replace_file(&mut self, environment: u8, operation: Id, theirs: Id) {
        self.identities += 1;
        let identity = self.identities;
        self.files[usize::from(environment)] = EnvironmentFile { operation, theirs, identity };
    }
}
