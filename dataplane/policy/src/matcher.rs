//! Which rules match: all of them at once, fact by fact.
//!
//! Conditions become clauses, clauses get numbers, and for each fact bit vectors over the clauses say which of them its
//! value leaves possible. A decision joins these vectors, those that leave least first, and skips blocks that are empty by
//! then; what is left has matched. Why so, and what else was measured: `docs/decisions/0010-matcher.md`.

mod bits;
mod column;
mod hash;
mod keyed;
mod lookup;
mod normal;
mod patterns;
mod ranges;

use std::ops::Range;

use self::bits::{BLOCK, Bits, Block};
use self::column::{Column, Draft, Pending, RANKS};
use self::hash::Map;
use self::keyed::{Entry, Keyed};
use self::lookup::Known;
use self::normal::{Clause, Literal, Normalizer, Predicate};
use self::ranges::Range as Integers;
use crate::condition::{Condition, Operator, Test, Truth};
use crate::decision::ResourceIndex;
use crate::fact::{FactName, FactSet};

pub(crate) use self::bits::ones;
pub use self::normal::MAX_CLAUSES;

/// Most clauses of all rules of a policy: ten for each of 400,000 rules.
pub(crate) const MAX_TOTAL: usize = 1 << 22;

/// Clauses of `place` and `allow` stand together by a key that at most so many have, so that a value that is known leaves few
/// blocks; behind those without such a key, which stand in the order of their rules. Few enough to look at them all for the
/// first rule.
const SELECTIVE: u32 = 256;

/// In the mask of a clause, beside a bit for each fact it names: it names a `during`.
const DURING: u64 = 1 << 63;
/// In the mask of a clause: it has literals beyond those in columns.
const RESIDUAL: u64 = 1 << 62;
const _: () = assert!(FactName::ALL.len() <= 62, "each fact has a bit beside these");

/// Rules of one kind. The kinds that unknown matches come last, so that one number parts the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Place,
    /// `place`s that stand together by a key, and so in any order.
    PlaceByKey,
    Allow,
    Reject,
    Forbid,
}

impl Section {
    const ALL: [Self; 5] = [Self::Place, Self::PlaceByKey, Self::Allow, Self::Reject, Self::Forbid];
}

/// A rule to be matched; `owner` is its number among what the caller keeps of this kind.
pub(crate) struct Candidate<'a> {
    pub(crate) section: Section,
    pub(crate) owner: u32,
    pub(crate) condition: &'a Condition,
    /// What a `forbid` names.
    pub(crate) resources: &'a [ResourceIndex],
}

/// The condition of the candidate at this position has too many clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyClauses(pub(crate) usize);

/// The compiled conditions of all rules.
#[derive(Debug)]
pub(crate) struct Matcher {
    columns: Box<[Column]>,
    /// The clauses there are; each kind begins at a multiple of 64.
    valid: Bits,
    /// Clauses of each kind, in the order of [`Section::ALL`].
    sections: [Range<u32>; 5],
    strictness: Strictness,
    /// By number of the clause.
    rules: Box<[Rule]>,
    /// Literals that stand in no column.
    residual: Map<u32, Box<[(Predicate, bool)]>>,
    /// The clauses of `forbid`s by the resources they name.
    forbidden: Option<Keyed>,
}

/// What a clause belongs to.
#[derive(Clone, Copy, Debug, Default)]
struct Rule {
    owner: u32,
    /// A bit for each fact that the clause names, [`DURING`] and [`RESIDUAL`].
    mask: u64,
}

impl Rule {
    fn certainty(&self, scratch: &Scratch) -> Certainty {
        if self.mask & DURING != 0 && scratch.doubtful {
            Certainty::Unclear
        } else if self.mask & scratch.absent != 0 {
            Certainty::Unknown
        } else {
            Certainty::True
        }
    }
}

/// Which clauses unknown does not match: those before this one.
#[derive(Clone, Copy, Debug)]
struct Strictness {
    lenient_from: u32,
}

impl Strictness {
    fn is_lenient(self, clause: u32) -> bool {
        clause >= self.lenient_from
    }
}

