//! What a million devices on record take.

use std::error::Error;
use std::fs;
use std::sync::Arc;

use nac_policy::{DeviceFacts, FactsTable, Fingerprint, MacAddress, Posture, Text, TextSet};

/// Octets of this process in memory.
pub(crate) fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? << 10)
}

/// Fills a table with devices, each with a name, a MAC address, a bound certificate, an owner, tags and a posture report, and
/// prints what they take.
pub(crate) fn measure(devices: u32) -> Result<(), Box<dyn Error>> {
    let table = FactsTable::new();
    let before = resident()?;
    for number in 0..devices {
        table.upsert_device(device(number));
    }
    let taken = resident()?.saturating_sub(before);
    println!("{devices} devices  {} MiB  {} octets each", taken >> 20, taken / u64::from(devices.max(1)));
    Ok(())
}

fn device(number: u32) -> DeviceFacts {
    let [a, b, c, d] = number.to_be_bytes();
    let mut certificate = [0; 32];
    certificate.iter_mut().zip(number.to_be_bytes().iter().cycle()).for_each(|(slot, octet)| *slot = *octet);
    DeviceFacts {
        macs: Box::new([MacAddress([0, 0x11, a, b, c, d])]),
        certificates: Box::new([Fingerprint(certificate)]),
        kind: Some(Text::new(if number.is_multiple_of(3) { "phone" } else { "laptop" })),
        owner: Some(Text::new(&format!("user-{}@corp.example", number / 2))),
        managed: true,
        tags: TextSet::new(["gpu-lab", if number.is_multiple_of(2) { "berlin" } else { "paris" }]),
        posture: Arc::new(Posture {
            status: Some(Text::new("healthy")),
            score: Some(85),
            passed: Some(TextSet::new(["disk-encryption", "firewall", "os-updates", "screen-lock"])),
            failed: Some(TextSet::new(["edr"])),
        }),
        posture_at: Some(1_774_742_400 + i64::from(number)).into(),
        posture_expires_at: Some(1_774_828_800 + i64::from(number)).into(),
        risk_score: Some(20),
        ..DeviceFacts::named(&format!("laptop-{number}.corp.example"))
    }
}
