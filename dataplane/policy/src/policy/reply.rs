//! The attributes of an answer: laid out when the policy was compiled, only put together here.

use std::fmt;

use super::{Extent, Lines, Policy};
use crate::decision::{Decision, Outcome, Reason, SegmentIndex};
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

impl Policy {
    /// Whether clients may use `dialect`.
    pub fn has_dialect(&self, dialect: &str) -> bool {
        self.dialect(dialect).is_some()
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
        if self.fits(segment, decision, position, site.as_ref()) {
            return Ok(());
        }
        let fallback = self.segments.get(segment.0 as usize).and_then(|segment| segment.fallback).ok_or(Unfit)?;
        let mut confined = decision.clone();
        confined.segment = Some(fallback);
        confined.grants.clear();
        confined.reasons.insert(1.min(confined.reasons.len()), Reason { rule, outcome: Outcome::Confined });
        if !self.fits(fallback, &confined, position, site.as_ref()) {
            return Err(Unfit);
        }
        *decision = confined;
        Ok(())
    }

    fn fits(&self, segment: SegmentIndex, decision: &Decision, position: usize, site: Option<&Text>) -> bool {
        let Some(dialect) = self.dialects.get(position) else { return false };
        let Some(size) = self.size(segment, decision, position, site) else { return false };
        let within = |limit: Option<u32>, size: u64| limit.is_none_or(|limit| size <= limit.into());
        within(dialect.limits.octets, size.octets)
            && within(dialect.limits.lines, size.lines)
            && within(dialect.limits.characters, size.characters)
    }

    /// `None` when a grant cannot be expressed.
    fn size(&self, segment: SegmentIndex, decision: &Decision, position: usize, site: Option<&Text>) -> Option<Size> {
        let dialect = self.dialects.get(position)?;
        let mut size = Size::default();
        size.add(self.segment_reply(segment, position, site)?, Extent::default());
        size.add_lines(&dialect.before);
        for grant in &decision.grants {
            size.add_lines(self.resources.get(grant.0 as usize)?.access_list.get(position)?.as_ref()?);
        }
        size.add_lines(&dialect.after);
        Some(size)
    }

    fn segment_reply(&self, segment: SegmentIndex, position: usize, site: Option<&Text>) -> Option<&[u8]> {
        let reply = self.segments.get(segment.0 as usize)?.replies.get(position)?;
        Some(site.and_then(|site| reply.by_site.get(site)).unwrap_or(&reply.everywhere))
    }

    /// Appends the attributes of an Access-Accept for a client of that dialect and site: the segment's, then the access
    /// list as the dialect encloses it. [`Policy::fit`] comes first.
    ///
    /// The list stands there also when nothing is granted: an absent list would open everything. On an error nothing
    /// is appended.
    pub fn reply(
        &self,
        decision: &Decision,
        dialect: &str,
        site: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<(), ReplyError> {
        let segment = decision.segment.ok_or(ReplyError::Rejected)?;
        let position = self.dialect(dialect).ok_or(ReplyError::UnknownDialect)?;
        let start = out.len();
        let written = self.write(segment, decision, position, site.map(Text::new).as_ref(), out);
        if written.is_none() {
            out.truncate(start);
        }
        written.ok_or(ReplyError::ForeignDecision)
    }

    fn write(
        &self,
        segment: SegmentIndex,
        decision: &Decision,
        position: usize,
        site: Option<&Text>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let dialect = self.dialects.get(position)?;
        out.extend_from_slice(self.segment_reply(segment, position, site)?);
        out.extend_from_slice(&dialect.before.encoded);
        for grant in &decision.grants {
            out.extend_from_slice(&self.resources.get(grant.0 as usize)?.access_list.get(position)?.as_ref()?.encoded);
        }
        out.extend_from_slice(&dialect.after.encoded);
        Some(())
    }
}