/// What one decision works in; kept for the next, so that nothing is allocated.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Clauses that have not failed yet, right in the active blocks.
    alive: Vec<Block>,
    mask: Vec<Block>,
    /// Blocks with a clause that has not failed, in order.
    active: Vec<u32>,
    /// A bit for each block.
    touched: Vec<u64>,
    known: Known,
    /// Facts that are unknown.
    absent: u64,
    /// Some `during` is unknown although the time is not.
    doubtful: bool,
}

/// A rule that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) owner: u32,
    pub(crate) certainty: Certainty,
}

/// Whether a rule matches because its condition is true, or because it is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    True,
    Unknown,
    /// One of the two: a `during` is unknown, and perhaps not one of this rule's.
    Unclear,
}

impl Matcher {
    /// Compiles the conditions of `candidates`, which come in the order of their owners; there are so many `resources`.
    pub(crate) fn compile(candidates: &[Candidate<'_>], resources: usize) -> Result<Self, TooManyClauses> {
        let mut normalizer = Normalizer::default();
        let mut clauses: Vec<(&Candidate<'_>, Clause)> = Vec::new();
        for (position, candidate) in candidates.iter().enumerate() {
            let of_rule = normalizer.clauses(candidate.condition).map_err(|_| TooManyClauses(position))?;
            if clauses.len() + of_rule.len() > MAX_TOTAL {
                return Err(TooManyClauses(position));
            }
            clauses.extend(of_rule.iter().map(|clause| (candidate, Clause::clone(clause))));
        }
        let predicates = normalizer.predicates();
        let uses = uses(&clauses, predicates);
        let mut drafting = Drafting::default();
        let mut sections = Section::ALL.map(|_| 0..0);
        let key = |clause: &Clause| selective(clause, predicates, &uses);
        for (section, clauses_of) in Section::ALL.into_iter().zip(&mut sections) {
            let start = drafting.align(64);
            let belongs = |(candidate, clause): &&(&Candidate<'_>, Clause)| match candidate.section {
                Section::Place if key(clause).is_some() => section == Section::PlaceByKey,
                other => section == other,
            };
            let mut of_section: Vec<_> = clauses.iter().filter(belongs).collect();
            if matches!(section, Section::PlaceByKey | Section::Allow) {
                of_section.sort_by_cached_key(|(_, clause)| key(clause));
            }
            for (candidate, clause) in of_section {
                drafting.add(candidate, clause, predicates);
            }
            *clauses_of = start..drafting.align(64);
        }
        drafting.align(BLOCK);
        Ok(drafting.finish(predicates, sections, resources))
    }

    /// Finds every rule that matches; `scratch` then knows them.
    pub(crate) fn run(&self, facts: &FactSet, scratch: &mut Scratch) {
        scratch.alive.resize(self.valid.len(), Block::default());
        scratch.mask.resize(self.valid.len(), Block::default());
        scratch.absent = 0;
        scratch.doubtful = false;
        let Some((first, others)) = self.columns.split_first() else {
            scratch.alive.copy_from_slice(&self.valid);
            bits::all_active(&self.valid, &mut scratch.active);
            return;
        };
        let mut pending = Pending::default();
        first.begin(facts, self.strictness, scratch, &mut pending);
        for column in others {
            if scratch.active.is_empty() {
                return;
            }
            column.narrow(facts, self.strictness, scratch, &mut pending);
        }
        pending.narrow(&mut scratch.alive, &mut scratch.active);
    }

    /// Leaves, of the `forbid`s that match, those that name one of these resources.
    pub(crate) fn keep_forbids(&self, allowed: impl Iterator<Item = ResourceIndex>, scratch: &mut Scratch) {
        let Scratch { alive, mask, active, known, .. } = scratch;
        let [.., Range { start, .. }] = self.sections;
        let before = active.partition_point(|block| *block < start / BLOCK as u32);
        active.drain(..before);
        let Some(targets) = self.forbidden.as_ref().filter(|_| !active.is_empty()) else { return };
        known.holding.clear();
        known.holding.extend(allowed.map(|resource| resource.0));
        targets.write_any(&known.holding, active, mask);
        bits::narrow(alive, &[mask], active);
    }

    /// The owners of the clauses of one kind that hold after [`Matcher::run`], in the order of the clauses: perhaps one again.
    pub(crate) fn owners<'a>(
        &'a self,
        section: Section,
        facts: &'a FactSet,
        scratch: &'a Scratch,
    ) -> impl Iterator<Item = u32> + 'a {
        self.holding(section, facts, scratch).map(|rule| rule.owner)
    }

