//! Conditions as clauses: an `any` of `all`s of literals. Kleene's logic keeps De Morgan's laws and distribution, so this
//! changes no truth value; that something or its opposite holds is not among its laws, and is not used.

use std::collections::HashMap;
use std::rc::Rc;

use crate::condition::{Condition, Node, Test};
use crate::fact::FactName;
use crate::text::TextSet;

/// Most clauses of one condition. `all` over `any`s multiplies: twelve pairs make 4,096.
pub const MAX_CLAUSES: usize = 4_096;
/// Most literals in the clauses of one condition.
const MAX_LITERALS: usize = 65_536;

/// A predicate or its opposite; sorts by predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Literal {
    pub(super) predicate: u32,
    pub(super) negated: bool,
}

/// Literals in order, without repetition. All hold, or the clause does not.
pub(super) type Clause = Rc<[Literal]>;

/// One test of one fact, whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Predicate {
    pub(super) fact: FactName,
    pub(super) test: Test,
}

impl Predicate {
    /// How many values of the fact make it true, as far as they are listed.
    pub(super) fn values(&self) -> u32 {
        match &self.test {
            Test::In(texts) | Test::HasAny(texts) => u32::try_from(texts.len()).unwrap_or(u32::MAX),
            _ => 1,
        }
    }
}

/// The condition has more clauses than [`MAX_CLAUSES`], or more literals in them than is reasonable.
pub(super) struct TooManyClauses;

/// Takes conditions apart; what they share is taken apart once.
#[derive(Default)]
pub(super) struct Normalizer<'a> {
    numbers: HashMap<Predicate, u32>,
    predicates: Vec<Predicate>,
    done: HashMap<(*const Node, bool), Rc<[Clause]>>,
    conditions: std::marker::PhantomData<&'a Condition>,
}

impl<'a> Normalizer<'a> {
    /// Every predicate so far, by its number.
    pub(super) fn predicates(&self) -> &[Predicate] {
        &self.predicates
    }

    /// The clauses of a condition; none when it never holds.
    pub(super) fn clauses(&mut self, condition: &'a Condition) -> Result<Rc<[Clause]>, TooManyClauses> {
        self.normalize(condition, false)
    }

    fn normalize(&mut self, condition: &'a Condition, negated: bool) -> Result<Rc<[Clause]>, TooManyClauses> {
        let node = condition.node();
        let key = (std::ptr::from_ref(node), negated);
        if let Some(done) = self.done.get(&key) {
            return Ok(Rc::clone(done));
        }
        let clauses: Rc<[Clause]> = match (node, negated) {
            (Node::Always, false) => Rc::new([Rc::new([]) as Clause]),
            (Node::Always, true) => Rc::new([]),
            (Node::Not(part), _) => self.normalize(part, !negated)?,
            (Node::Compare(fact, test), _) => {
                let predicate = self.intern(Predicate { fact: *fact, test: test.clone() });
                Rc::new([Rc::new([Literal { predicate, negated }]) as Clause])
            }
            (Node::Any(parts), false) | (Node::All(parts), true) => self.union(parts, negated)?,
            (Node::All(parts), false) | (Node::Any(parts), true) => self.product(parts, negated)?,
        };
        self.done.insert(key, Rc::clone(&clauses));
        Ok(clauses)
    }

    fn intern(&mut self, predicate: Predicate) -> u32 {
        if let Some(number) = self.numbers.get(&predicate) {
            return *number;
        }
        let number = u32::try_from(self.predicates.len()).unwrap_or(u32::MAX);
        self.predicates.push(predicate.clone());
        self.numbers.insert(predicate, number);
        number
    }

    fn union(&mut self, parts: &'a [Condition], negated: bool) -> Result<Rc<[Clause]>, TooManyClauses> {
        let mut clauses: Vec<Clause> = Vec::new();
        let (mut single, mut literals) = (Vec::new(), 0);
        for part in parts {
            for clause in self.normalize(part, negated)?.iter() {
                match clause.as_ref() {
                    [literal] => single.push(*literal),
                    more => {
                        literals += more.len();
                        clauses.push(Rc::clone(clause));
                    }
                }
            }
            if clauses.len() > MAX_CLAUSES || literals > MAX_LITERALS {
                return Err(TooManyClauses);
            }
        }
        let single = self.merged(single, false);
        clauses.extend(single.into_iter().map(|literal| Rc::new([literal]) as Clause));
        clauses.sort_unstable();
        clauses.dedup();
        if clauses.len() > MAX_CLAUSES { Err(TooManyClauses) } else { Ok(clauses.into()) }
    }

    fn product(&mut self, parts: &'a [Condition], negated: bool) -> Result<Rc<[Clause]>, TooManyClauses> {
        let (mut common, mut choices) = (Vec::new(), Vec::new());
        for part in parts {
            let clauses = self.normalize(part, negated)?;
            match clauses.as_ref() {
                [clause] => common.extend_from_slice(clause),
                _ => choices.push(clauses),
            }
        }
        let mut products: Vec<Vec<Literal>> = vec![self.merged(common, true)];
        for choice in choices {
            let width = |clauses: &mut dyn Iterator<Item = usize>| clauses.sum::<usize>();
            let old = width(&mut products.iter().map(Vec::len));
            let new = width(&mut choice.iter().map(|clause| clause.len()));
            let literals = old.saturating_mul(choice.len()).saturating_add(new.saturating_mul(products.len()));
            if products.len().saturating_mul(choice.len()) > MAX_CLAUSES || literals > MAX_LITERALS {
                return Err(TooManyClauses);
            }
            products = products
                .iter()
                .flat_map(|product| choice.iter().map(move |clause| [product.as_slice(), clause].concat()))
                .collect();
        }
        let mut clauses: Vec<Clause> =
            products.into_iter().map(|literals| self.merged(literals, true).into()).collect();
        clauses.sort_unstable();
        clauses.dedup();
        Ok(clauses.into())
    }

    /// In order, without repetition; texts of one fact that stand beside each other (in an `any` as they are, in an `all`
    /// negated) as one predicate over all of them.
    fn merged(&mut self, mut literals: Vec<Literal>, negated: bool) -> Vec<Literal> {
        literals.sort_unstable();
        literals.dedup();
        let mut texts: Vec<(FactName, Vec<_>)> = Vec::new();
        literals.retain(|literal| {
            let predicate = self.predicates.get(literal.predicate as usize).filter(|_| literal.negated == negated);
            let Some(Predicate { fact, test: Test::Text(text) | Test::Has(text) }) = predicate else { return true };
            match texts.iter_mut().find(|(known, _)| known == fact) {
                Some((_, texts)) => texts.push(text.clone()),
                None => texts.push((*fact, vec![text.clone()])),
            }
            false
        });
        for (fact, texts) in texts {
            let is_set = fact.kind() == crate::fact::FactKind::Set;
            let test = match (texts.as_slice(), is_set) {
                ([text], false) => Test::Text(text.clone()),
                ([text], true) => Test::Has(text.clone()),
                (_, false) => Test::In(TextSet::of(texts)),
                (_, true) => Test::HasAny(TextSet::of(texts)),
            };
            literals.push(Literal { predicate: self.intern(Predicate { fact, test }), negated });
        }
        literals.sort_unstable();
        literals
    }
}
