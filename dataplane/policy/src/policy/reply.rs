//! The attributes of an answer: laid out when the policy was compiled, only put together here.

use std::fmt;

use super::Policy;
use crate::decision::Decision;

/// Why a decision has no attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// The decision is a reject; an Access-Reject carries no authorization (RFC 2865 5.44).
    Rejected,
    /// The policy was compiled without this dialect.
    UnknownDialect,
    /// The decision was made by another policy.
    ForeignDecision,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rejected => "a reject carries no authorization attributes",
            Self::UnknownDialect => "the policy was compiled without this dialect",
            Self::ForeignDecision => "the decision was made by another policy",
        })
    }
}

impl std::error::Error for ReplyError {}

impl Policy {
    /// Whether clients may use `dialect`.
    pub fn has_dialect(&self, dialect: &str) -> bool {
        self.dialects.iter().any(|known| known.name.as_ref() == dialect)
    }

    /// Appends the attributes of an Access-Accept: the segment's, then the access list as the dialect encloses it.
    ///
    /// The list stands there also when nothing is granted: an absent list would open everything. On an error nothing
    /// is appended.
    pub fn reply(&self, decision: &Decision, dialect: &str, out: &mut Vec<u8>) -> Result<(), ReplyError> {
        let segment = decision.segment.ok_or(ReplyError::Rejected)?;
        let position = self.dialects.iter().position(|known| known.name.as_ref() == dialect);
        let position = position.ok_or(ReplyError::UnknownDialect)?;
        let start = out.len();
        let written = self.write(segment.0 as usize, decision, position, out);
        if written.is_none() {
            out.truncate(start);
        }
        written.ok_or(ReplyError::ForeignDecision)
    }

    fn write(&self, segment: usize, decision: &Decision, position: usize, out: &mut Vec<u8>) -> Option<()> {
        let dialect = self.dialects.get(position)?;
        out.extend_from_slice(self.segments.get(segment)?.replies.get(position)?);
        out.extend_from_slice(&dialect.before);
        for grant in &decision.grants {
            out.extend_from_slice(self.resources.get(grant.0 as usize)?.access_list.get(position)?);
        }
        out.extend_from_slice(&dialect.after);
        Some(())
    }
}