    /// The rules of one kind that match after [`Matcher::run`], where clauses stand in the order of their owners: each rule
    /// once.
    pub(crate) fn found<'a>(
        &'a self,
        section: Section,
        facts: &'a FactSet,
        scratch: &'a Scratch,
    ) -> impl Iterator<Item = Found> + 'a {
        let found = |rule: &Rule| Found { owner: rule.owner, certainty: rule.certainty(scratch) };
        let mut rules = self.holding(section, facts, scratch).map(found).peekable();
        std::iter::from_fn(move || {
            let Found { owner, mut certainty } = rules.next()?;
            while let Some(more) = rules.next_if(|more| more.owner == owner) {
                certainty = match (certainty, more.certainty) {
                    (Certainty::True, _) | (_, Certainty::True) => Certainty::True,
                    (Certainty::Unclear, _) | (_, Certainty::Unclear) => Certainty::Unclear,
                    (Certainty::Unknown, Certainty::Unknown) => Certainty::Unknown,
                };
            }
            Some(Found { owner, certainty })
        })
    }

    #[inline]
    fn holding<'a>(
        &'a self,
        section: Section,
        facts: &'a FactSet,
        scratch: &'a Scratch,
    ) -> impl Iterator<Item = &'a Rule> + 'a {
        let range = self.sections.get(section as usize).cloned().unwrap_or_default();
        bits::clauses(&scratch.alive, &scratch.active, range).filter_map(|clause| {
            let rule = self.rules.get(clause as usize)?;
            (rule.mask & RESIDUAL == 0 || self.residual_holds(clause, facts)).then_some(rule)
        })
    }

    fn residual_holds(&self, clause: u32, facts: &FactSet) -> bool {
        let lenient = self.strictness.is_lenient(clause);
        self.residual.get(&clause).into_iter().flatten().all(|(Predicate { fact, test }, negated)| {
            match facts.get(*fact).map_or(Truth::Unknown, |value| test.evaluate(value)) {
                Truth::True => !negated,
                Truth::False => *negated,
                Truth::Unknown => lenient,
            }
        })
    }
}

/// Whether a literal stands for few values of its fact: a text, a set's member, a number.
fn is_key(literal: &Literal, predicates: &[Predicate]) -> bool {
    let test = predicates.get(literal.predicate as usize).map(|predicate| &predicate.test);
    let ordered = |test: &Test| matches!(test, Test::Integer(operator, _) if *operator != Operator::Equal);
    !literal.negated && test.is_some_and(|test| !ordered(test) && !matches!(test, Test::During(_) | Test::Boolean(_)))
}

