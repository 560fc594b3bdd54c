//! The attributes of an answer: laid out when the policy was compiled, only put together here.

use std::fmt;

use super::{Dialect, Extent, Lines, Policy};
use crate::decision::{Decision, Outcome, Reason, ResourceIndex};
use crate::text::Text;

/// Why a decision has no attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// The decision is a reject; an Access-Reject carries no authorization (RFC 2865 5.44).
    Rejected,
    /// The policy was compiled without this dialect.
    UnknownDialect,
    /// The decision was made by another policy, or grants what the dialect cannot express: see [`Policy::fit`].
    ForeignDecision,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rejected => "a reject carries no authorization attributes",
            Self::UnknownDialect => "the policy was compiled without this dialect",
            Self::ForeignDecision => "the decision was made by another policy, or was not fitted to the dialect",
        })
    }
}

impl std::error::Error for ReplyError {}

/// A client cannot be told what was granted, and the segment has no fallback that it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this client cannot take the access list, and the segment has no fallback")
    }
}

impl std::error::Error for Unfit {}

/// Size of an answer.
#[derive(Default)]
struct Size {
    octets: u64,
    lines: u64,
    characters: u64,
}

impl Size {
    fn add(&mut self, encoded: &[u8], extent: Extent) {
        self.octets = self.octets.saturating_add(encoded.len() as u64);
        self.lines = self.lines.saturating_add(extent.lines.into());
        self.characters = self.characters.saturating_add(extent.characters.into());
    }

    fn add_lines(&mut self, lines: &Lines) {
        self.add(&lines.encoded, lines.extent);
    }
}

/// How the access list of an answer reaches the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessList {
    /// It stands in the answer, or there is none.
    InLine,
    /// The client is to be told its name, and fetches these encoded attributes.
    ToBeNamed(Vec<u8>),
    /// The answer has its name already; the client fetches these encoded attributes.
    Named(Vec<u8>),
}

/// Octets of the attribute that names a list to fetch: vendor-specific, with a text of 60 octets (nac/enforcement/download.py).
const NAME_OCTETS: u64 = 68;

impl Policy {
    /// Whether clients may use `dialect`.
    pub fn has_dialect(&self, dialect: &str) -> bool {
        self.dialect(dialect).is_some()
    }

    /// Whether clients of that dialect fetch their access lists.
    pub fn downloads(&self, dialect: &str) -> bool {
        self.dialect(dialect).and_then(|position| self.dialects.get(position)).is_some_and(|dialect| dialect.downloads)
    }

    fn dialect(&self, dialect: &str) -> Option<usize> {
        self.dialects.iter().position(|known| known.name.as_ref() == dialect)
    }

    /// Holds the decision against what a client of that dialect and site can be told. When it is too much, or a granted
    /// resource cannot be expressed, the session is put into its segment's fallback, with no grants: the decision says
    /// so. Never leaves a list out, never widens one.
    ///
    /// # Errors
    /// [`Unfit`] when there is no fallback, or that does not fit either: the session is to be rejected.
    pub fn fit(&self, decision: &mut Decision, dialect: &str, site: Option<&str>) -> Result<(), Unfit> {
        let (Some(segment), Some(rule)) = (decision.segment, decision.rule) else { return Ok(()) };
        let position = self.dialect(dialect).ok_or(Unfit)?;
        let site = site.map(Text::new);
        if self.fits(decision, position, site.as_ref()) {
            return Ok(());
        }
        let fallback = self.segments.get(segment.0 as usize).and_then(|segment| segment.fallback).ok_or(Unfit)?;
        let mut confined = decision.clone();
        confined.segment = Some(fallback);
        confined.grants.clear();
        confined.confined = true;
        confined.reasons.insert(1.min(confined.reasons.len()), Reason { rule, outcome: Outcome::Confined });
        if !self.fits(&confined, position, site.as_ref()) {
            return Err(Unfit);
        }
        *decision = confined;
        Ok(())
    }

    fn fits(&self, decision: &Decision, position: usize, site: Option<&Text>) -> bool {
        let Some(dialect) = self.dialects.get(position) else { return false };
        let Some(size) = self.size(decision, dialect, position, site) else { return false };
        let within = |limit: Option<u32>, size: u64| limit.is_none_or(|limit| size <= limit.into());
        within(dialect.limits.octets, size.octets)
            && within(dialect.limits.lines, size.lines)
            && within(dialect.limits.characters, size.characters)
    }

    /// `None` when a grant cannot be expressed.
    fn size(&self, decision: &Decision, dialect: &Dialect, position: usize, site: Option<&Text>) -> Option<Size> {
        let mut size = Size::default();
        if !decision.confined {
            self.access_list(decision, dialect, position)?.for_each(|lines| size.add_lines(lines));
            if dialect.downloads {
                size.octets = NAME_OCTETS;
            }
        }
        size.add(self.segment_reply(decision, position, site)?, Extent::default());
        Some(size)
    }

    /// The parts of the list in order; `None` when a grant cannot be expressed.
    fn access_list<'a>(
        &'a self,
        decision: &Decision,
        dialect: &'a Dialect,
        position: usize,
    ) -> Option<impl Iterator<Item = &'a Lines> + use<'a>> {
        let granted = |grant: &ResourceIndex| self.resources.get(grant.0 as usize)?.access_list.get(position)?.as_ref();
        let granted: Option<Vec<&Lines>> = decision.grants.iter().map(granted).collect();
        Some(std::iter::once(&dialect.before).chain(granted?).chain(std::iter::once(&dialect.after)))
    }

    fn segment_reply(&self, decision: &Decision, position: usize, site: Option<&Text>) -> Option<&[u8]> {
        let segment = self.segments.get(decision.segment?.0 as usize)?;
        let reply = match decision.confined {
            true => segment.confined.get(position)?.as_ref()?,
            false => segment.replies.get(position)?,
        };
        Some(site.and_then(|site| reply.by_site.get(site)).unwrap_or(&reply.everywhere))
    }

    /// Appends the attributes of an Access-Accept for a client of that dialect and site: the segment's, then the access
    /// list as the dialect encloses it, unless the client fetches that. [`Policy::fit`] comes first.
    ///
    /// There is a list also when nothing is granted: an absent one would open everything. A segment that was fallen back
    /// to brings all that it needs. On an error nothing is appended.
    pub fn reply(
        &self,
        decision: &Decision,
        dialect: &str,
        site: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<AccessList, ReplyError> {
        decision.segment.ok_or(ReplyError::Rejected)?;
        let position = self.dialect(dialect).ok_or(ReplyError::UnknownDialect)?;
        let dialect = self.dialects.get(position).ok_or(ReplyError::UnknownDialect)?;
        let site = site.map(Text::new);
        let segment = self.segment_reply(decision, position, site.as_ref()).ok_or(ReplyError::ForeignDecision)?;
        let list = self.access_list(decision, dialect, position).ok_or(ReplyError::ForeignDecision)?;
        out.extend_from_slice(segment);
        if dialect.downloads {
            let list = list.flat_map(|lines| lines.encoded.iter().copied()).collect();
            return Ok(if decision.confined { AccessList::Named(list) } else { AccessList::ToBeNamed(list) });
        }
        if !decision.confined {
            list.for_each(|lines| out.extend_from_slice(&lines.encoded));
        }
        Ok(AccessList::InLine)
    }
}
