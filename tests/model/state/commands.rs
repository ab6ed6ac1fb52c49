//! The steps of commands: publish, `group set`, `version delete`; a call that fails, and the recovery of the next
//! command.

use super::{Before, Intent, NUMBERS, Operation, Point, Request, Settings, State, Violation, Worker, bit};
use crate::rules::Rule;

impl State {
    pub(super) fn start(&mut self, who: u8, request: Request) {
        self.budget.commands -= 1;
        let base = match request {
            Request::Publish(environment) => self.files[usize::from(environment)].operation,
            _ => 0,
        };
        let worker = Worker {
            request,
            point: Point::Lock,
            base,
            settings: self.settings,
            operation: 0,
            intent: None,
            before: Before::default(),
            generation: 0,
        };
        self.workers[usize::from(who)] = Some(worker);
    }

    pub(super) fn end(&mut self, who: u8) {
        self.workers[usize::from(who)] = None;
        if self.lock == Some(who) {
            self.lock = None;
        }
    }

    pub(super) fn step(&mut self, who: u8, rule: Option<Rule>) -> Result<(), Violation> {
        let Some(mut worker) = self.workers[usize::from(who)] else { return Ok(()) };
        let next = match worker.point {
            Point::Lock => {
                self.lock = Some(who);
                worker.generation = self.generation;
                Some(Point::Recover)
            }
            Point::Recover => {
                self.recover(rule)?;
                Some(Point::Check)
            }
            point => match worker.request {
                Request::Publish(environment) => self.publish(&mut worker, environment, point, rule),
                Request::Describe => self.describe(&mut worker, point, rule),
                Request::Delete(number) => self.delete(number, point, rule),
            },
        };
        match next {
            None => self.end(who),
            Some(point) => self.workers[usize::from(who)] = Some(Worker { point, ..worker }),
        }
        Ok(())
    }

    /// Takes one step of a publish. `None` where it has come to its end.
    fn publish(&mut self, worker: &mut Worker, environment: u8, point: Point, rule: Option<Rule>) -> Option<Point> {
        let number = usize::from(worker.settings.version + 1);
        let after = Settings { version: worker.settings.version + 1, ..worker.settings };
        match point {
            Point::Check => {
                let file = self.files[usize::from(environment)];
                let is_stale = file.operation != worker.base || self.settings != worker.settings;
                if (is_stale && rule != Some(Rule::NoCheck)) || file.theirs != 0 || number >= NUMBERS {
                    return None;
                }
                worker.before = self.before();
                Some(Point::Freeze)
            }
            Point::Freeze => {
                let bytes = 1 + worker.settings.description;
                let is_other = |known: u8| known != 0 && known != bytes;
                let is_deleted = is_other(self.deleted[number]) && rule != Some(Rule::NoNote);
                if is_other(self.frozen[number]) || is_deleted {
                    return None;
                }
                self.frozen[number] = bytes;
                Some(Point::Declare)
            }
            Point::Declare => {
                let operation = Operation {
                    environment,
                    before: worker.base,
                    version: after.version,
                    bytes: self.frozen[number],
                    merged: 0,
                };
                worker.operation = self.new_operation(operation);
                worker.intent = Some(Intent {
                    environment,
                    operation: worker.operation,
                    identity: self.files[usize::from(environment)].identity,
                    before: worker.settings,
                    after,
                });
                self.intent = worker.intent;
                Some(Point::Edit)
            }
            Point::Edit => {
                self.settings = after;
                self.written.version = after.version;
                let is_swapped = rule == Some(Rule::OperationAfterRename);
                Some(if is_swapped { Point::Rename } else { Point::WriteOperation })
            }
            Point::WriteOperation => {
                self.history |= bit(worker.operation);
                match rule {
                    Some(Rule::OperationAfterRename) => Some(Point::Forget),
                    Some(Rule::ForgetBeforeRename) => {
                        self.intent = None;
                        Some(Point::Rename)
                    }
                    _ => Some(Point::Rename),
                }
            }
            Point::Rename => {
                self.replace_file(environment, worker.operation, 0);
                let is_swapped = rule == Some(Rule::OperationAfterRename);
                Some(if is_swapped { Point::WriteOperation } else { Point::Forget })
            }
            Point::Forget => {
                self.intent = None;
                Some(Point::Acknowledge)
            }
            _ => {
                self.acknowledged |= bit(worker.operation);
                None
            }
        }
    }