/// How many clauses use each predicate as a key.
fn uses(clauses: &[(&Candidate<'_>, Clause)], predicates: &[Predicate]) -> Vec<u32> {
    let mut uses = vec![0; predicates.len()];
    let literals = clauses.iter().flat_map(|(_, clause)| clause.iter());
    for literal in literals.filter(|literal| is_key(literal, predicates)) {
        if let Some(count) = uses.get_mut(literal.predicate as usize) {
            *count += 1;
        }
    }
    uses
}

/// The key of a clause that fewest others have, if these are at most [`SELECTIVE`].
fn selective(clause: &[Literal], predicates: &[Predicate], uses: &[u32]) -> Option<u32> {
    let keys = clause.iter().filter(|literal| is_key(literal, predicates));
    let counted = keys.filter_map(|literal| Some((*uses.get(literal.predicate as usize)?, literal.predicate)));
    counted.min().filter(|(count, _)| *count <= SELECTIVE).map(|(_, predicate)| predicate)
}

fn bit(fact: FactName) -> u64 {
    1 << fact as u8
}

/// Clauses as they get their numbers.
#[derive(Default)]
struct Drafting {
    drafts: Map<u8, Draft>,
    /// By predicate of the policy, its number within its fact.
    numbers: Vec<Option<u32>>,
    rules: Vec<Rule>,
    valid: Vec<bool>,
    residual: Map<u32, Box<[(Predicate, bool)]>>,
    /// Resources of the clauses of `forbid`s.
    forbidden: Vec<Entry>,
}

impl Drafting {
    /// Fills up to a multiple of `count` with numbers that no clause has; the next number.
    fn align(&mut self, count: usize) -> u32 {
        let aligned = self.rules.len().next_multiple_of(count);
        self.rules.resize(aligned, Rule::default());
        self.valid.resize(aligned, false);
        u32::try_from(aligned).unwrap_or(u32::MAX)
    }

    fn add(&mut self, candidate: &Candidate<'_>, literals: &[Literal], predicates: &[Predicate]) {
        let clause = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        self.forbidden.extend(candidate.resources.iter().map(|resource| (clause, resource.0, false)));
        self.numbers.resize(predicates.len(), None);
        let (mut mask, mut residual) = (0, Vec::new());
        let mut ranges: Vec<(FactName, Integers)> = Vec::new();
        let mut ranked: Vec<(FactName, usize)> = Vec::new();
        // What is not negated comes first: it leaves less.
        let positive = literals.iter().filter(|literal| !literal.negated);
        for literal in positive.chain(literals.iter().filter(|literal| literal.negated)) {
            let Some(predicate) = predicates.get(literal.predicate as usize) else { continue };
            let fact = predicate.fact;
            let draft = self.drafts.entry(fact as u8).or_default();
            if mask & bit(fact) == 0 {
                mask |= bit(fact);
                draft.clauses.push(clause);
            }
            if let Test::Integer(operator, value) = predicate.test
                && let Some(range) = Integers::of(operator, value, literal.negated)
            {
                match ranges.iter_mut().find(|(known, _)| *known == fact) {
                    Some((_, known)) => *known = known.and(range),
                    None => ranges.push((fact, range)),
                }
                continue;
            }
            if matches!(predicate.test, Test::During(_)) {
                mask |= DURING;
            }
            let rank = match ranked.iter_mut().find(|(known, _)| *known == fact) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    ranked.push((fact, 0));
                    0
                }
            };
            if rank < RANKS {
                draft.push(rank, clause, *literal, &mut self.numbers);
            } else {
                residual.push((predicate.clone(), literal.negated));
            }
        }
        for (fact, range) in ranges {
            self.drafts.entry(fact as u8).or_default().ranges.push((clause, range));
        }
        if !residual.is_empty() {
            mask |= RESIDUAL;
            self.residual.insert(clause, residual.into());
        }
        self.rules.push(Rule { owner: candidate.owner, mask });
        self.valid.push(true);
    }

    fn finish(self, predicates: &[Predicate], sections: [Range<u32>; 5], resources: usize) -> Matcher {
        let [_, _, _, Range { start: lenient_from, .. }, _] = sections;
        let strictness = Strictness { lenient_from };
        let mut valid = bits::none(self.valid.len() / BLOCK);
        let clauses = (0..).zip(&self.valid).filter(|(_, valid)| **valid).map(|(clause, _)| clause);
        clauses.for_each(|clause| bits::set(&mut valid, clause));
        let drafts = FactName::ALL.into_iter().filter_map(|fact| Some((fact, self.drafts.get(&(fact as u8))?)));
        let mut columns: Vec<Column> =
            drafts.map(|(fact, draft)| Column::new(fact, draft, predicates, strictness, &valid)).collect();
        columns.sort_by_key(Column::unselective);
        let forbidden = &self.forbidden;
        let forbidden = (!forbidden.is_empty()).then(|| Keyed::new(&valid, resources, &[], forbidden));
        Matcher {
            columns: columns.into(),
            valid,
            sections,
            strictness,
            rules: self.rules.into(),
            residual: self.residual,
            forbidden,
        }
    }
}
