//! What a packet may read to decide: facts, conditions, rules, and the decision with its reasons.
//!
//! Pure: no I/O, no clock, no thread. [`Policy::compile`] turns a [`PolicySpec`] (written by the control plane) into an
//! immutable policy; [`Policy::decide`] joins it with a [`FactSet`]; [`Policy::reply`] lays out the answer's attributes.
//! Facts of devices and users live in a [`FactsTable`] beside the policy, because they change far more often.

mod condition;
mod decision;
mod device;
mod fact;
mod facts_table;
mod matcher;
mod pattern;
mod policy;
mod text;

pub use condition::{
    Condition, ConditionError, MAX_DEPTH, MAX_INTERVALS, MAX_SIZE, MAX_TEXTS, Operand, Operator, Truth,
};
pub use decision::{Decision, Outcome, Reason, ResourceIndex, RuleIndex, SegmentIndex, Verdict};
pub use device::{
    DeviceFacts, Fingerprint, FingerprintError, MacAddress, MacAddressError, Moment, Posture, UserFacts,
    describe_device, describe_mac, describe_user,
};
pub use fact::{DEFINITIONS, FactDefinition, FactKind, FactName, FactSet, UnknownFact, Value};
pub use facts_table::{FactsTable, MAX_PLACEMENTS, Whose};
pub use matcher::MAX_CLAUSES;
pub use pattern::Pattern;
pub use policy::{
    AccessList, CompileError, DialectSpec, Effect, Extent, Limits, Policy, PolicySpec, ReplyError, ResourceSpec,
    RuleSpec, SegmentSpec, Unfit,
};
pub use text::{Text, TextSet};