    /// Takes one step of `group set`: it reads the settings, then writes them.
    fn describe(&mut self, worker: &mut Worker, point: Point, rule: Option<Rule>) -> Option<Point> {
        if point == Point::Check {
            if rule != Some(Rule::ReadBeforeLock) {
                worker.settings = self.settings;
            }
            return Some(Point::Edit);
        }
        self.written.description += 1;
        self.settings = Settings { description: self.written.description, ..worker.settings };
        None
    }

    fn delete(&mut self, number: u8, point: Point, rule: Option<Rule>) -> Option<Point> {
        // Live, or needed to go back.
        let reached = self.reached(0) | self.reached(1);
        let names = |id: &u8| reached & bit(*id) != 0 && self.operations[usize::from(*id)].version == number;
        if point == Point::Check {
            let may_go = rule == Some(Rule::DeleteNeeded) || !(1..=self.count).any(|id| names(&id));
            return (may_go && self.frozen[usize::from(number)] != 0).then_some(Point::Edit);
        }
        self.deleted[usize::from(number)] = self.frozen[usize::from(number)];
        self.frozen[usize::from(number)] = 0;
        None
    }

    fn before(&self) -> Before {
        Before { settings: self.settings, frozen: self.frozen, history: self.history }
    }

    pub(super) fn fail(&mut self, who: u8, rule: Option<Rule>) -> Result<(), Violation> {
        self.budget.failures -= 1;
        let Some(worker) = self.workers[usize::from(who)] else { return Ok(()) };
        if rule != Some(Rule::NoTakeBack) {
            // The note may be gone; the process that fails knows better.
            let intent = if rule == Some(Rule::TakeBackByNote) { self.intent } else { worker.intent };
            if let Some(intent) = intent {
                self.take_back(intent, rule);
            }
            let number = usize::from(worker.settings.version + 1);
            self.frozen[number] = worker.before.frozen[number];
        }
        self.intent = None;
        self.end(who);
        if self.before() == worker.before { Ok(()) } else { Err("a commit that fails changes nothing") }
    }

    pub(super) fn recover(&mut self, rule: Option<Rule>) -> Result<(), Violation> {
        let Some(intent) = self.intent.take() else { return self.check_recovered() };
        let file = self.files[usize::from(intent.environment)];
        let is_uncommitted = match rule {
            Some(Rule::CompareEntries) => file.operation != intent.operation,
            Some(Rule::LookAlongChains) => self.reached(intent.environment) & bit(intent.operation) == 0,
            _ => file.identity == intent.identity,
        };
        if is_uncommitted && rule != Some(Rule::NoRecovery) {
            self.take_back(intent, rule);
        }
        self.check_recovered()
    }

    fn take_back(&mut self, intent: Intent, rule: Option<Rule>) {
        if self.settings == intent.after {
            self.settings = intent.before;
            self.written = intent.before;
        }
        // Git has it, so others may: it stays, and has to be explained.
        let is_pushed = self.remote_history & bit(intent.operation) != 0;
        let asks_git = !matches!(rule, Some(Rule::RemovePushed | Rule::CompareEntries | Rule::LookAlongChains));
        if is_pushed && asks_git {
            self.excused |= bit(intent.operation);
            return;
        }
        self.history &= !bit(intent.operation);
        self.removed |= if is_pushed { bit(intent.operation) } else { 0 };
    }
}
