//! Measures decisions: `cargo run --release -p nac-policy --example decide -- --rules 10000 --shape estate`.
//!
//! One line per shape: rules, median and 99th percentile of nanoseconds per decision, seconds to compile, mebibytes that the
//! policy takes, reasons and grants per decision. Without `--shape` all shapes run. `--decisions N` only decides so often
//! and measures nothing: for callgrind, which counts between the calls of [`decisions`].

#![allow(clippy::print_stdout, reason = "prints what it measured")]

mod facts_memory;
mod shapes;

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mimalloc::MiMalloc;
use nac_policy::{FactSet, Policy};

use self::shapes::{SHAPES, Shape};

/// As the extension has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Fact sets in turn: more than a branch predictor learns.
const FACT_SETS: usize = 1_024;
/// Decisions timed together: two clock readings cost as much as a small decision.
const BATCH: usize = 16;
/// Batches.
const SAMPLES: usize = 4_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut rules, mut shapes, mut count) = (10_000, SHAPES.to_vec(), None);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} takes a value"))?;
        match argument.as_str() {
            "--rules" => rules = value.parse()?,
            "--shape" => shapes.retain(|shape| shape.name == value),
            "--decisions" => count = Some(value.parse()?),
            "--devices" => return facts_memory::measure(value.parse()?),
            other => return Err(format!("{other}: --rules, --shape, --decisions or --devices").into()),
        }
    }
    for shape in shapes {
        match count {
            Some(count) => decide(shape, rules, count)?,
            None => measure(shape, rules)?,
        }
    }
    Ok(())
}

fn decide(shape: Shape, rules: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let policy = Policy::compile((shape.policy)(rules))?;
    let facts: Vec<FactSet> = (0..FACT_SETS).map(|seed| (shape.facts)(rules, seed)).collect();
    decisions(&policy, &facts, FACT_SETS);
    decisions(&policy, &facts, count);
    Ok(())
}

/// Not inlined, so that callgrind finds it by its name.
#[inline(never)]
fn decisions(policy: &Policy, facts: &[FactSet], count: usize) {
    for facts in facts.iter().cycle().take(count) {
        black_box(policy.decide(black_box(facts)));
    }
}

fn measure(shape: Shape, rules: usize) -> Result<(), Box<dyn Error>> {
    let spec = (shape.policy)(rules);
    let before = facts_memory::resident()?;
    let begun = Instant::now();
    let policy = Policy::compile(spec)?;
    let compiled = begun.elapsed();
    let memory = facts_memory::resident()?.saturating_sub(before);
    let facts: Vec<FactSet> = (0..FACT_SETS).map(|seed| (shape.facts)(rules, seed)).collect();
    decisions(&policy, &facts, FACT_SETS);

    let mut facts_in_turn = facts.iter().cycle();
    let mut nanoseconds: Vec<u128> = (0..SAMPLES)
        .map(|_| {
            let begun = Instant::now();
            for facts in facts_in_turn.by_ref().take(BATCH) {
                black_box(policy.decide(black_box(facts)));
            }
            begun.elapsed().as_nanos() / BATCH as u128
        })
        .collect();
    nanoseconds.sort_unstable();
    let decisions: Vec<_> = facts.iter().map(|facts| policy.decide(facts)).collect();
    let mean = |count: usize| count as f64 / FACT_SETS as f64;
    let at = |part: usize| nanoseconds.get(SAMPLES * part / 100).copied().unwrap_or_default();
    println!(
        "{:<10} {rules:>7} rules  median {:>7} ns  p99 {:>7} ns  compile {:>6.2} s  {:>4} MiB  {:>6.1} reasons {:>5.1} grants",
        shape.name,
        at(50),
        at(99),
        compiled.as_secs_f64(),
        memory >> 20,
        mean(decisions.iter().map(|decision| decision.reasons.len()).sum()),
        mean(decisions.iter().map(|decision| decision.grants.len()).sum()),
    );
    Ok(())
}
